"""The report of a programme: what a period's cycles did against no offers, and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.currencies import minor_digits
from service.engine.lift.effect import Effect, effect
from service.engine.lift.moments import Moments
from service.engine.lift.programme import OUTCOMES, VARIABLES, analysed, unpacked
from service.engine.offers import Arm
from service.engine.periods import require_order
from service.errors import Conflict
from service.settings import Settings
from service.store import programme as stored
from service.store.programme import Cost
from service.store.session import Database
from service.store.tables.programme import ProgrammeSum


@dataclass(frozen=True, slots=True)
class Part:
    """All of a programme, a tier of worth, a region, a cell, or a category: both arms and the
    effects by outcome.

    Households count once a cycle. An effect is None where an arm is too small. `totals` are the
    exposed households' sums of each outcome.
    """

    kind: str
    name: str
    households: int
    held_out: int
    copies: int
    effects: Mapping[str, Effect | None]
    totals: Mapping[str, float]

    def added(self, outcome: str) -> tuple[float, float, float] | None:
        """What all exposed households together did more: the estimate and both ends of 95 %."""
        found = self.effects[outcome]
        if found is None:
            return None
        ends = found.interval()
        return tuple(self.households * each for each in (found.difference, ends.low, ends.high))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class ProgrammeReport:
    """What the cycles whose lists became valid from `first` to `last` did and cost.

    `net` is what was left over goods' costs, with what suppliers paid, more than without offers: an
    estimate and both ends; in the currency's main unit, as all money but `cost`. `is_final` says
    whether late sales can still come.
    """

    first: date
    last: date
    cycles: int
    is_final: bool
    whole: Part
    tiers: tuple[Part, ...]
    regions: tuple[Part, ...]
    cells: tuple[Part, ...]
    categories: tuple[Part, ...]
    cost: Cost
    unit_cents: int

    @property
    def net(self) -> tuple[float, float, float] | None:
        """The margin added; what letters cost is not known here."""
        return self.whole.added("margin")


def programme_report(
    database: Database, settings: Settings, *, first: date, last: date
) -> ProgrammeReport:
    """The report of a period, from sums.

    Raises InvalidInput for days that end before they begin, Conflict where no cycle of it was
    counted yet.
    """
    require_order(first, last)
    with database.read() as session:
        windows = stored.windows(session, first=first, last=last)
        ids = [cycle.id for cycle, _ in windows]
        rows = stored.sums(session, ids)
        if not rows:
            raise Conflict(
                "No cycle from %(first)s to %(last)s was counted yet; run `larder lift count`.",
                first=first,
                last=last,
            )
        names = stored.category_names(session)
        cost = stored.cost(session, ids)
    by = {
        part: [row for row in rows if row.part == part]
        for part in (stored.TIER, stored.REGION, stored.CELL, stored.CATEGORY)
    }
    tiers, categories = by[stored.TIER], by[stored.CATEGORY]
    whole = _part("all", "", tiers)
    return ProgrammeReport(
        first=first,
        last=last,
        cycles=len(windows),
        is_final=all(window.final for _, window in windows),
        whole=whole,
        tiers=tuple(_part("tier", name, of) for name, of in _named(tiers).items()),
        regions=tuple(_part("region", *each) for each in _named(by[stored.REGION]).items()),
        cells=tuple(_part("cell", *each) for each in _named(by[stored.CELL]).items()),
        categories=tuple(
            sorted(
                (
                    _part("category", names.get(int(number), number), of)
                    for number, of in _named(categories).items()
                ),
                key=lambda part: (-part.totals["sales"], part.name),
            )
        ),
        cost=cost,
        unit_cents=10 ** minor_digits(settings.currency),
    )


def _named(rows: Sequence[ProgrammeSum]) -> dict[str, list[ProgrammeSum]]:
    found: dict[str, list[ProgrammeSum]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found


def _part(kind: str, name: str, rows: Sequence[ProgrammeSum]) -> Part:
    """Both arms by cycle (and tier): households differ in both, whatever arm they are in."""
    strata = sorted({(row.cycle_id, row.name) for row in rows})
    exposed, held = (_arm(rows, arm, strata) for arm in (Arm.EXPOSED, Arm.HOLDOUT))
    totals = exposed.total.sum(axis=0)
    return Part(
        kind=kind,
        name=name,
        households=int(exposed.count.sum()),
        held_out=int(held.count.sum()),
        copies=sum(row.copies for row in rows if row.arm == Arm.EXPOSED),
        effects={each: effect(exposed.of(analysed(each)), held.of(analysed(each)))
                 for each in OUTCOMES},
        totals={each: float(totals[VARIABLES.index(each)]) for each in OUTCOMES},
    )  # fmt: skip


def _arm(rows: Sequence[ProgrammeSum], arm: str, strata: Sequence[tuple[int, str]]) -> Moments:
    mine = [row for row in rows if row.arm == arm]
    sums = unpacked([row.households for row in mine], [row.sums for row in mine])
    at = [strata.index((row.cycle_id, row.name)) for row in mine]
    return sums.merged(at, len(strata))
