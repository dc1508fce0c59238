"""What a supplier paid and owes, and what it agreed to."""

from datetime import UTC
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.pages import clearing_words as words
from service.pages import page
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.tables import Table
from service.portal.visitor import Supplier, SupplierDep, today
from service.settings import Settings
from service.store.clearing.payments import Payment
from service.store.session import Database
from service.suppliers.money import own_open, own_payments, own_terms

router = APIRouter()

PATH = "/payments"


@router.get(PATH)
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """What is open by age, and what made claims smaller."""
    return page.show(
        request,
        "payments.html",
        owed=own_open(database, supplier.scope, as_of=today(settings)),
        listing=_table(database, supplier, settings).listing(request, supplier.language),
        words=words,
    )


@router.get(f"{PATH}.csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """The payments as a file."""
    return _table(database, supplier, settings).file(request, "payments", supplier.language)


@router.get("/agreement")
def agreement(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """Who the account is, what was agreed, and its credit."""
    day = today(settings)
    terms = own_terms(database, supplier.scope, on=day)
    return page.show(request, "agreement.html", terms=terms, words=words, today=day)


def _table(database: Database, supplier: Supplier, settings: Settings) -> Table[Payment]:
    def find(before_id: int | None, limit: int) -> list[Payment]:
        return own_payments(database, supplier.scope, before_id=before_id, limit=limit)

    columns = [
        Column("claim", mark("Claim"), _claim, always=True),
        Column("kind", mark("What"), _kind),
        Column("day", mark("Day"), partial(_day, timezone=settings.timezone)),
        Column("amount", mark("Amount"), partial(_amount, currency=settings.currency),
               is_number=True),
    ]  # fmt: skip
    return Table(PATH, columns, find, lambda row: row.id, lambda row: row.claim_number)


def _claim(row: Row, _language: Language) -> Cell:
    return Cell(row["row"].claim_number)


def _kind(row: Row, language: Language) -> Cell:
    kind = row["row"].kind
    return Cell(words.settled_by(language, kind), plain=str(kind))


def _day(row: Row, language: Language, *, timezone: str) -> Cell:
    at = row["row"].posted_at
    return Cell(
        language.day(at.astimezone(ZoneInfo(timezone)).date()), plain=at.astimezone(UTC).isoformat()
    )


def _amount(row: Row, language: Language, *, currency: str) -> Cell:
    cents = row["row"].cents
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=str(cents))
