"""Disputes: the table, and one with the answer to it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from service.clearing.disputes import answer_dispute, show_dispute, withdraw_dispute
from service.console.routes.clearing.base import (
    NEWEST,
    PATH,
    ROWS,
    Clears,
    Note,
    Word,
    known,
    now,
)
from service.console.routes.clearing.dispute_columns import dispute_columns
from service.engine.clearing.claim import DisputeReason, DisputeState
from service.pages import clearing_words, page
from service.pages.amounts import read_cents
from service.pages.flash import Message
from service.pages.languages import Language
from service.pages.listing import (
    Filter,
    FilterKind,
    Listing,
    View,
    csv_file,
    every_row,
    read_view,
)
from service.pages.visitor import DatabaseDep, SettingsDep
from service.store.clearing.pages import turn_disputes
from service.store.keyset import Turned
from service.store.session import Database
from service.store.tables.claim import Claim, ClaimDispute

router = APIRouter(prefix=f"{PATH}/disputes")

DISPUTES = f"{PATH}/disputes"


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Disputes, the newest first."""
    language = member.language
    filters, columns = _filters(language), dispute_columns(settings.currency)
    view = read_view(
        DISPUTES, request.query_params, filters=filters, columns=columns, orders=NEWEST
    )
    found = _turned(database, view, ROWS)
    shown = [each for each in columns if each.name in view.columns]
    listing = Listing(
        view=view,
        filters=filters,
        columns=columns,
        shown=shown,
        rows=[
            (row.id, str(row.id), [
                each.cell({"dispute": row, "claim": claim}, language) for each in shown])
            for row, claim in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=language.text("Newest first"),
    )  # fmt: skip
    return page.show(request, "clearing/disputes.html", listing=listing)


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    columns = dispute_columns(settings.currency)
    view = read_view(
        DISPUTES, request.query_params, filters=_filters(member.language), columns=columns,
        orders=NEWEST,
    )  # fmt: skip
    pages = every_row(
        view, lambda part, limit: _turned(database, part, limit), lambda row: row[0].id
    )
    rows = ([{"dispute": row, "claim": claim} for row, claim in each] for each in pages)
    shown = [each for each in columns if each.name in view.columns]
    return csv_file("disputes", rows, shown, member.language)


@router.get("/{number}")
def one(request: Request, number: int, database: DatabaseDep, _by: Clears) -> Response:
    """One dispute, and the form that answers it while it is open."""
    return _show(request, database, number)


@router.post("/{number}/answer")
def answer(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    accepted: Word = "",
    reason: Annotated[DisputeReason, Form()] = DisputeReason.OTHER,
    note: Note = "",
) -> Response:
    """Accept all, a part or nothing of it; what is accepted is credited."""
    cents = read_cents(accepted, settings.currency)
    found = show_dispute(database, known(number))
    answer_dispute(
        database,
        number,
        accepted_cents=cents,
        reason=None if cents == found.claimed_cents else reason,
        note=note,
        by=member.by,
        now=now(),
    )
    request.app.state.today.forget()
    said = member.language.text("Dispute %(number)s is answered.", number=number)
    return page.go_to(request, f"{DISPUTES}/{number}", Message(said))


@router.post("/{number}/withdraw")
def withdraw(
    request: Request, number: int, database: DatabaseDep, member: Clears, note: Note = ""
) -> Response:
    """Note that the supplier gave it up."""
    withdraw_dispute(database, known(number), note=note, by=member.by, now=now())
    request.app.state.today.forget()
    said = member.language.text("Dispute %(number)s is withdrawn.", number=number)
    return page.go_to(request, f"{DISPUTES}/{number}", Message(said))


def _show(request: Request, database: Database, number: int) -> Response:
    found = show_dispute(database, known(number))
    return page.show(
        request,
        "clearing/dispute.html",
        dispute=found,
        is_open=found.state is DisputeState.OPEN,
        reasons=[str(each) for each in DisputeReason],
    )


def _filters(language: Language) -> list[Filter]:
    states = [(str(each), clearing_words.dispute_state(language, each)) for each in DisputeState]
    return [Filter("state", language.text("State"), FilterKind.SEVERAL, states)]


def _turned(database: Database, view: View, limit: int) -> Turned[tuple[ClaimDispute, Claim]]:
    with database.read() as session:
        return turn_disputes(
            session,
            states=view.several("state"),
            after=view.after_number,
            before=view.before_number,
            limit=limit,
        )
