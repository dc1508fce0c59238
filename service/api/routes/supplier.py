"""For suppliers, of their own alone: deals, claims, documents, disputes, money, stock."""

from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.api import uploads
from service.api.deps import (
    ApartDep,
    DatabaseDep,
    Id,
    SettingsDep,
    SupplierCaller,
    SupplierKey,
)
from service.api.description import may_answer
from service.api.paging import After, Limit, Page
from service.api.routes.offers import FILE_BODY, SUFFIXES, TYPES, Accept, FileName, file_name
from service.api.schemas.clearing import DisputeIn, DisputeOut, NoteIn
from service.api.schemas.deals import UploadOut
from service.api.schemas.supplier import (
    DocumentOut,
    OwnClaimOut,
    OwnClaimSummaryOut,
    OwnDealDetailOut,
    OwnDealOut,
    PaymentOut,
    StockedOut,
    StockStopIn,
    StockStopOut,
    SupplierOut,
)
from service.api.tables import AS_TABLE, AsCsv, listed
from service.deals import UploadReport
from service.engine.clearing.claim import DisputeState
from service.engine.lifecycle import DealState
from service.files.apart import Apart
from service.settings import Settings
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database
from service.suppliers import claims, money, stock
from service.suppliers.deals import own_deal, own_deals
from service.suppliers.scope import scope_of_supplier
from service.suppliers.upload import load_own

router = APIRouter(prefix="/supplier", tags=["supplier"])

_UNKNOWN = may_answer(HTTPStatus.NOT_FOUND)
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document", "content": {"application/octet-stream": {}}}
}


class OwnDealsPage(Page):
    """Some deals, the newest first."""

    deals: list[OwnDealOut]


class OwnClaimsPage(Page):
    """Some claims, the newest first."""

    claims: list[OwnClaimSummaryOut]


class OwnDisputesPage(Page):
    """Some disputes, the newest first."""

    disputes: list[DisputeOut]


class PaymentsPage(Page):
    """Some payments, the newest first."""

    payments: list[PaymentOut]


class StockStopsPage(Page):
    """Some reports, the newest first."""

    stock_stops: list[StockStopOut]


@router.get("", response_model=SupplierOut)
def supplier(database: DatabaseDep, settings: SettingsDep, caller: SupplierCaller) -> SupplierOut:
    """Who the key is of: brands, agreements in force, credit, and what is open by age."""
    scope, day = scope_of_supplier(database, caller.supplier_id), _today(settings)
    terms = None if scope.account_id is None else money.own_terms(database, scope, on=day)
    return SupplierOut.of(scope, terms, money.own_open(database, scope, as_of=day))


@router.get("/deals", response_model=OwnDealsPage, responses=AS_TABLE)
def deals(
    database: DatabaseDep,
    settings: SettingsDep,
    caller: SupplierCaller,
    as_csv: AsCsv,
    state: DealState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """Its deals with what is left of their budgets, the newest first."""
    scope = scope_of_supplier(database, caller.supplier_id)

    def find(edge: int | None, most: int) -> list[OwnDealOut]:
        found = own_deals(
            database, scope, on=_today(settings), states=[state] if state else (),
            order=DealOrder.NEWEST,
            place=Place(edge) if edge else None, limit=most, currency=settings.currency,
        )  # fmt: skip
        return [OwnDealOut.of(row) for row in found.rows]

    return listed(
        OwnDealsPage, OwnDealOut, find, key=lambda row: row.number, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.post(
    "/deals", status_code=201, response_model=UploadOut, responses=TYPES, openapi_extra=FILE_BODY
)
async def send_deals(
    request: Request,
    apart: ApartDep,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: SupplierCaller,
    name: FileName = "",
    accept: Accept = "",
) -> UploadOut:
    """Send a file of its deals; all of it waits for the retailer's approval, or nothing is taken.

    A row of another supplier is a fault. Notes are accepted as in `POST /v1/deals`.
    """
    async with uploads.received(request, SUFFIXES) as file:
        report = await run_in_threadpool(
            _load, database, settings, caller, apart, file_name(file, name), file.path, accept
        )
    return UploadOut.model_validate(report, from_attributes=True)


@router.get("/deals/{number}", response_model=OwnDealDetailOut, responses=_UNKNOWN)
def deal(
    number: Id, database: DatabaseDep, settings: SettingsDep, caller: SupplierCaller
) -> OwnDealDetailOut:
    """One of its deals: what it came to by day and store."""
    scope = scope_of_supplier(database, caller.supplier_id)
    return OwnDealDetailOut.from_deal(
        own_deal(database, scope, number, on=_today(settings), currency=settings.currency)
    )


@router.get("/claims", response_model=OwnClaimsPage, responses=AS_TABLE)
def claim_list(
    database: DatabaseDep,
    caller: SupplierCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """What it was claimed, the newest first."""
    scope = scope_of_supplier(database, caller.supplier_id)

    def find(edge: int | None, most: int) -> list[OwnClaimSummaryOut]:
        found = claims.own_claims(database, scope, before_id=edge, limit=most)
        return [OwnClaimSummaryOut.of(row) for row in found]

    return listed(
        OwnClaimsPage, OwnClaimSummaryOut, find, key=lambda row: row.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.get("/claims/{number}", response_model=OwnClaimOut, responses=_UNKNOWN)
def claim(
    number: Id, database: DatabaseDep, settings: SettingsDep, caller: SupplierCaller
) -> OwnClaimOut:
    """One of its claims with lines, documents and disputes; `number` is its `id`."""
    scope = scope_of_supplier(database, caller.supplier_id)
    return OwnClaimOut.from_claim(claims.own_claim(database, scope, number, on=_today(settings)))


@router.post("/claims/{number}/evidence", response_model=DocumentOut, responses=_UNKNOWN)
def evidence(
    number: Id, database: DatabaseDep, settings: SettingsDep, caller: SupplierCaller
) -> DocumentOut:
    """Make the evidence behind a claim's lines; made again it is the same document."""
    scope = scope_of_supplier(database, caller.supplier_id)
    made = claims.own_evidence(
        database, settings, scope, number, by=caller.actor, now=datetime.now(UTC)
    )
    return DocumentOut.of(made)


@router.get("/documents/{number}", response_class=Response, responses=_BYTES | _UNKNOWN)
def document(number: Id, database: DatabaseDep, caller: SupplierCaller) -> Response:
    """A document as it went out; its SHA-256 is the `ETag`."""
    scope = scope_of_supplier(database, caller.supplier_id)
    found = claims.own_document(database, scope, number)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
        "ETag": f'"{found.sha256}"',
    }
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.post("/claims/{number}/disputes", response_model=DisputeOut, responses=_UNKNOWN)
def dispute(
    number: Id,
    asked: DisputeIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: SupplierCaller,
) -> DisputeOut:
    """Dispute an amount of a line; the rest of the claim stays due."""
    scope = scope_of_supplier(database, caller.supplier_id)
    opened = claims.dispute_own(
        database, scope, number, line=asked.line, part=asked.part, reason=asked.reason,
        cents=asked.claimed_cents, note=asked.note, on=_today(settings), by=caller.actor,
        now=datetime.now(UTC),
    )  # fmt: skip
    return DisputeOut.of(opened)


@router.get("/disputes", response_model=OwnDisputesPage, responses=AS_TABLE)
def disputes(
    database: DatabaseDep,
    caller: SupplierCaller,
    as_csv: AsCsv,
    state: DisputeState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """Its disputes, the newest first."""
    scope = scope_of_supplier(database, caller.supplier_id)

    def find(edge: int | None, most: int) -> list[DisputeOut]:
        found = claims.own_disputes(database, scope, state=state, before_id=edge, limit=most)
        return [DisputeOut.of(row) for row in found]

    return listed(
        OwnDisputesPage, DisputeOut, find, key=lambda row: row.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.post("/disputes/{number}/withdraw", response_model=DisputeOut, responses=_UNKNOWN)
def withdraw(
    number: Id, asked: NoteIn, database: DatabaseDep, caller: SupplierCaller
) -> DisputeOut:
    """Give a dispute up: the amount is due again."""
    scope = scope_of_supplier(database, caller.supplier_id)
    return DisputeOut.of(
        claims.withdraw_own(
            database, scope, number, note=asked.note, by=caller.actor, now=datetime.now(UTC)
        )
    )


@router.get("/payments", response_model=PaymentsPage, responses=AS_TABLE)
def payments(
    database: DatabaseDep,
    caller: SupplierCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """What made its claims smaller, the newest first."""
    scope = scope_of_supplier(database, caller.supplier_id)

    def find(edge: int | None, most: int) -> list[PaymentOut]:
        found = money.own_payments(database, scope, before_id=edge, limit=most)
        return [PaymentOut.of(row) for row in found]

    return listed(
        PaymentsPage, PaymentOut, find, key=lambda row: row.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.get("/stock-stops", response_model=StockStopsPage, responses=AS_TABLE)
def stock_stops(
    database: DatabaseDep,
    caller: SupplierCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """What it said to be out of stock, the newest first."""
    scope = scope_of_supplier(database, caller.supplier_id)

    def find(edge: int | None, most: int) -> list[StockStopOut]:
        found = stock.own_stops(database, scope, before_id=edge, limit=most)
        return [StockStopOut.of(row) for row in found]

    return listed(
        StockStopsPage, StockStopOut, find, key=lambda row: row.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.post("/stock-stops", response_model=StockedOut, responses=_UNKNOWN)
def out_of_stock(
    asked: StockStopIn, database: DatabaseDep, settings: SettingsDep, caller: SupplierCaller
) -> StockedOut:
    """Say until when a deal or a product is out of stock; said again, the day is another."""
    scope = scope_of_supplier(database, caller.supplier_id)
    done = stock.report_out_of_stock(
        database, scope, deal=asked.deal, gtin=asked.gtin, back_on=asked.back_on,
        on=_today(settings), by=caller.actor, now=datetime.now(UTC),
    )  # fmt: skip
    return StockedOut(id=done.stop.id, moved=done.moved)


@router.post("/stock-stops/{number}/end", response_model=StockedOut, responses=_UNKNOWN)
def in_stock(number: Id, database: DatabaseDep, caller: SupplierCaller) -> StockedOut:
    """Say that there is stock again."""
    scope = scope_of_supplier(database, caller.supplier_id)
    done = stock.end_stop(database, scope, number, by=caller.actor, now=datetime.now(UTC))
    return StockedOut(id=done.stop.id, moved=done.moved)


def _load(
    database: Database,
    settings: Settings,
    caller: SupplierKey,
    apart: Apart,
    name: str,
    path: Path,
    accept: str,
) -> UploadReport:
    scope = scope_of_supplier(database, caller.supplier_id)
    return load_own(database, settings, scope, apart, name, path, accept=accept, by=caller.actor)


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()
