"""Claims: the table, and one with its lines, its documents and what became of it."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.clearing.documents import draft, read_document
from service.clearing.one_claim import lines_of_claim, look_at_claim
from service.console.routes.clearing.base import NEWEST, PATH, ROWS, Clears, known
from service.console.routes.clearing.claim_columns import claim_columns, line_columns
from service.console.routes.clearing.downloads import download
from service.engine.clearing.claim import ClaimPart, ClaimState, DisputeReason
from service.pages import clearing_words, page
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
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.store.clearing import accounts
from service.store.clearing.claims import Summary
from service.store.clearing.pages import turn_claims
from service.store.keyset import Turned
from service.store.session import Database

router = APIRouter(prefix=f"{PATH}/claims")

CLAIMS = f"{PATH}/claims"
MOST_LINES = 200
"""So many lines are shown; the file has all."""


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Claims, the newest first."""
    language = member.language
    filters = _filters(database, language)
    columns = claim_columns(settings.currency)
    view = read_view(CLAIMS, request.query_params, filters=filters, columns=columns, orders=NEWEST)
    found = _turned(database, view, ROWS)
    shown = [each for each in columns if each.name in view.columns]
    listing = Listing(
        view=view,
        filters=filters,
        columns=columns,
        shown=shown,
        rows=[
            (row.id, row.number or str(row.id),
             [each.cell({"claim": row}, language) for each in shown])
            for row in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=language.text("Newest first"),
    )  # fmt: skip
    return page.show(request, "clearing/claims.html", listing=listing)


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    filters = _filters(database, member.language)
    columns = claim_columns(settings.currency)
    view = read_view(CLAIMS, request.query_params, filters=filters, columns=columns, orders=NEWEST)
    pages = every_row(view, lambda part, limit: _turned(database, part, limit), lambda row: row.id)
    rows = ([{"claim": row} for row in each] for each in pages)
    shown = [each for each in columns if each.name in view.columns]
    return csv_file("claims", rows, shown, member.language)


@router.get("/{number}")
def one(request: Request, number: int, database: DatabaseDep, _by: Clears) -> Response:
    """One claim: what it says, what settled it, its disputes and documents."""
    found = look_at_claim(database, known(number))
    claim = found.claim
    return page.show(
        request,
        "clearing/claim.html",
        found=found,
        claim=claim,
        lines=claim.lines[:MOST_LINES],
        more=max(len(claim.lines) - MOST_LINES, 0),
        can_dispute=claim.state not in (ClaimState.DRAFT, ClaimState.CANCELLED)
        and bool(claim.lines),
        can_write_off=0 < claim.open_cents <= claim.agreement.tolerance_cents,
        parts=[str(each) for each in ClaimPart],
        reasons=[str(each) for each in DisputeReason],
    )


@router.get("/{number}/lines.csv")
def lines(number: int, database: DatabaseDep, settings: SettingsDep, member: Clears) -> Response:
    """All lines of a claim as a file."""
    found = lines_of_claim(database, known(number))

    def pages() -> Iterator[Sequence[Row]]:
        for first in range(0, len(found), 500):
            yield [{"line": line} for line in found[first : first + 500]]

    return csv_file("lines", pages(), line_columns(settings.currency), member.language)


@router.get("/{number}/draft.pdf")
def statement(number: int, database: DatabaseDep, settings: SettingsDep, _by: Clears) -> Response:
    """The statement as it would be printed now; it is not kept."""
    name, content = draft(database, settings, known(number))
    return download(name, "application/pdf", content)


@router.get("/{number}/documents/{document}")
def document(number: int, document: int, database: DatabaseDep, _by: Clears) -> Response:
    """A document as it went out."""
    known(number)
    found = read_document(database, known(document))
    return download(found.name, found.media_type, found.content)


def _filters(database: Database, language: Language) -> list[Filter]:
    states = [(str(each), clearing_words.claim_state(language, each)) for each in ClaimState]
    with database.read() as session:
        payers = [
            (each.number, f"{each.number} {each.legal_name}") for each in accounts.every(session)
        ]
    return [
        Filter("state", language.text("State"), FilterKind.SEVERAL, states),
        Filter("account", language.text("Account"), FilterKind.ONE, payers),
    ]


def _turned(database: Database, view: View, limit: int) -> Turned[Summary]:
    with database.read() as session:
        return turn_claims(
            session,
            account=view.one("account"),
            states=view.several("state"),
            after=view.after_number,
            before=view.before_number,
            limit=limit,
        )
