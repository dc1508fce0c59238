"""A supplier's claims: the table, one with lines and documents, and disputing a line."""

from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from service.engine.clearing.claim import ClaimPart, DisputeReason
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import clearing_words as words
from service.pages import page
from service.pages.amounts import read_cents
from service.pages.flash import Message
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.tables import Table
from service.portal.visitor import Supplier, SupplierDep, now, today
from service.settings import Settings
from service.store.clearing.claims import Summary
from service.store.session import Database
from service.suppliers import claims
from service.suppliers.claims import OwnClaim

router = APIRouter()

PATH = "/claims"
Word = Annotated[str, Form(max_length=2_000)]


@router.get(PATH)
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """What was claimed, the newest first."""
    listing = _table(database, supplier, settings).listing(request, supplier.language)
    return page.show(request, "claims.html", listing=listing)


@router.get(f"{PATH}.csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """The same as a file."""
    return _table(database, supplier, settings).file(request, "claims", supplier.language)


@router.get(PATH + "/{number}")
def one(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
) -> Response:
    """One claim: lines, documents, disputes."""
    found = claims.own_claim(database, supplier.scope, number, on=today(settings))
    return page.show(request, "claim.html", found=found, claim=found.claim, words=words,
                     parts=_parts(found))  # fmt: skip


@router.get("/documents/{number}")
def document(number: int, database: DatabaseDep, supplier: SupplierDep) -> Response:
    """A document as it went out."""
    found = claims.own_document(database, supplier.scope, number)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
               "ETag": f'"{found.sha256}"'}  # fmt: skip
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.post(PATH + "/{number}/evidence")
def evidence(
    number: int, request: Request, database: DatabaseDep, settings: SettingsDep,
    supplier: SupplierDep,
) -> Response:  # fmt: skip
    """Make the evidence behind the lines, once, and lead to the claim, where it is then."""
    claims.own_evidence(database, settings, supplier.scope, number, by=supplier.by, now=now())
    said = Message(supplier.language.text("The evidence is among the documents."))
    return page.go_to(request, f"{PATH}/{number}", said)


@router.get(PATH + "/{number}/lines/{line}/{part}")
def ask_dispute(
    request: Request,
    number: int,
    line: int,
    part: ClaimPart,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
) -> Response:
    """The form that disputes a part of a line."""
    return _form(request, database, settings, supplier, number, line, part)


@router.post(PATH + "/{number}/lines/{line}/{part}")
def dispute(
    request: Request,
    number: int,
    line: int,
    part: ClaimPart,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
    reason: Annotated[DisputeReason, Form()],
    amount: Word = "",
    note: Word = "",
) -> Response:
    """Dispute an amount of a part of a line; the rest of the claim stays due."""
    try:
        cents = read_cents(amount, settings.currency) if amount.strip() else None
        opened = claims.dispute_own(
            database, supplier.scope, number, line=line, part=part, reason=reason, cents=cents,
            note=note, on=today(settings), by=supplier.by, now=now(),
        )  # fmt: skip
    except (InvalidInput, Conflict) as error:
        return _form(
            request, database, settings, supplier, number, line, part,
            error=page.say(request, error), reason=reason, amount=amount, note=note,
        )  # fmt: skip
    text = supplier.language.text(
        "%(amount)s is in dispute; the retailer answers by %(day)s.",
        amount=supplier.language.money(opened.claimed_cents, settings.currency),
        day=supplier.language.day(opened.answer_by),
    )
    return page.go_to(request, f"{PATH}/{number}", Message(text))


def _form(
    request: Request,
    database: Database,
    settings: Settings,
    supplier: Supplier,
    number: int,
    line: int,
    part: ClaimPart,
    *,
    error: str = "",
    reason: DisputeReason | None = None,
    amount: str = "",
    note: str = "",
) -> Response:
    found = claims.own_claim(database, supplier.scope, number, on=today(settings))
    of_line = next((each for each in found.claim.lines if each.line == line), None)
    left = found.left_cents(of_line, part) if of_line is not None else 0
    if of_line is None or (not left and not error) or not found.may_dispute:
        raise NotFound("There is nothing that could be disputed.")
    return page.show(
        request,
        "dispute.html",
        status=422 if error else 200,
        claim=found.claim,
        line=of_line,
        part=part,
        left_cents=left,
        reasons=list(DisputeReason),
        words=words,
        error=error,
        reason=reason,
        amount=amount,
        note=note,
    )


def _parts(found: OwnClaim) -> dict[int, list[ClaimPart]]:
    """The parts of each line of which something can be disputed."""
    if not found.may_dispute:
        return {}
    return {
        line.line: [part for part in ClaimPart if found.left_cents(line, part) > 0]
        for line in found.claim.lines
    }


def _table(database: Database, supplier: Supplier, settings: Settings) -> Table[Summary]:
    def find(before_id: int | None, limit: int) -> list[Summary]:
        return claims.own_claims(database, supplier.scope, before_id=before_id, limit=limit)

    amounts = {
        name: partial(_amount, name=name, currency=settings.currency)
        for name in ("total_cents", "open_cents")
    }
    columns = [
        Column("claim", mark("Claim"), _claim, always=True),
        Column("state", mark("State"), _state),
        Column("issued", mark("Issued"), partial(_day, name="issued_on")),
        Column("due", mark("Due"), partial(_day, name="due_on")),
        Column("total", mark("Amount"), amounts["total_cents"], is_number=True),
        Column("open", mark("Open"), amounts["open_cents"], is_number=True),
    ]
    return Table(PATH, columns, find, lambda row: row.id, lambda row: row.number or "")


def _claim(row: Row, _language: Language) -> Cell:
    claim: Summary = row["row"]
    return Cell(claim.number or "", Kind.LINK, path=f"{PATH}/{claim.id}")


def _state(row: Row, language: Language) -> Cell:
    state = row["row"].state
    name = words.claim_state(language, state)
    return Cell(name, Kind.BADGE, tone=words.claim_tone(state), plain=str(state))


def _day(row: Row, language: Language, *, name: str) -> Cell:
    day = getattr(row["row"], name)
    return Cell(language.day(day), plain=day.isoformat()) if day else Cell("")


def _amount(row: Row, language: Language, *, name: str, currency: str) -> Cell:
    cents = getattr(row["row"], name)
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=str(cents))
