"""What a cycle's copies did: every deal against both of its controls, from the sums."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from service.engine.allocate.value import CELLS
from service.engine.lift.checks import Balance, SampleRatio, balance, sample_ratio
from service.engine.lift.effect import Effect, Interval, effect
from service.engine.lift.moments import Moments
from service.engine.lift.outcomes import COVARIATES, OUTCOMES, analysed, index_of, unpacked
from service.engine.lift.sequence import anytime_interval
from service.engine.lift.several import discoveries, pool
from service.engine.offers import Arm
from service.errors import Conflict, NotFound
from service.store import cycles
from service.store import outcomes as stored
from service.store.session import Database
from service.store.tables.outcome import OutcomeSum, OutcomeWindow

JUDGED = "sales"
"""The outcome by which a deal is said to have sold more."""


class Against(StrEnum):
    """What a copy is compared with: two questions, never pooled."""

    HOLDOUT = "holdout"
    """No offers at all: the household was held out of the whole cycle."""
    CONTROL = "control"
    """The next best deal in the slot: the household was in the deal's control share."""


@dataclass(frozen=True, slots=True)
class Side:
    """One arm: how many households the rule picks, and the shares given a copy and using it."""

    households: int
    given_share: float
    redeemed_share: float


@dataclass(frozen=True, slots=True)
class DealLift:
    """One deal against one control in one window.

    The effects are of all households that the rule picks, given the copy or not (intention to
    treat); None where an arm is too small. `live` is the interval of the judged outcome that may be
    looked at on any day, until the window is final. `balance` is by covariate.
    """

    offer_id: int
    deal: str
    supplier: str
    against: Against
    window: OutcomeWindow
    exposed: Side
    control: Side
    ratio: SampleRatio
    effects: Mapping[str, Effect | None]
    live: Interval | None
    balance: Mapping[str, Balance]

    @property
    def judged(self) -> Effect | None:
        """The effect on the judged outcome."""
        return self.effects[JUDGED]

    @property
    def sales_per_money_paid(self) -> tuple[float, float] | None:
        """Incremental sales for each unit of money the supplier paid.

        The pessimistic end of the interval, then the estimate; None where nothing was paid.
        """
        paid, sold = self.effects["supplier_paid"], self.judged
        if paid is None or sold is None or paid.means.treated <= 0:
            return None
        return sold.interval().low / paid.means.treated, sold.difference / paid.means.treated


@dataclass(frozen=True, slots=True)
class Judgement:
    """A deal beside the others of its report.

    `sold_more` holds at the false discovery rate of the whole report; `pooled` is its difference in
    the judged outcome drawn towards theirs, and the error of that.
    """

    lift: DealLift
    sold_more: bool
    pooled: tuple[float, float] | None


def lift_of(database: Database, cycle_id: int, *, offer_id: int | None = None) -> list[Judgement]:
    """The lift of a cycle's deals, by deal, window and control; of one deal, if one is named.

    A deal is judged beside all the others, whether they are shown or not. Raises NotFound for a
    cycle there is not, or a deal that it picked for nobody; Conflict where nothing was counted yet,
    or nobody was held out of anything.
    """
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound("There is no such cycle.")
        windows = {each.first_day: each for each in stored.windows(session, cycle_id)}
        rows = stored.sums(session, cycle_id)
        deals = stored.deals(session, sorted({row.offer_id for row in rows}))
    if not windows:
        raise Conflict("Nothing was counted for that cycle yet; run `larder lift count`.")
    holdout = float(cycle.summary.get("holdout_percent", 0))
    found = []
    for (offer, first_day), mine in _grouped(rows).items():
        deal = deals[offer]
        shares = {Against.HOLDOUT: holdout, Against.CONTROL: deal.control_share}
        for against, percent in shares.items():
            if percent:
                found.append(_compare(mine, deal, against, percent / 100, windows[first_day]))
    judged = [each for group in _reports(found) for each in _judge(group)]
    judged.sort(key=lambda each: (each.lift.offer_id, each.lift.window.first_day,
                                  each.lift.against))  # fmt: skip
    if offer_id is not None and offer_id not in deals:
        raise NotFound("That cycle picked no such deal for anybody.")
    wanted = [each for each in judged if offer_id in (None, each.lift.offer_id)]
    if not wanted:
        raise Conflict("Nobody was held out: there is nothing to compare the copies with.")
    return wanted


def _grouped(rows: Sequence[OutcomeSum]) -> dict[tuple[int, int], list[OutcomeSum]]:
    grouped: dict[tuple[int, int], list[OutcomeSum]] = {}
    for row in rows:
        grouped.setdefault((row.offer_id, row.first_day), []).append(row)
    return grouped


def _compare(
    rows: Sequence[OutcomeSum],
    deal: stored.Deal,
    against: Against,
    share: float,
    window: OutcomeWindow,
) -> DealLift:
    sides = [[row for row in rows if row.arm == arm] for arm in (Arm.EXPOSED, Arm(against))]
    treated, kept_from = (_by_cell(side) for side in sides)
    exposed, control = (_side(side) for side in sides)
    effects = {}
    for name in OUTCOMES:
        variables = analysed(name)
        effects[name] = effect(treated.of(variables), kept_from.of(variables))
    judged = effects[JUDGED]
    every = exposed.households + control.households
    return DealLift(
        offer_id=deal.offer_id,
        deal=deal.deal_ref,
        supplier=deal.supplier,
        against=against,
        window=window,
        exposed=exposed,
        control=control,
        ratio=sample_ratio(exposed.households, control.households, control_share=share),
        effects=effects,
        live=None if window.final or judged is None else anytime_interval(judged, planned=every),
        balance={name: balance(treated, kept_from, index_of(name)) for name in COVARIATES},
    )


def _side(rows: Sequence[OutcomeSum]) -> Side:
    every = sum(row.households for row in rows)
    return Side(
        every,
        sum(row.given for row in rows) / max(every, 1),
        sum(row.redeemed for row in rows) / max(every, 1),
    )


def _by_cell(rows: Sequence[OutcomeSum]) -> Moments:
    """The sums of an arm by cell, in the order of the cells; those of all stores together."""
    sums = unpacked([row.households for row in rows], [row.sums for row in rows])
    return sums.merged(np.array([CELLS.index(row.cell) for row in rows], dtype=int), len(CELLS))


def _reports(found: Sequence[DealLift]) -> Iterator[list[DealLift]]:
    """What is judged together: one control in one window."""
    keys = dict.fromkeys((each.against, each.window.first_day) for each in found)
    for key in keys:
        yield [each for each in found if (each.against, each.window.first_day) == key]


def _judge(report: Sequence[DealLift]) -> Iterator[Judgement]:
    effects = [each.judged for each in report]
    more = discoveries([float("nan") if each is None else each.p_value() for each in effects])
    certain = [(n, each) for n, each in enumerate(effects) if each is not None and each.error > 0]
    pooled = pool([each.difference for _, each in certain], [each.error for _, each in certain])
    drawn = {}
    if pooled is not None:
        pairs = zip(pooled.shrunken, pooled.errors, strict=True)
        drawn = dict(zip((n for n, _ in certain), pairs, strict=True))
    for n, (each, found) in enumerate(zip(report, effects, strict=True)):
        rose = found is not None and found.difference > 0
        yield Judgement(each, sold_more=more[n] and rose, pooled=drawn.get(n))
