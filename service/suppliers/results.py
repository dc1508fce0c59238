"""What a supplier may see of what its copies did: the deals with reports, and a report."""

from dataclasses import dataclass
from datetime import date, datetime

from service.errors import NotFound
from service.results.supplier import Form, Shown, report_for, subject_of
from service.settings import Settings
from service.store import lift_reports
from service.store.actor import Actor
from service.store.session import Database
from service.suppliers.scope import Scope


@dataclass(frozen=True, slots=True)
class ReportedDeal:
    """A deal of a brand with frozen reports; its lists became valid from a day to another."""

    brand_id: int
    brand: str
    deal_ref: str
    title: str
    first: date
    last: date


def reported_deals(database: Database, scope: Scope) -> list[ReportedDeal]:
    """Its deals of which something can be shown, the newest first."""
    brands = dict(scope.brands)
    with database.read() as session:
        found = lift_reports.reported_deals(session, scope.supplier_ids)
    return [ReportedDeal(row.supplier_id, brands[row.supplier_id], *row[1:]) for row in found]


def own_report(
    database: Database,
    settings: Settings,
    scope: Scope,
    *,
    brand_id: int,
    deal: str,
    period: str,
    form: Form,
    language: str,
    by: Actor,
    now: datetime,
) -> Shown:
    """What is shown of a brand's deal or period; that it was is logged.

    Raises NotFound for a brand of somebody else, and as `report_for` does.
    """
    brand = dict(scope.brands).get(brand_id)
    if brand is None:
        raise NotFound("There is no such supplier.")
    return report_for(
        database, settings, brand, subject_of(deal=deal, period=period), shown_to=by.name, now=now,
        form=form, language=language,
    )  # fmt: skip
