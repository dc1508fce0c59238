"""Receipts: files of banks, matching, and what money in suspense is for."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from starlette.responses import Response

from service.clearing.one_receipt import look_at_receipt
from service.clearing.read_receipts import BankForm, load_sent_file
from service.clearing.receipts import apply_suspense, match_receipts
from service.console.routes.clearing.base import NEWEST, PATH, ROWS, Clears, Word, known, now
from service.errors import InvalidInput, NotFound
from service.files.apart import Apart
from service.files.clearing import bank_layouts
from service.files.names import file_name
from service.pages import clearing_words, page
from service.pages.amounts import read_cents
from service.pages.confirming import Confirmed, require_shown
from service.pages.flash import Message, Tone
from service.pages.languages import Language, mark
from service.pages.listing import (
    Cell,
    Column,
    Filter,
    FilterKind,
    Kind,
    Listing,
    View,
    csv_file,
    every_row,
    read_view,
)
from service.pages.listing.amounts import amount as amount_cell
from service.pages.visitor import DatabaseDep, SettingsDep
from service.settings import Settings
from service.store.clearing.pages import turn_receipts
from service.store.keyset import Turned
from service.store.session import Database
from service.store.tables.bank import BankReceipt, ReceiptState

router = APIRouter(prefix=f"{PATH}/receipts")

RECEIPTS = f"{PATH}/receipts"


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Receipts, the newest first, and the form that takes a file."""
    language = member.language
    filters, columns = _filters(language), _columns(settings)
    view = read_view(
        RECEIPTS, request.query_params, filters=filters, columns=columns, orders=NEWEST
    )
    found = _turned(database, view, ROWS)
    shown = [each for each in columns if each.name in view.columns]
    listing = Listing(
        view=view,
        filters=filters,
        columns=columns,
        shown=shown,
        rows=[
            (row.id, str(row.id), [each.cell({"receipt": row}, language) for each in shown])
            for row in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=language.text("Newest first"),
    )
    return page.show(
        request, "clearing/receipts.html", listing=listing, layouts=bank_layouts.names()
    )


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    columns = _columns(settings)
    view = read_view(
        RECEIPTS, request.query_params, filters=_filters(member.language), columns=columns,
        orders=NEWEST,
    )  # fmt: skip
    pages = every_row(view, lambda part, limit: _turned(database, part, limit), lambda row: row.id)
    rows = ([{"receipt": row} for row in each] for each in pages)
    shown = [each for each in columns if each.name in view.columns]
    return csv_file("receipts", rows, shown, member.language)


@router.post("")
def load(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    layout: Word = "plain",
    account: Word = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep what a file of a bank or a payer says, and match what is new."""
    language = member.language
    if file is None or not file.filename:
        return page.go_to(
            request, RECEIPTS, Message(language.text("Choose a file first."), Tone.WARNING)
        )
    if layout not in bank_layouts.names():
        raise InvalidInput("There is no such layout of banks.")
    form = BankForm(
        books=settings.currency, layout=layout, account=account, encoding=settings.deals_encoding
    )
    apart: Apart = request.app.state.apart
    name = file_name(file.filename) or "receipts"
    with tempfile.TemporaryDirectory(prefix="larder-receipts-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as out:
            shutil.copyfileobj(file.file, out)
        loaded = apart.call(
            load_sent_file, database, name, path, form=form, by=member.by, now=now()
        )
    said = language.text(
        "%(taken)s added, %(known)s known already.",
        taken=language.number(loaded.added.taken),
        known=language.number(loaded.added.known),
    )
    return page.go_to(request, RECEIPTS, Message(said))


@router.post("/match")
def match(request: Request, database: DatabaseDep, member: Clears) -> Response:
    """Match every receipt that is new, by claims' numbers and amounts."""
    request.app.state.today.forget()
    made, language = match_receipts(database, by=member.by, now=now()), member.language
    said = language.text(
        "%(matched)s matched, %(suspended)s in suspense, %(waiting)s wait.",
        matched=language.number(made.states[ReceiptState.MATCHED]),
        suspended=language.number(made.states[ReceiptState.SUSPENDED]),
        waiting=language.number(made.waiting),
    )
    return page.go_to(request, RECEIPTS, Message(said))


@router.get("/{number}")
def one(request: Request, number: int, database: DatabaseDep, _by: Clears) -> Response:
    """One receipt: what the bank says of it, and what it settled."""
    found = look_at_receipt(database, known(number))
    return page.show(request, "clearing/receipt.html", found=found, receipt=found.receipt)


@router.post("/{number}/assign")
def assign(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    claim: Word = "",
    amount: Word = "",
    confirmed: Confirmed = "",
) -> Response:
    """Say which claim money in suspense is for: all of it, or an amount.

    The form says how much was in suspense, so that the same one sent twice assigns once.
    """
    cents = read_cents(amount, settings.currency) if amount.strip() else None
    require_shown(str(look_at_receipt(database, known(number)).receipt.suspense_cents), confirmed)
    try:
        apply_suspense(database, number, claim.strip(), cents, by=member.by, now=now())
    except NotFound as error:
        # What was typed is wrong, not the address.
        raise InvalidInput(error.notice) from error
    request.app.state.today.forget()
    said = member.language.text("The money is assigned to %(claim)s.", claim=claim.strip().upper())
    return page.go_to(request, f"{RECEIPTS}/{number}", Message(said))


def _columns(settings: Settings) -> list[Column]:
    return [
        Column("number", mark("Receipt"), lambda row, _: Cell(
            str(row["receipt"].id), Kind.LINK, path=f"{RECEIPTS}/{row['receipt'].id}"),
            always=True),
        Column("booked_on", mark("Booked"), lambda row, language: Cell(
            language.day(row["receipt"].booked_on), plain=row["receipt"].booked_on.isoformat())),
        Column("payer", mark("Payer"), lambda row, _: Cell(row["receipt"].payer)),
        Column("text", mark("What it says"), lambda row, _: Cell(row["receipt"].text[:200]),
               is_long=True),
        Column("state", mark("State"), lambda row, language: Cell(
            clearing_words.receipt_state(language, row["receipt"].state), Kind.BADGE,
            tone=clearing_words.receipt_tone(row["receipt"].state))),
        Column("reason", mark("Why"), lambda row, language: Cell(
            clearing_words.suspended(language, row["receipt"].reason))),
        Column("amount", mark("Amount"), lambda row, language: amount_cell(
            row["receipt"].amount_cents, settings.currency, language), is_number=True),
        Column("suspense", mark("In suspense"), lambda row, language: amount_cell(
            row["receipt"].suspense_cents, settings.currency, language), is_number=True),
    ]  # fmt: skip


def _filters(language: Language) -> list[Filter]:
    states = [(str(each), clearing_words.receipt_state(language, each)) for each in ReceiptState]
    return [Filter("state", language.text("State"), FilterKind.SEVERAL, states)]


def _turned(database: Database, view: View, limit: int) -> Turned[BankReceipt]:
    with database.read() as session:
        return turn_receipts(
            session,
            states=view.several("state"),
            after=view.after_number,
            before=view.before_number,
            limit=limit,
        )
