"""Operations: runs, the queue of due households, planned jobs, and how large tables are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.admin import runs as acts
from service.engine.rights import Right
from service.files.disks import disks_of
from service.jobs import scheduler
from service.pages import names, page, saying
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message
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
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store import runs, sizes, work
from service.store.keyset import Turned
from service.store.runs import RunPlace
from service.store.session import Database
from service.store.tables.cycle import Run, RunState

router = APIRouter(prefix="/operations")

PATH = "/operations"
ROWS = 50
_NEWEST = ("newest",)
_MOST_COUNTED = 10_001
_MOST_TABLES = 12
_MOST_SLOTS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_DIGITS = 17
"""Of microseconds: more would lie behind the last year there is."""

Sees = Annotated[Member, Depends(may(Right.SEE_OPERATIONS))]
Runs = Annotated[Member, Depends(may(Right.RUN_JOBS))]


@router.get("")
def table(request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees) -> Response:
    """Runs, newest first, with the queue, planned jobs and sizes beside them."""
    language = member.language
    view, columns = _view(request, settings, language)
    found = _turned(database, view, limit=ROWS)
    shown = [each for each in columns if each.name in view.columns]
    now = datetime.now(UTC)
    with database.read() as session:
        queue = work.queue(session, now=now, most=_MOST_COUNTED)
        slots = work.newest_slots(session, limit=_MOST_SLOTS)
        database_bytes = sizes.whole(session)
        tables = sizes.largest(session, limit=_MOST_TABLES)
    listing = Listing(
        view=view,
        filters=_filters(language),
        columns=columns,
        shown=shown,
        rows=[
            (_key(row), names.work(language, row),
             [each.cell({"run": row}, language) for each in shown])
            for row in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=language.text("Newest first"),
    )  # fmt: skip
    return page.show(
        request,
        "operations.html",
        listing=listing,
        queue=queue,
        most=_MOST_COUNTED,
        planned=_planned(settings, now),
        slots=slots,
        now=now,
        database_bytes=database_bytes,
        tables=tables,
        disks=disks_of([settings.runs_folder, settings.output_folder]),
    )


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    view, columns = _view(request, settings, member.language)
    pages = every_row(view, lambda part, limit: _turned(database, part, limit=limit), _key)
    rows = ([{"run": run} for run in each] for each in pages)
    shown = [each for each in columns if each.name in view.columns]
    return csv_file("runs", rows, shown, member.language)


@router.get("/runs/{run}")
def one(request: Request, run: str, database: DatabaseDep, _by: Sees) -> Response:
    """One run: how far it is, what it came to, and why it failed."""
    found = acts.get_run(database, run)
    now = datetime.now(UTC)
    is_leased = found.claimed_until is not None and found.claimed_until >= now
    return page.show(
        request,
        "run.html",
        run=found,
        is_pending=found.state in (RunState.QUEUED, RunState.RUNNING),
        is_leased=is_leased,
        can_be_given_up=acts.can_be_given_up(found, now=now),
        result=_plain(found.result or {}),
        arguments=_plain(found.arguments),
    )


@router.post("/runs/{run}/again")
def again(request: Request, run: str, database: DatabaseDep, member: Runs) -> Response:
    """Request the work of a failed run once more."""
    new = acts.ask_again(database, run, by=member.by)
    said = Message(member.language.text("It is requested again."))
    return page.go_to(request, f"{PATH}/runs/{new.id}", said)


@router.get("/runs/{run}/give-up")
def ask_give_up(request: Request, run: str, database: DatabaseDep, member: Runs) -> Response:
    """What giving a run up means."""
    text, found = member.language.text, acts.get_run(database, run)
    return ask(
        request,
        Question(
            title=text("Give up: %(work)s?", work=names.work(member.language, found)),
            text=text(
                "No worker takes it up any more. What it did so far is used when it is asked for "
                "again; this run itself stays ended."
            ),
            button=text("Give up"),
            path=f"{PATH}/runs/{run}/give-up",
            back=f"{PATH}/runs/{run}",
            shown=found.state,
            facts=[
                (text("State"), names.run_state(member.language, found.state)),
                (text("Number"), found.id),
            ],
        ),
    )


@router.post("/runs/{run}/give-up")
def give_up(
    request: Request, run: str, database: DatabaseDep, member: Runs, confirmed: Confirmed = ""
) -> Response:
    """End a run; see `admin.runs.give_up`."""
    require_shown(acts.get_run(database, run).state, confirmed)
    acts.give_up(database, run, by=member.by)
    request.app.state.today.forget()
    return page.go_to(request, f"{PATH}/runs/{run}", Message(member.language.text("It is ended.")))


def _plain(values: Any) -> list[tuple[str, str]]:
    """The plain values of an object, by name; longer ones are for the API."""
    return [
        (name.replace("_", " "), str(value))
        for name, value in values.items()
        if isinstance(value, str | int | float) and len(str(value)) < 200
    ]


def _planned(settings: Settings, now: datetime) -> list[tuple[str, datetime | None]]:
    if not settings.serve_scheduler:
        return []
    return [(job.name, scheduler.next_slot(job, now)) for job in scheduler.planned_jobs(settings)]


def _turned(database: Database, view: View, *, limit: int) -> Turned[Run]:
    with database.read() as session:
        return runs.listed(
            session,
            states=view.several("state"),
            after=_place_in(view.after),
            before=_place_in(view.before),
            limit=limit,
        )


def _key(run: Run) -> str:
    return f"{(run.created_at - _EPOCH) // _MICROSECOND}-{run.id}"


def _place_in(key: str | None) -> RunPlace | None:
    """The place that a key names; None where it is none."""
    moment, _, run_id = (key or "").partition("-")
    if not run_id or not moment.isdigit() or len(moment) > _MOST_DIGITS:
        return None
    return RunPlace(_EPOCH + int(moment) * _MICROSECOND, run_id)


def _view(
    request: Request, settings: Settings, language: Language
) -> tuple[View, Sequence[Column]]:
    zone = ZoneInfo(settings.timezone)
    columns = [
        Column("run", mark("Run"), _name, always=True),
        Column("state", mark("State"), _state),
        Column("progress", mark("Progress"), _progress),
        Column(
            "problem",
            mark("What failed"),
            partial(_problem, currency=settings.currency),
            is_long=True,
        ),
        Column("requested", mark("Requested"), partial(_moment, name="created_at", zone=zone)),
        Column("ended", mark("Ended"), partial(_moment, name="finished_at", zone=zone)),
        Column("attempts", mark("Workers"), _attempts, usual=False, is_number=True),
    ]
    view = read_view(
        PATH, request.query_params, filters=_filters(language), columns=columns, orders=_NEWEST
    )
    return view, columns


def _filters(language: Language) -> Sequence[Filter]:
    choices = [(state, names.run_state(language, state)) for state in RunState]
    return [Filter("state", language.text("State"), FilterKind.SEVERAL, choices)]


def _name(row: Any, language: Language) -> Cell:
    run: Run = row["run"]
    below = " · ".join(f"{name} {value}" for name, value in _plain(run.arguments))
    return Cell(names.work(language, run), Kind.LINK, below, path=f"{PATH}/runs/{run.id}")


def _state(row: Any, language: Language) -> Cell:
    state = row["run"].state
    return Cell(names.run_state(language, state), Kind.BADGE, tone=names.run_tone(state))


def _progress(row: Any, language: Language) -> Cell:
    run: Run = row["run"]
    if run.state != RunState.RUNNING or not run.total:
        return Cell("")
    text = language.text(
        "%(done)s of %(total)s", done=language.number(run.done), total=language.number(run.total)
    )
    return Cell(text, Kind.METER, share=run.done / run.total)


def _problem(row: Any, language: Language, *, currency: str) -> Cell:
    problem = row["run"].problem
    if problem is None:
        return Cell("")
    title, said = saying.problem(language, problem, currency)
    return Cell(title, below=said[:160])


def _moment(row: Any, language: Language, *, name: str, zone: ZoneInfo) -> Cell:
    value: datetime | None = getattr(row["run"], name)
    if value is None:
        return Cell("")
    return Cell(language.moment(value, zone), plain=value.isoformat())


def _attempts(row: Any, language: Language) -> Cell:
    return Cell(language.number(row["run"].attempts), Kind.NUMBER)
