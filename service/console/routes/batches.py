"""Print batches: the table, one batch with its files and pages, and who is left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.admin.runs import BATCH, CHECK
from service.engine.rights import Right
from service.errors import NotFound
from service.pages import names, page
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
from service.publish import (
    LeftOutReason,
    PrintedPiece,
    fetch,
    fetchable_files,
    find_piece,
    not_mailed,
    picture_page,
    reconcile,
)
from service.publish.answer import answer
from service.publish.package import read_manifest
from service.settings import Settings
from service.store import batches, cycles, mailing, runs
from service.store.keyset import Turned
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState, Run, RunState

router = APIRouter(prefix="/batches")

PATH = "/batches"
ROWS = 50
_NEWEST = ("newest",)
_LARGEST_ID = 2**63 - 1
_PNG = "image/png"

Sees = Annotated[Member, Depends(may(Right.SEE_BATCHES))]
Voids = Annotated[Member, Depends(may(Right.VOID_BATCHES))]


@router.get("")
def table(request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees) -> Response:
    """The batches, newest first, and what the mailing house reported last."""
    filters = _filters(member.language)
    columns = _columns(settings)
    view = read_view(PATH, request.query_params, filters=filters, columns=columns, orders=_NEWEST)
    found = _turned(database, view, limit=ROWS)
    drawn = [each for each in columns if each.name in view.columns]
    with database.read() as session:
        reports = mailing.newest_acknowledgements(session, limit=5)
    listing = Listing(
        view=view,
        filters=filters,
        columns=columns,
        shown=drawn,
        rows=[
            (row.id, row.name, [each.cell({"batch": row}, member.language) for each in drawn])
            for row in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=member.language.text("Newest first"),
    )
    return page.show(request, "batches.html", listing=listing, reports=reports)


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    columns = _columns(settings)
    view = read_view(
        PATH, request.query_params, filters=_filters(member.language), columns=columns,
        orders=_NEWEST,
    )  # fmt: skip
    pages = every_row(
        view, lambda part, limit: _turned(database, part, limit=limit), lambda batch: batch.id
    )
    rows = ([{"batch": batch} for batch in each] for each in pages)
    shown = [each for each in columns if each.name in view.columns]
    return csv_file("batches", rows, shown, member.language)


@router.get("/acknowledgements/{number}")
def acknowledgement(request: Request, number: int, database: DatabaseDep, _by: Sees) -> Response:
    """What became of the rows of a report of the mailing house."""
    with database.read() as session:
        found = mailing.acknowledgement(session, known(number))
    if found is None:
        raise NotFound("There is no such report.")
    return page.show(request, "acknowledgement.html", report=found)


@router.get("/{number}")
def one(request: Request, number: int, database: DatabaseDep, _by: Sees) -> Response:
    """One batch: its files, how far it has come, and what was left out."""
    batch = batch_of(database, number)
    files = read_manifest(batch.manifest)["files"] if fetchable_files(batch) else []
    with database.read() as session:
        cycle = cycles.get(session, batch.cycle_id)
        found = [
            runs.newest_of(session, CHECK, {"batch_id": number}),
            runs.newest_of(session, BATCH, {"reprint_of": number}),
        ]
    works = [run for run in found if run is not None]
    return page.show(
        request,
        "batch.html",
        batch=batch,
        cycle=cycle,
        files=files,
        left_out=[
            (reason.value, batch.summary[reason.value])
            for reason in LeftOutReason
            if batch.summary.get(reason.value)
        ],
        works=works,
        is_at_work=any(is_pending(run) for run in works),
        has_pieces=_has_pieces(batch),
        can_void=batch.state == BatchState.READY and batch.picked_up_at is None,
        can_purge=batch.purged_at is None and batch.state != BatchState.RENDERING,
    )


@router.get("/{number}/files/{name}")
def file(
    request: Request,
    number: int,
    name: str,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
) -> Response:
    """A file of a ready batch; a fetch that broke off goes on with `Range`.

    The first PDF that goes to the mailing house is the pickup: codes are out then. Whoever may void
    the batch is the retailer, as an admin key is, and only looks.
    """
    may_do = member.signed_in.may
    for_print = may_do(Right.HANDLE_BATCHES) and not may_do(Right.VOID_BATCHES)
    found = fetch(database, settings, known(number), name, for_print=for_print)
    return answer(request, found)


@router.get("/{number}/pieces/{seq}")
def pages(request: Request, number: int, seq: int, database: DatabaseDep, _by: Sees) -> Response:
    """The pages of one piece as pictures."""
    return _show_piece(request, database, number, seq)


@router.get("/{number}/pieces")
def go_to_piece(
    request: Request,
    number: int,
    database: DatabaseDep,
    _by: Sees,
    seq: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    """The same by a number that was typed."""
    return _show_piece(request, database, number, seq)


@router.get("/{number}/pieces/{seq}/{sheet}")
def picture(
    number: int, seq: int, sheet: int, database: DatabaseDep, settings: SettingsDep, _by: Sees
) -> Response:
    """One page of a piece, from 1, as it will be printed."""
    piece = find_piece(database, known(number), seq)
    drawn = picture_page(settings, piece, sheet - 1)
    return Response(drawn, media_type=_PNG, headers={"Cache-Control": "private, max-age=300"})


@router.get("/{number}/reconciliation")
def reconciliation(
    request: Request,
    number: int,
    database: DatabaseDep,
    _by: Sees,
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The pieces of a batch by what became of them, and those that are not mailed."""
    batch = batch_of(database, number)
    found = reconcile(database, number, after=after.replace("\x00", ""), limit=ROWS + 1)
    counts = [(state, getattr(found, state)) for state in names.PIECES]
    return page.show(
        request,
        "reconciliation.html",
        batch=batch,
        found=found,
        counts=counts,
        differences=found.differences[:ROWS],
        following=found.differences[ROWS - 1].piece_id if len(found.differences) > ROWS else "",
        is_first=not after,
    )


@router.get("/{number}/left-out")
def left_out(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    _by: Voids,
    after: Annotated[int, Query(ge=0, le=_LARGEST_ID)] = 0,
) -> Response:
    """Whose letters a package leaves out, and why: the retailer's own affair."""
    batch = batch_of(database, number)
    found = not_mailed(database, settings, number, after=after, limit=ROWS + 1)
    return page.show(
        request,
        "left_out.html",
        batch=batch,
        rows=[row for _, row in found[:ROWS]],
        following=found[ROWS - 1][0] if len(found) > ROWS else 0,
        is_first=not after,
    )


def known(number: int) -> int:
    """A number that a batch could have. Raises NotFound."""
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such batch.")
    return number


def batch_of(database: Database, number: int) -> Batch:
    """A batch. Raises NotFound."""
    with database.read() as session:
        found = batches.get(session, known(number))
    if found is None:
        raise NotFound("There is no such batch.")
    return found


def is_pending(run: Run) -> bool:
    """Whether a run is still to end."""
    return run.state in (RunState.QUEUED, RunState.RUNNING)


def _has_pieces(batch: Batch) -> bool:
    return batch.state in (BatchState.READY, BatchState.VOIDED)


def _show_piece(request: Request, database: Database, number: int, seq: int) -> Response:
    piece: PrintedPiece = find_piece(database, known(number), seq)
    return page.show(request, "piece.html", number=number, piece=piece)


def _turned(database: Database, view: View, *, limit: int) -> Turned[Batch]:
    with database.read() as session:
        return batches.listed(
            session,
            states=view.several("state"),
            after=view.after_number,
            before=view.before_number,
            limit=limit,
        )


def _filters(language: Language) -> Sequence[Filter]:
    choices = [(state, names.batch_state(language, state)) for state in BatchState]
    return [Filter("state", language.text("State"), FilterKind.SEVERAL, choices)]


def _columns(settings: Settings) -> list[Column]:
    zone = ZoneInfo(settings.timezone)

    def moment(name: str) -> Any:
        def cell(row: Any, language: Language) -> Cell:
            value: datetime | None = getattr(row["batch"], name)
            if value is None:
                return Cell("", plain="")
            return Cell(language.moment(value, zone), plain=value.isoformat())

        return cell

    def count(name: str) -> Any:
        def cell(row: Any, language: Language) -> Cell:
            value: int = getattr(row["batch"], name)
            return Cell(language.number(value), Kind.NUMBER, plain=str(value))

        return cell

    return [
        Column("batch", mark("Batch"), _name, always=True),
        Column("state", mark("State"), _state),
        Column("pieces", mark("Pieces"), count("pieces"), is_number=True),
        Column("pages", mark("Pages"), count("pages"), is_number=True, usual=False),
        Column("published", mark("Ready since"), moment("published_at")),
        Column("picked_up", mark("First fetched"), moment("picked_up_at")),
        Column("received", mark("Received"), moment("received_at")),
        Column("purged", mark("Files removed"), moment("purged_at"), usual=False),
    ]


def _name(row: Any, language: Language) -> Cell:
    batch: Batch = row["batch"]
    below = language.text("cycle %(number)s", number=batch.cycle_id)
    if batch.reprint_of is not None:
        below += f" · {language.text('reprint of batch %(number)s', number=batch.reprint_of)}"
    return Cell(batch.name, Kind.LINK, below, path=f"{PATH}/{batch.id}", plain=batch.name)


def _state(row: Any, language: Language) -> Cell:
    text, tone = names.batch(language, row["batch"])
    return Cell(text, Kind.BADGE, tone=tone)
