"""The books: the trial balance of a span of days, and the check of all that must hold."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.admin import runs
from service.clearing.reports import trial_of
from service.console.routes.clearing.base import PATH, Clears, today
from service.engine.clearing.standing import last_month
from service.pages import clearing_words, page
from service.pages.flash import Message
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.amounts import plain_amount
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.settings import Settings
from service.store.tables.cycle import RunState

router = APIRouter(prefix=f"{PATH}/books")

BOOKS = f"{PATH}/books"
Day = Annotated[date | None, Query()]


@router.get("")
def books(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    _by: Clears,
    first: Day = None,
    last: Day = None,
) -> Response:
    """The trial balance, once days are chosen, and what the newest check said."""
    is_asked = first is not None and last is not None
    usual_first, usual_last = _usual(settings)
    run = runs.newest_run(database, runs.BOOKS)
    found = trial_of(database, first=first, last=last) if first and last else []
    return page.show(
        request,
        "clearing/books.html",
        first=first or usual_first,
        last=last or usual_last,
        is_asked=is_asked,
        balances=found,
        total_cents=sum(each.closing_cents for each in found),
        run=run,
        is_pending=run is not None and run.state in (RunState.QUEUED, RunState.RUNNING),
        checks=(run.result or {}).get("checks", []) if run is not None else [],
    )


@router.get(".csv")
def books_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    first: Day = None,
    last: Day = None,
) -> Response:
    """The trial balance as a file."""
    usual_first, usual_last = _usual(settings)
    found = trial_of(database, first=first or usual_first, last=last or usual_last)

    def pages() -> Iterator[Sequence[Row]]:
        yield [{"balance": each} for each in found]

    return csv_file("trial-balance", pages(), _columns(settings.currency), member.language)


@router.post("/check")
def check(request: Request, database: DatabaseDep, member: Clears) -> Response:
    """Have every invariant checked; a worker does it."""
    runs.request_books(database, by=member.by)
    said = member.language.text("The books will be checked.")
    return page.go_to(request, BOOKS, Message(said))


def _usual(settings: Settings) -> tuple[date, date]:
    """The newest month that is over."""
    last = last_month(today(settings))
    return last.replace(day=1), last


def _columns(currency: str) -> list[Column]:
    def name(row: Row, language: Language) -> Cell:
        return Cell(clearing_words.account(language, row["balance"].account))

    return [
        Column("account", mark("Account"), name),
        Column("opening", mark("Before"), lambda row, _: Cell(
            plain_amount(row["balance"].opening_cents, currency))),
        Column("debit", mark("Debit"), lambda row, _: Cell(
            plain_amount(row["balance"].debit_cents, currency))),
        Column("credit", mark("Credit"), lambda row, _: Cell(
            plain_amount(row["balance"].credit_cents, currency))),
        Column("closing", mark("After"), lambda row, _: Cell(
            plain_amount(row["balance"].closing_cents, currency))),
    ]  # fmt: skip
