"""A supplier's disputes, and giving one up."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.engine.clearing.claim import Dispute
from service.pages import clearing_words as words
from service.pages import page
from service.pages.flash import Message
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.tables import Table
from service.portal.visitor import Supplier, SupplierDep, now
from service.settings import Settings
from service.store.session import Database
from service.suppliers.claims import own_disputes, withdraw_own

router = APIRouter(prefix="/disputes")

PATH = "/disputes"


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """Every dispute, the newest first."""
    listing = _table(database, supplier, settings).listing(request, supplier.language)
    return page.show(request, "disputes.html", listing=listing)


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """The same as a file."""
    return _table(database, supplier, settings).file(request, "disputes", supplier.language)


@router.post("/{number}/withdraw")
def withdraw(
    request: Request, number: int, database: DatabaseDep, supplier: SupplierDep
) -> Response:
    """Give a dispute up."""
    withdraw_own(database, supplier.scope, number, note="", by=supplier.by, now=now())
    said = supplier.language.text("The dispute is withdrawn: the amount is due again.")
    return page.go_to(request, PATH, Message(said))


def _table(database: Database, supplier: Supplier, settings: Settings) -> Table[Dispute]:
    def find(before_id: int | None, limit: int) -> list[Dispute]:
        return [*own_disputes(database, supplier.scope, before_id=before_id, limit=limit)]

    amounts = {
        name: partial(_amount, name=name, currency=settings.currency)
        for name in ("claimed_cents", "accepted_cents")
    }
    columns = [
        Column("dispute", mark("Dispute"), _dispute, always=True),
        Column("claim", mark("Claim"), _claim),
        Column("state", mark("State"), _state),
        Column("reason", mark("Reason"), _reason, is_long=True),
        Column("amount", mark("In dispute"), amounts["claimed_cents"], is_number=True),
        Column("accepted", mark("Accepted"), amounts["accepted_cents"], is_number=True),
        Column("answer_by", mark("Answer by"), _answer_by),
        Column("answer", mark("Answer"), _answer, is_long=True),
    ]
    return Table(PATH, columns, find, lambda row: row.id, lambda row: str(row.id))


def _dispute(row: Row, _language: Language) -> Cell:
    return Cell(str(row["row"].id), Kind.NUMBER)


def _claim(row: Row, language: Language) -> Cell:
    dispute: Dispute = row["row"]
    below = language.text("line %(line)s", line=dispute.line)
    return Cell(dispute.claim_number, below=f"{below} · {words.part(language, dispute.part)}")


def _state(row: Row, language: Language) -> Cell:
    state = row["row"].state
    name = words.dispute_state(language, state)
    return Cell(name, Kind.BADGE, tone=words.dispute_tone(state), plain=str(state))


def _reason(row: Row, language: Language) -> Cell:
    dispute: Dispute = row["row"]
    return Cell(words.dispute_reason(language, dispute.reason), below=dispute.note)


def _amount(row: Row, language: Language, *, name: str, currency: str) -> Cell:
    cents = getattr(row["row"], name)
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=str(cents))


def _answer_by(row: Row, language: Language) -> Cell:
    day = row["row"].answer_by
    return Cell(language.day(day), plain=day.isoformat())


def _answer(row: Row, language: Language) -> Cell:
    dispute: Dispute = row["row"]
    reason = dispute.answer_reason
    return Cell(words.dispute_reason(language, reason) if reason else "", below=dispute.answer_note)
