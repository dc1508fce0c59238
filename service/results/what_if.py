"""What another policy would have come to, answered from the chances of a cycle."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from service.currencies import minor_digits
from service.cycle.bought_before import before_validity, offers_of, with_days
from service.cycle.inputs import read_purchases
from service.engine.allocate.value import CELLS
from service.engine.lift.before import BEFORE_DAYS
from service.engine.lift.outcomes import COVARIATES, WINDOWS, outcomes
from service.engine.lift.policy import PolicyValue, Tried, policy_value
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store import baskets, chances, cycles, retention
from service.store import outcomes as stored
from service.store.session import Database

ASKED = ("bought", "units", "sales", "margin", "supplier_paid")
"""The outcomes that a policy is valued by; money in the currency's main unit."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Deals that take `from_percent` or more off the price go to households of `cells` only.

    Among those whom the cycle might have given them; all other copies stay as they were.
    """

    cells: frozenset[str]
    from_percent: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(self.cells - set(CELLS))
        if unknown:
            raise InvalidInput(
                "There is no cell %(cell)s; there are %(cells)s.",
                cell=unknown[0],
                cells=", ".join(CELLS),
            )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A policy beside what was: `values` by outcome, of all exposed households together.

    `pairs` of household and deal are concerned; the policy gives `copies` of them, `were` given.
    Sales count from `first` to before `until`.
    """

    policy: Policy
    first: date
    until: date
    pairs: int
    were: int
    copies: int
    values: Mapping[str, PolicyValue]


def what_if(database: Database, settings: Settings, cycle_id: int, policy: Policy) -> WhatIf:
    """Value a policy by what households bought in the first two weeks of a cycle's lists.

    Raises NotFound for a cycle there is not, Conflict for one that explored nothing, of which
    nothing was sold yet, or whose deals the policy does not concern.
    """
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound("There is no such cycle.")
        tried = chances.tried(session, cycle_id)
        if tried.is_empty():
            raise Conflict("That cycle explored nothing: no chance of its copies is known.")
        newest = baskets.newest_day(session)
        end = cycle.valid_from + timedelta(days=WINDOWS[0][1])
        until = end if newest is None else min(end, newest + timedelta(days=1))
        if newest is None or until <= cycle.valid_from:
            raise Conflict("No sales are known yet of the days when its lists were valid.")
        goods = stored.goods(session, offers_of(tried))
        reimbursed = stored.uses(session, cycle_id)
        retention.require_baskets(session, cycle.valid_from - timedelta(days=BEFORE_DAYS))
        before = before_validity(session, settings, tried, valid_from=cycle.valid_from)
        bought = read_purchases(session, settings, since=cycle.valid_from, before=until)
    found = outcomes(
        before.of(tried),
        with_days(bought),
        goods,
        before.caps,
        valid_from=cycle.valid_from,
        window=WINDOWS[0],
        reimbursed=reimbursed.select("household_id", "offer_id", "day", "cents"),
        unit_cents=10 ** minor_digits(settings.currency),
    ).sort("household_id", "offer_id")
    concerned = (found["depth_percent"].fill_null(0) >= policy.from_percent).to_numpy()
    gives = found["cell"].is_in(sorted(policy.cells)).to_numpy()
    if not concerned.any():
        raise Conflict("No deal of that cycle takes so much off the price.")
    return WhatIf(
        policy=policy,
        first=cycle.valid_from,
        until=until,
        pairs=int(concerned.sum()),
        were=int((concerned & found["is_picked"].to_numpy()).sum()),
        copies=int((concerned & gives).sum()),
        values={
            name: policy_value(_tried(found, name), concerned=concerned, gives=gives)
            for name in ASKED
        },
    )


def _tried(found: pl.DataFrame, outcome: str) -> Tried:
    return Tried(
        outcome=found[outcome].to_numpy(),
        covariates=found.select(COVARIATES).to_numpy(),
        household=found["household_id"].rank("dense").to_numpy().astype("int64") - 1,
        is_picked=found["is_picked"].to_numpy(),
        chance=found["chance"].to_numpy(),
    )
