"""The first page: what is owed, what is left of the deals, and what waits."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.engine.clearing.ageing import Age
from service.engine.clearing.claim import DisputeState
from service.engine.lifecycle import DealState
from service.pages import page
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.visitor import SupplierDep, today
from service.store.offers.pages import DealOrder
from service.suppliers.claims import own_claims, own_disputes
from service.suppliers.deals import own_deals
from service.suppliers.money import own_open, own_terms
from service.suppliers.stock import own_stops

router = APIRouter()

_MOST = 10
_OFFERED = (DealState.RUNNING, DealState.APPROVED, DealState.EXHAUSTED, DealState.PAUSED)


@router.get("/")
def overview(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """Deals with what is left of their budgets, and what is open of the claims."""
    scope, day = supplier.scope, today(settings)
    owed = own_open(database, scope, as_of=day)
    by_age = owed.ages.by_age if owed.ages else {}
    return page.show(
        request,
        "overview.html",
        scope=scope,
        deals=own_deals(
            database, scope, on=day, states=_OFFERED, order=DealOrder.ENDS_FIRST, limit=_MOST,
            language=supplier.language.tag, currency=settings.currency,
        ),
        claims=own_claims(database, scope, limit=5),
        open_cents=sum(by_age.values()),
        late_cents=sum(cents for age, cents in by_age.items() if age is not Age.NOT_DUE),
        disputes=own_disputes(database, scope, state=DisputeState.OPEN, limit=5),
        stops=own_stops(database, scope, only_open=True, limit=5),
        credit=own_terms(database, scope, on=day).credit,
    )  # fmt: skip
