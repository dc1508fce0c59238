"""Files of deals: sent, read, corrected, and loaded when somebody asks for it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.datastructures import FormData
from starlette.responses import Response

from service.deals import Order, Preview, UploadReport, held, make_template
from service.deals.corrections import MOST_CHARACTERS, Correction
from service.deals.faulty_rows import FaultyRow
from service.deals.held import Held
from service.engine.rights import Right
from service.errors import InvalidInput, LarderError, NotAccepted
from service.notice import Count
from service.pages import page
from service.pages.flash import Message, Tone
from service.pages.languages import mark
from service.pages.readings import LISTED, Readings, Work
from service.pages.visitor import Member, SettingsDep, may

PATH = "/deals/upload"
ROWS = 100
_MOST_INPUTS = 400
_MOST_NAME = 60
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

STAGES = {
    "waiting": mark("Waiting for its turn"),
    "reading": mark("Reading the cells"),
    "deals": mark("Interpreting and checking the rows"),
}

router = APIRouter(prefix=PATH)

Changes = Annotated[Member, Depends(may(Right.CHANGE_DEALS))]


def _readings(request: Request) -> Readings:
    readings: Readings = request.app.state.readings
    return readings


async def _fields(request: Request) -> FormData:
    return await request.form()


ReadingsDep = Annotated[Readings, Depends(_readings)]
Fields = Annotated[FormData, Depends(_fields)]


@router.get("")
def choose(request: Request, settings: SettingsDep, _member: Changes) -> Response:
    """Where a file is dropped or chosen, and the files that wait."""
    return page.show(request, "upload.html", waiting=held.waiting(settings))


@router.post("")
def send(
    request: Request,
    settings: SettingsDep,
    member: Changes,
    file: Annotated[UploadFile, File()],
    encoding: Annotated[str, Form(max_length=20, pattern=r"^[\w-]*$")] = "",
    dates: Annotated[Order | None, Form()] = None,
) -> Response:
    """Keep a file and lead to what it means."""
    body = file.file.read()
    if not body:
        said = Message(member.language.text("Choose a file that is not empty."), Tone.WARNING)
        return page.go_to(request, PATH, said)
    kept = held.hold(
        settings, _file_name(file.filename or ""), body, by=member.by, now=datetime.now(UTC),
        encoding=encoding, dates=str(dates or ""),
    )  # fmt: skip
    return page.go_to(request, f"{PATH}/{kept.token}")


@router.get("/template")
def template(_member: Changes) -> Response:
    """The form as a workbook."""
    return _workbook(make_template(), "deals.xlsx")


@router.get("/{upload}")
def look(
    request: Request,
    settings: SettingsDep,
    member: Changes,
    readings: ReadingsDep,
    upload: str,
    after: int = 0,
) -> Response:
    """What every row of a file means, its faults and notes; or how far reading or loading is."""
    messages: tuple[Message, ...] = ()
    loading = readings.loading(upload)
    if request.headers.get("hx-request"):
        awaited = loading or readings.known(settings, upload)
        if awaited is not None and not awaited.future.done():
            return _working(request, upload, awaited, is_load=loading is not None)
        # What was being waited for is a page of its own.
        path = page.address(request, f"{PATH}/{upload}")
        return Response(status_code=200, headers={"HX-Redirect": path})
    if loading is not None:
        try:
            report = loading.wait()
        except LarderError as error:
            readings.forget(upload)
            messages = (_refused(request, member, error),)
        else:
            if report is None:
                return _working(request, upload, loading, is_load=True)
            return _loaded(request, member, readings, upload, report)
    file = held.find(settings, upload)
    work = readings.look(file)
    try:
        found = work.wait()
    except InvalidInput as error:
        return page.show(
            request, "upload_unread.html", status=422, file=file, error=error, messages=messages
        )
    if found is None:
        return _working(request, upload, work, is_load=False)
    return _show(request, file, found, after=after, messages=messages)


@router.post("/{upload}/correct")
def correct(
    request: Request, settings: SettingsDep, _member: Changes, upload: str, fields: Fields
) -> Response:
    """Take the corrections of cells, and read the table again with them."""
    held.amend(settings, upload, list(_corrections(fields)))
    return page.go_to(request, f"{PATH}/{upload}")


@router.post("/{upload}/undo")
def undo(request: Request, settings: SettingsDep, _member: Changes, upload: str) -> Response:
    """Read the file as it was sent again."""
    held.restore(settings, upload)
    return page.go_to(request, f"{PATH}/{upload}")


@router.post("/{upload}/load")
def load(
    request: Request,
    settings: SettingsDep,
    member: Changes,
    readings: ReadingsDep,
    upload: str,
    accept: Annotated[str, Form(max_length=16)] = "",
    accepted: Annotated[bool, Form()] = False,
) -> Response:
    """Load the whole file, with the notes that were accepted; its page says what became of it."""
    file = held.find(settings, upload)
    readings.load(file, by=member.by, accept=accept if accepted else "")
    return page.go_to(request, f"{PATH}/{upload}")


@router.post("/{upload}/drop")
def drop(
    request: Request, settings: SettingsDep, member: Changes, readings: ReadingsDep, upload: str
) -> Response:
    """Forget a file; nothing of it was loaded."""
    file = held.find(settings, upload)
    held.drop(settings, upload)
    readings.forget(upload)
    said = member.language.text("%(name)s is dropped; nothing of it was loaded.", name=file.name)
    return page.go_to(request, PATH, Message(said))


@router.get("/{upload}/remarks")
def remarks(
    settings: SettingsDep, _member: Changes, readings: ReadingsDep, upload: str
) -> Response:
    """The file back with a column of remarks, as XLSX."""
    file = held.find(settings, upload)
    stem = PurePosixPath(file.name).stem
    return _workbook(readings.remarks(file), f"{stem}-remarks.xlsx")


def _show(
    request: Request,
    file: Held,
    found: Preview,
    *,
    after: int,
    messages: tuple[Message, ...],
) -> Response:
    first = max(0, min(after, len(found.deals) - 1)) // ROWS * ROWS
    faulty = list(_fitting(found.faulty))
    return page.show(
        request,
        "upload_file.html",
        file=file,
        found=found,
        faulty=faulty,
        more_faulty=max(0, len(found.faulty) - len(faulty)),
        asks=[note for note in found.notes if note.asks],
        notes=[note for note in found.notes if not note.asks],
        shown=found.deals[first : first + ROWS],
        first=first,
        rows_a_page=ROWS,
        beyond=max(0, found.added + found.revised + found.unchanged - LISTED),
        messages=messages,
    )


def _fitting(rows: Sequence[FaultyRow]) -> Iterator[FaultyRow]:
    """The first rows whose cells are few enough for one form."""
    inputs = 0
    for row in rows:
        inputs += len(row.cells) if row.of_row else len(row.faulty)
        if inputs > _MOST_INPUTS:
            return
        yield row


def _working(request: Request, upload: str, work: Work[Any], *, is_load: bool) -> Response:
    return page.show(
        request, "upload_working.html", upload=upload, work=work, is_load=is_load,
        stage=STAGES.get(work.stage, STAGES["deals"]),
    )  # fmt: skip


def _loaded(
    request: Request, member: Member, readings: Readings, upload: str, report: UploadReport
) -> Response:
    readings.forget(upload)
    request.app.state.today.forget()
    said = member.language.text(
        "Loaded: %(added)s new, %(revised)s revised, %(unchanged)s unchanged.",
        added=member.language.number(report.added),
        revised=member.language.number(report.revised),
        unchanged=member.language.number(report.unchanged),
    )
    return page.go_to(request, "/deals?order=newest", Message(said))


def _refused(request: Request, member: Member, error: LarderError) -> Message:
    if isinstance(error, NotAccepted):
        said = member.language.text("Nothing was loaded: read the notes below and accept them.")
        return Message(said, Tone.WARNING)
    return Message(page.say(request, error), Tone.ERROR)


def _corrections(fields: FormData) -> Iterator[Correction]:
    """The cells of the form that was sent: `cell:ROW:COLUMN:SHEET`, and `out:ROW:SHEET`."""
    for name, value in fields.multi_items():
        kind, _, place = name.partition(":")
        if kind not in ("cell", "out") or not isinstance(value, str):
            continue
        row, _, rest = place.partition(":")
        if kind == "out":
            for column in value.split(","):
                yield _correction(rest, row, column, "")
        else:
            column, _, sheet = rest.partition(":")
            yield _correction(sheet, row, column, value)


def _correction(sheet: str, row: str, column: str, text: str) -> Correction:
    if not (row.isdecimal() and column.isdecimal()) or len(row) > 7 or len(column) > 5:
        raise InvalidInput("The form names a cell that cannot be.")
    if len(text) > MOST_CHARACTERS or "\x00" in text:
        raise InvalidInput(
            "A cell has at most %(number)s characters.", number=Count(MOST_CHARACTERS)
        )
    return Correction(sheet, int(row), int(column), text.strip())


def _file_name(sent: str) -> str:
    last = PurePosixPath(sent.replace("\\", "/")).name
    shown = "".join(each for each in last if each.isprintable()).strip()
    suffix = PurePosixPath(shown).suffix[:10]
    return (shown.removesuffix(suffix)[: _MOST_NAME - len(suffix)] + suffix) or "deals.csv"


def _workbook(book: bytes, name: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(book, media_type=_XLSX, headers={"Content-Disposition": disposition})
