"""Sales of a period beside those of the same one a year before, with baskets and customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.engine.periods import Each, Period, periods, require_order, year_before
from service.errors import Conflict, InvalidInput
from service.store import baskets, cycles, retention, sales
from service.store.sales import By
from service.store.session import Database

LATE_DAYS = 21
"""So many days are counted again each time, for what tills send late or take back."""
MOST_PERIODS = 400


@dataclass(frozen=True, slots=True)
class Figures:
    """What was sold; `units` in pieces or units of measure."""

    sales_cents: int = 0
    units: float = 0.0
    baskets: int = 0
    customers: int = 0


@dataclass(frozen=True, slots=True)
class SalesRow:
    """A period of one of the names, and the same a year before; `before` lies in `as_before`."""

    period: Period
    as_before: Period
    name: str
    now: Figures
    before: Figures

    @property
    def change(self) -> float | None:
        """How much more was sold than a year before, as a share; None where nothing was then."""
        sold = self.before.sales_cents
        return self.now.sales_cents / sold - 1 if sold > 0 else None


@dataclass(frozen=True, slots=True)
class Counted:
    """The days that sales are known of: from the first basket to the newest."""

    first: date
    last: date
    again: int


def count_sales(database: Database, *, everything: bool = False) -> Counted | None:
    """Count what was sold by day; the newest days again, and all of it where older ones came.

    One transaction; None where nothing was sold.
    """
    with database.read() as session:
        first, last = sales.first_day(session), baskets.newest_day(session)
        whole = retention.kept_from(session)
        known = sales.kept(session)
        cycle = cycles.newest(session)
    if first is None or last is None:
        return None
    # What is kept of days whose baskets went is all there is.
    first = first if whole is None else max(first, whole)
    begin = first
    if known is not None and not everything and first >= known.first:
        begin = max(first, min(known.last + timedelta(days=1), last) - timedelta(days=LATE_DAYS))
    with database.write() as session:
        sales.count_days(
            session, first=begin, before=last + timedelta(days=1),
            cycle_id=None if cycle is None else cycle.id,
        )  # fmt: skip
    return Counted(first, last, (last - begin).days + 1)


def sales_report(
    database: Database, *, first: date, last: date, each: Each, by: By
) -> list[SalesRow]:
    """The sales of the days from `first` to `last`, by period and name.

    Days after the newest that was counted are left out, here and a year before. Customers are
    households that are known: a basket without one counts as a basket only. Raises InvalidInput
    for a period that ends before it begins or has too many parts, and Conflict where nothing was
    counted.
    """
    require_order(first, last)
    with database.read() as session:
        known = sales.kept(session)
        if known is None:
            raise Conflict("No sales were counted yet; run `larder report count`.")
        now = periods(first, min(last, known.last), each)
        if len(now) > MOST_PERIODS:
            raise InvalidInput(
                "These are %(number)s periods; ask for longer ones.", number=len(now)
            )
        before = [year_before(period, each) for period in now]
        cycle = cycles.newest(session)
        days = numbered([*now, *before])
        if not days:
            return []
        found: dict[tuple[int, str], Figures] = {}
        bought = sales.bought(session, days, by, cycle_id=None if cycle is None else cycle.id)
        people = {(row.period, row.name): row for row in bought}
        for row in sales.sold(session, days, by):
            who = people.get((row.period, row.name))
            found[row.period, row.name] = Figures(
                row.amount_cents,
                row.quantity_milli / 1000,
                who.baskets if who else 0,
                who.customers if who else 0,
            )
    names = sorted({name for _, name in found})
    return [
        SalesRow(
            period, before[place], name,
            found.get((place, name), Figures()), found.get((len(now) + place, name), Figures()),
        )
        for place, period in enumerate(now)
        for name in names
        if (place, name) in found or (len(now) + place, name) in found
    ]  # fmt: skip


def numbered(parts: Sequence[Period]) -> list[tuple[date, int]]:
    """The days of periods, each with the number of its period."""
    return [
        (period.first + timedelta(days=day), number)
        for number, period in enumerate(parts)
        for day in range(period.days)
    ]
