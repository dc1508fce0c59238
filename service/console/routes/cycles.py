"""Cycles: the table, one cycle, and acts after a page that says what they touch."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import runs
from service.console import plan_words
from service.console.routes import cycle_acts
from service.console.routes.cycle_acts import EXPLAINED, CycleAct
from service.console.routes.cycle_columns import cycle_columns
from service.cycle.expiry import stores_day
from service.cycle.look_back import (
    MOST_ROWS,
    CyclePage,
    CycleResults,
    CycleState,
    look_at_cycle,
    page_cycles,
)
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.pages import page
from service.pages.charts import Chart, Tenth, bars_by_tenth
from service.pages.flash import Message
from service.pages.languages import Language
from service.pages.listing import Listing, View, csv_file, every_row, read_view
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.session import Database

router = APIRouter(prefix="/cycles")

PATH = "/cycles"
ROWS = 50
_LARGEST_ID = 2**63 - 1

Sees = Annotated[Member, Depends(may(Right.SEE_CYCLES))]
Issues = Annotated[Member, Depends(may(Right.ISSUE_CYCLES))]


@router.get("")
def table(request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees) -> Response:
    """The table of cycles, and what the worker does for them."""
    view = _view(request, settings)
    columns = cycle_columns(settings.currency)
    drawn = [each for each in columns if each.name in view.columns]
    found = _page(database, settings, view, limit=ROWS)
    return page.show(
        request,
        "cycles.html",
        listing=Listing(
            view=view,
            filters=(),
            columns=columns,
            shown=drawn,
            rows=[
                (row.cycle.id, str(row.cycle.as_of),
                 [column.cell({"seen": row}, member.language) for column in drawn])
                for row in found.rows
            ],
            has_before=found.has_before,
            has_after=found.has_after,
        ),
        runs=runs.runs_of_cycles(database, limit=5),
    )  # fmt: skip


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """The same view as a file; money in minor units."""
    view = _view(request, settings)
    columns = [each for each in cycle_columns(settings.currency) if each.name in view.columns]
    pages = every_row(
        view,
        lambda part, limit: _page(database, settings, part, limit=limit),
        lambda row: row.cycle.id,
    )
    rows = ([{"seen": row} for row in each] for each in pages)
    return csv_file("cycles", rows, columns, member.language)


@router.get("/{number}")
def one(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """One cycle: what was issued, to whom, and what can be done about it."""
    found = look_at_cycle(database, _known(number), today=_today(database, settings))
    summary = found.seen.cycle.summary
    return page.show(
        request,
        "cycle.html",
        found=found,
        most_rows=MOST_ROWS,
        cycle=found.seen.cycle,
        state=found.seen.state,
        summary=summary,
        chart=worth_chart(member.language, settings, summary.get("worth", ())),
        acts=_acts(member, found),
        planned={
            "pins": summary.get("pins", ()),
            "banned": summary.get("banned", 0),
            "sampled_percent": 100,
        },
        words=plan_words,
    )


@router.post("/confirm")
def confirm(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Issues,
    act: Annotated[CycleAct, Form()],
    cycle: Annotated[int, Form()] = 0,
) -> Response:
    """What an act would touch: lists, households and money."""
    number = cycle if act is CycleAct.EXPIRE else _known(cycle)
    touched = cycle_acts.look_ahead(database, settings, act, number)
    return page.show(
        request,
        "cycle_confirm.html",
        act=act,
        explanation=member.language.text(EXPLAINED[act]),
        number=number,
        touched=touched,
        back=PATH if act is CycleAct.EXPIRE else f"{PATH}/{number}",
    )


@router.post("/act")
def do(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Issues,
    act: Annotated[CycleAct, Form()],
    cycle: Annotated[int, Form()] = 0,
    digest: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Do what was confirmed, unless it touches something else by now."""
    number = cycle if act is CycleAct.EXPIRE else _known(cycle)
    touched = cycle_acts.look_ahead(database, settings, act, number)
    if digest != touched.digest:
        raise InvalidInput("This is not what was shown any more: open the page again.")
    path, said = cycle_acts.do(database, settings, member, act, number, touched)
    request.app.state.today.forget()
    return page.go_to(request, path, *map(Message, said))


def worth_chart(
    language: Language,
    settings: Settings,
    worth: Sequence[Mapping[str, Any]],
    *,
    name: str = "worth",
) -> Chart | None:
    """What lists are worth by tenth of the households; None where nothing is known of it."""
    if not worth:
        return None

    def money(cents: float) -> str:
        return language.money(round(cents), settings.currency)

    below = sum(each["below_floor"] for each in worth)
    lists = sum(each["households"] for each in worth)
    return bars_by_tenth(
        name,
        [
            Tenth(
                each["worth_decile"], each["households"], each["mean_face_value_cents"],
                each["floor_cents"], each["ceiling_cents"],
            )
            for each in worth
        ],
        title=language.text("What lists are worth by tenth of the households"),
        description=language.text(
            "Tenth 10 spent most in 26 weeks. %(below)s of %(lists)s lists with offers are worth "
            "less than their floor.",
            below=language.number(below),
            lists=language.number(lists),
        ),
        language=language,
        write=money,
    )  # fmt: skip


def _acts(member: Member, found: CycleResults) -> list[CycleAct]:
    """What they may do to it; whether its lists allow that is looked at when it is asked for."""
    if not member.signed_in.may(Right.ISSUE_CYCLES):
        return []
    if found.seen.state is CycleState.TAKEN_BACK:
        return [CycleAct.RECOMPOSE]
    return [CycleAct.RECOMPOSE, CycleAct.WITHDRAW] if found.batch is None else []


def _today(database: Database, settings: Settings) -> date:
    with database.read() as session:
        return stores_day(session, settings, now=datetime.now(UTC))


def _view(request: Request, settings: Settings) -> View:
    return read_view(
        PATH,
        request.query_params,
        filters=(),
        columns=cycle_columns(settings.currency),
        orders=("newest",),
    )


def _page(database: Database, settings: Settings, view: View, *, limit: int) -> CyclePage:
    return page_cycles(
        database,
        today=_today(database, settings),
        after=view.after_number,
        before=view.before_number,
        limit=limit,
    )


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such cycle.")
    return number
