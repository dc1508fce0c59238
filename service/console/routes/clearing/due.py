"""What is due: by account and age, what waits for somebody, reminders, and set-off."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.clearing.documents import read_document
from service.clearing.dunning import (
    AgedAccount,
    look_at_reminders,
    show_ages,
    show_reminders,
    write_reminders,
)
from service.clearing.set_off import set_off_due
from service.console.routes.clearing.base import PATH, Clears, known, now, today
from service.console.routes.clearing.downloads import download
from service.engine.clearing.ageing import Age
from service.pages import clearing_words, page
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.amounts import amount
from service.pages.visitor import DatabaseDep, SettingsDep
from service.settings import Settings
from service.store.clearing import waiting

router = APIRouter(prefix=PATH)


@router.get("")
def due(request: Request, database: DatabaseDep, settings: SettingsDep, _by: Clears) -> Response:
    """What each account owes by age, and what waits: drafts, money in suspense, disputes."""
    with database.read() as session:
        counts = waiting.counts(session)
    return page.show(
        request,
        "clearing/due.html",
        aged=show_ages(database, as_of=today(settings)),
        ages=[str(each) for each in Age],
        waiting=counts,
        reminders=show_reminders(database, limit=10),
        day=today(settings),
    )


@router.get(".csv")
def due_as_csv(database: DatabaseDep, settings: SettingsDep, member: Clears) -> Response:
    """The same as a file."""
    rows = show_ages(database, as_of=today(settings))
    columns = _columns(member.language, settings)
    return csv_file("due", _one_page(rows), columns, member.language)


@router.get("/documents/{number}")
def document(number: int, database: DatabaseDep, _by: Clears) -> Response:
    """A reminder as it was written."""
    found = read_document(database, known(number))
    return download(found.name, found.media_type, found.content)


@router.get("/reminders")
def ask_remind(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Whom reminders would go to."""
    found = look_at_reminders(database, as_of=today(settings))
    text, language = member.language.text, member.language
    cents = sum(each.open_cents for each in found)
    return ask(
        request,
        Question(
            title=text("Write reminders?"),
            text=text(
                "One document an account, of all its claims that are late, without what is in "
                "dispute or set off. They are kept; nothing is sent."
            ),
            button=text("Write reminders"),
            path=f"{PATH}/reminders",
            back=PATH,
            shown=f"{len(found)}-{cents}",
            facts=[
                (text("Reminders"), language.number(len(found))),
                (text("They ask for"), language.money(cents, settings.currency)),
            ],
            is_danger=False,
        ),
    )


@router.post("/reminders")
def remind(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    confirmed: Confirmed = "",
) -> Response:
    """Write the reminders that are due."""
    day = today(settings)
    found = look_at_reminders(database, as_of=day)
    require_shown(f"{len(found)}-{sum(each.open_cents for each in found)}", confirmed)
    written = write_reminders(database, settings, as_of=day, by=member.by, now=now())
    said = member.language.count(
        "%(number)s reminder is written.", "%(number)s reminders are written.", len(written)
    )
    return page.go_to(request, PATH, Message(said))


@router.post("/set-off")
def set_off(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Set off what is due of claims whose agreement says so."""
    done = set_off_due(database, as_of=today(settings), by=member.by, now=now())
    said = member.language.count(
        "%(number)s claim is set off.", "%(number)s claims are set off.", len(done)
    )
    return page.go_to(request, PATH, Message(said))


def _one_page(rows: Sequence[AgedAccount]) -> Iterator[Sequence[dict[str, AgedAccount]]]:
    yield [{"row": row} for row in rows]


def _columns(language: Language, settings: Settings) -> list[Column]:
    def money(cents: int) -> Cell:
        return amount(cents, settings.currency, language)

    columns = [
        Column("account", mark("Account"), lambda row, _: Cell(row["row"].account.number)),
        Column("name", mark("Name"), lambda row, _: Cell(row["row"].account.legal_name)),
    ]
    for age in Age:
        columns.append(
            Column(
                age,
                clearing_words.AGES[age],
                lambda row, _, age=age: money(row["row"].ages.by_age[age]),  # type: ignore[misc]
            )
        )
    columns.append(Column("total", mark("Open"), lambda row, _: money(row["row"].ages.total_cents)))
    columns.append(
        Column("disputed", mark("In dispute"), lambda row, _: money(row["row"].ages.disputed_cents))
    )
    return columns
