"""What stores came to: visits times conversion times ticket, and the programme's part in it."""

from dataclasses import dataclass
from datetime import date

from service.engine.periods import Each, Period, require_order, year_before
from service.errors import Conflict
from service.results.sales import numbered
from service.store import sales
from service.store.sales import Visits
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """A store in a period.

    `visitors` came in, by its counter, on days of which `counted_baskets` are; 0 where there is no
    counter. `using_baskets` used an offer, and paid `using_cents` of the sales.
    """

    sales_cents: int
    baskets: int
    visitors: int
    counted_baskets: int
    using_baskets: int
    using_cents: int

    @property
    def ticket_cents(self) -> float | None:
        """What a basket paid."""
        return self.sales_cents / self.baskets if self.baskets else None

    @property
    def conversion(self) -> float | None:
        """The share of visitors who bought, of the days that were counted at the door."""
        return self.counted_baskets / self.visitors if self.visitors else None

    @property
    def using_share(self) -> float | None:
        """The share of the sales that baskets with an offer paid."""
        return self.using_cents / self.sales_cents if self.sales_cents > 0 else None


_NOTHING = StoreFigures(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store now and in the same period a year before."""

    store_id: str
    now: StoreFigures
    before: StoreFigures


def stores_report(database: Database, *, first: date, last: date) -> list[StoreRow]:
    """Each store's result from `first` to `last`.

    Raises InvalidInput for days that end before they begin, Conflict where nothing was counted.
    """
    require_order(first, last)
    with database.read() as session:
        known = sales.kept(session)
        if known is None:
            raise Conflict("No sales were counted yet; run `larder report count`.")
        period = Period(first, min(last, known.last))
        days = numbered([period, year_before(period, Each.YEAR)]) if first <= known.last else []
        rows = sales.visits(session, days) if days else []
    found = {(row.period, row.store_id): _figures(row) for row in rows}
    return [
        StoreRow(store, found.get((0, store), _NOTHING), found.get((1, store), _NOTHING))
        for store in sorted({store for _, store in found})
    ]


def _figures(row: Visits) -> StoreFigures:
    return StoreFigures(
        sales_cents=row.amount_cents,
        baskets=row.baskets,
        visitors=row.visitors,
        counted_baskets=row.counted_baskets,
        using_baskets=row.using_baskets,
        using_cents=row.using_cents,
    )
