"""Deals compared with each of their controls, from the sums of both arms, and judged together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

import numpy as np

from service.engine.allocate.value import CELLS
from service.engine.lift.checks import Balance, SampleRatio, balances, sample_ratio
from service.engine.lift.cube import CELL, REGION
from service.engine.lift.draw import cycle_salt, offer_salt
from service.engine.lift.effect import Effect, Interval, effects
from service.engine.lift.figures import Amounts
from service.engine.lift.moments import Moments
from service.engine.lift.outcomes import (
    COVARIATES,
    DERIVED,
    OUTCOMES,
    alike,
    analysed,
    analysed_together,
    index_of,
    unpacked,
)
from service.engine.lift.places import effects_by_place
from service.engine.lift.sequence import anytime_interval
from service.engine.lift.several import discoveries, pool
from service.engine.offers import Arm
from service.store.outcomes import Deal, Sums
from service.store.tables.cycle import Cycle
from service.store.tables.outcome import OutcomeWindow

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
    """One arm: how many households the rule picks, are given a copy and use it, and sales.

    Sales are those of the judged outcome, in the currency's main unit.
    """

    households: int
    given: int
    redeemed: int
    sales: Amounts

    @property
    def given_share(self) -> float:
        """The share given a copy."""
        return self.given / max(self.households, 1)

    @property
    def redeemed_share(self) -> float:
        """The share using one."""
        return self.redeemed / max(self.households, 1)


@dataclass(frozen=True, slots=True)
class PlaceLift:
    """A comparison in one place: a region or a cell (`side`). An effect is None of too few."""

    side: str
    name: str
    exposed: Side
    control: Side
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class DealLift:
    """One deal against one control in one window.

    The effects are of all households that the rule picks, given the copy or not (intention to
    treat); None where an arm is too small. `live` is the interval of the judged outcome that may be
    looked at on any day, until the window is final. `balance` is by covariate. The control was
    drawn with `salt`, so many per cent of the households. `places` are the regions and the cells,
    each on the judged outcome, once the window is final; nothing is said of them but intervals.
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
    salt: str
    control_percent: int
    places: tuple[PlaceLift, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the arms of a cycle were drawn: its date, its seed, and the holdout in per cent."""

    as_of: date
    seed: int
    holdout_percent: int

    @staticmethod
    def of(cycle: Cycle) -> "Drawn":
        """Those of a cycle."""
        return Drawn(cycle.as_of, cycle.seed, int(cycle.summary.get("holdout_percent", 0)))

    def against(self, deal: Deal) -> Iterator[tuple[Against, int, str]]:
        """Each control of a deal, its per cent, and the salt it was drawn with."""
        if self.holdout_percent:
            yield Against.HOLDOUT, self.holdout_percent, cycle_salt(self.as_of, self.seed)
        if deal.control_share:
            yield Against.CONTROL, deal.control_share, offer_salt(deal.offer_id, self.seed)


def judge(
    sums: Iterable[Sums],
    deals: Mapping[int, Deal],
    windows: Mapping[int, OutcomeWindow],
    drawn: Drawn,
) -> list[Judgement]:
    """Every deal of a cycle against each control, judged beside the others of its window.

    `sums` come by window and deal; `windows` are by their first day.
    """
    found = []
    for (first_day, offer_id), rows in groupby(sums, lambda row: (row.first_day, row.offer_id)):
        mine, deal = list(rows), deals[offer_id]
        for against, percent, salt in drawn.against(deal):
            found.append(_compare(mine, deal, against, percent, salt, windows[first_day]))
    judged = [each for group in _reports(found) for each in _judge(group)]
    return sorted(
        judged,
        key=lambda each: (each.lift.offer_id, each.lift.window.first_day, each.lift.against),
    )


def _compare(
    rows: Sequence[Sums],
    deal: Deal,
    against: Against,
    percent: int,
    salt: str,
    window: OutcomeWindow,
) -> DealLift:
    sides = [[row for row in rows if row.arm == arm] for arm in (Arm.EXPOSED, Arm(against))]
    whole = [_unpacked(side) for side in sides]
    treated, kept_from = (_by_cell(*each) for each in zip(sides, whole, strict=True))
    exposed, control = (_side(*each) for each in zip(sides, whole, strict=True))
    found = {
        name: each
        for names in alike()
        for name, each in zip(
            names,
            effects(
                analysed_together(treated, names), analysed_together(kept_from, names), len(names)
            ),
            strict=True,
        )
    }
    effects_of = {name: found[name] for name in (*OUTCOMES, *DERIVED)}
    judged = effects_of[JUDGED]
    every = exposed.households + control.households
    share = percent / 100
    return DealLift(
        offer_id=deal.offer_id,
        deal=deal.deal_ref,
        supplier=deal.supplier,
        against=against,
        window=window,
        exposed=exposed,
        control=control,
        ratio=sample_ratio(exposed.households, control.households, control_share=share),
        effects=effects_of,
        live=None if window.final or judged is None else anytime_interval(judged, planned=every),
        balance=dict(
            zip(
                COVARIATES,
                balances(treated, kept_from, [index_of(name) for name in COVARIATES]),
                strict=True,
            )
        ),
        salt=salt,
        control_percent=percent,
        places=tuple(_places(sides, whole)) if window.final else (),
    )


def _places(sides: Sequence[Sequence[Sums]], whole: Sequence[Moments]) -> Iterator[PlaceLift]:
    """The comparison by region, then by cell."""
    regions = sorted({row.region for rows in sides for row in rows})
    size = len(regions) * len(CELLS)
    sums = [_sales_and_buyers(each) for each in whole]
    region, cell = np.divmod(np.arange(size), len(CELLS))
    at = [
        np.array([regions.index(row.region) * len(CELLS) + CELLS.index(row.cell) for row in rows],
                 dtype=int)
        for rows in sides
    ]  # fmt: skip
    arms = [
        analysed(moments, JUDGED).merged(index, size)
        for moments, index in zip(whole, at, strict=True)
    ]
    for side, names, of, strata in (
        (REGION, regions, region, cell),
        (CELL, CELLS, cell, np.zeros(size, dtype=int)),
    ):
        found = effects_by_place(arms[0], arms[1], of.tolist(), strata.tolist(), len(names))
        for number, (name, each) in enumerate(zip(names, found, strict=True)):
            exposed, control = (
                _side_of(rows, amounts, np.flatnonzero(of[index] == number).tolist())
                for rows, amounts, index in zip(sides, sums, at, strict=True)
            )
            if exposed.households or control.households:
                yield PlaceLift(side, name, exposed, control, each)


def _side(rows: Sequence[Sums], sums: Moments) -> Side:
    """One arm; `sums` are those of its rows."""
    return _side_of(rows, _sales_and_buyers(sums), range(len(rows)))


def _sales_and_buyers(sums: Moments) -> list[list[float]]:
    found: list[list[float]] = sums.total[:, [index_of(JUDGED), index_of("bought")]].tolist()
    return found


def _side_of(rows: Sequence[Sums], amounts: Sequence[Sequence[float]], at: Sequence[int]) -> Side:
    """Some rows of an arm together; `amounts` are the sales and the buyers of each row."""
    mine = [rows[n] for n in at]
    largest = (each for row in mine for each in (row.largest, row.second))
    top = sorted([*largest, 0.0, 0.0], reverse=True)
    whole = sum(amounts[n][0] for n in at)
    return Side(
        households=sum(row.households for row in mine),
        given=sum(row.given for row in mine),
        redeemed=sum(row.redeemed for row in mine),
        sales=Amounts(whole, top[0], top[1], buyers=round(sum(amounts[n][1] for n in at))),
    )


def _unpacked(rows: Sequence[Sums]) -> Moments:
    """The sums of an arm as they are stored: by cell and region."""
    return unpacked([row.households for row in rows], [row.sums for row in rows])


def _by_cell(rows: Sequence[Sums], sums: Moments) -> Moments:
    """The sums of an arm by cell, in the order of the cells; those of all regions together."""
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
