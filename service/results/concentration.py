"""Which share of households brings which share of sales and margin, in a period."""

from dataclasses import dataclass
from datetime import date

from service.engine.concentration import Concentration, concentration
from service.engine.periods import require_order
from service.errors import Conflict
from service.settings import Settings
from service.store import retention, sales
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class ConcentrationReport:
    """The best households by share; `unknown_cents` were paid by nobody known."""

    households: int
    sales_cents: int
    unknown_cents: int
    rows: tuple[Concentration, ...]


def concentration_report(
    database: Database, settings: Settings, *, first: date, last: date
) -> ConcentrationReport:
    """Of the households that bought from `first` to `last`.

    Raises InvalidInput for days that end before they begin, Conflict where none bought and for days
    whose baskets are not all kept.
    """
    require_order(first, last)
    with database.read() as session:
        retention.require_baskets(session, first)
        spent = sales.spent(session, first=first, last=last, margin_percent=settings.margin_percent)
        unknown = sales.unknown_cents(session, first=first, last=last)
    if spent.is_empty():
        raise Conflict("No known household bought anything in these days.")
    return ConcentrationReport(
        spent.height, int(spent["sales_cents"].sum()), unknown, tuple(concentration(spent))
    )
