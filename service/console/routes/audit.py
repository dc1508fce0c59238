"""The audit trail: one search over who did what, to deals and to all else."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from service.admin import people
from service.engine.rights import Right
from service.pages import names, page
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column
from service.pages.listing.csv_file import csv_rows
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store import trail
from service.store.trail import BEGIN, Edge, Place, Search

router = APIRouter(prefix="/audit")

PATH = "/audit"
ROWS = 50
_MOST_CSV_ROWS = 100_000
_CSV_ROWS_AT_ONCE = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = (BEGIN.happened_at - _EPOCH) // _MICROSECOND

Sees = Annotated[Member, Depends(may(Right.SEE_AUDIT))]


class Asked(NamedTuple):
    """The filters of the page; what is no filter is none."""

    person: Annotated[str, Query(max_length=60)] = ""
    thing: Annotated[str, Query(max_length=60)] = ""
    number: Annotated[str, Query(max_length=60)] = ""
    act: Annotated[str, Query(max_length=60)] = ""
    since: Annotated[str, Query(max_length=60)] = ""
    until: Annotated[str, Query(max_length=60)] = ""


AskedDep = Annotated[Asked, Depends(Asked)]


@router.get("")
def search(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    _by: Sees,
    asked: AskedDep,
    after: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Who did what, newest first: by person, thing, act, first and last day."""
    kept = _kept(asked)
    with database.read() as session:
        wanted = _search(kept, ZoneInfo(settings.timezone))
        found, edge = trail.page(session, wanted, edge=_edge(after), limit=ROWS)
    following = {**kept, "after": _written(edge)} if edge is not None else {}
    return page.show(
        request,
        "audit.html",
        deeds=found,
        kept=kept,
        people=[each.person for each in people.list_people(database)],
        as_csv=f"{PATH}.csv?{urlencode(kept)}",
        first=f"{PATH}?{urlencode(kept)}" if after else "",
        following=f"{PATH}?{urlencode(following)}" if following else "",
    )


@router.get(".csv")
def search_as_csv(
    database: DatabaseDep, settings: SettingsDep, member: Sees, asked: AskedDep
) -> Response:
    """The same view as a file, up to 100,000 rows."""
    wanted = _search(_kept(asked), ZoneInfo(settings.timezone))

    pages = trail.read_all(database, wanted, most=_MOST_CSV_ROWS, at_once=_CSV_ROWS_AT_ONCE)
    rows = ([{"deed": each} for each in found] for found in pages)
    return StreamingResponse(
        csv_rows(rows, _COLUMNS, member.language),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="trail.csv"'},
    )


def _cell(name: str) -> Any:
    def cell(row: Any, _language: Language) -> Cell:
        return Cell(str(getattr(row["deed"], name)))

    return cell


_COLUMNS = (
    Column("when", mark("When"), lambda row, _: Cell(row["deed"].happened_at.isoformat())),
    Column("who", mark("Who"), _cell("actor")),
    Column("act", mark("Act"), _cell("act")),
    Column("thing", mark("To what"), _cell("subject")),
    Column("number", mark("Its number"), _cell("subject_id")),
    Column("details", mark("Details"), lambda row, _: Cell(names.detail(row["deed"]))),
)


def _kept(asked: Asked) -> dict[str, str]:
    return {name: value.strip().replace("\x00", "") for name, value in asked._asdict().items()}


def _search(kept: Mapping[str, str], zone: ZoneInfo) -> Search:
    return Search(
        person_id=int(kept["person"]) if _is_number(kept["person"]) else None,
        subject=kept["thing"] if kept["thing"] in names.THINGS else "",
        subject_id=kept["number"],
        act=kept["act"].lower().replace(" ", "_"),
        since=_day(kept["since"], zone),
        until=_day(kept["until"], zone, days=1),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _written(edge: Edge) -> str:
    return "-".join(f"{(place.happened_at - _EPOCH) // _MICROSECOND}-{place.id}" for place in edge)


def _edge(text: str) -> Edge:
    """The edge that was written; what is none begins with the newest."""
    parts = [int(part) if _is_number(part) else None for part in text.split("-")]
    if len(parts) != 4:
        return Edge()
    return Edge(_place(*parts[:2]), _place(*parts[2:]))


def _place(moment: int | None, number: int | None) -> Place:
    # The beginning has 19 digits: of that kind nothing was shown yet.
    if moment is None or number is None or moment > _LATEST:
        return BEGIN
    return Place(_EPOCH + moment * _MICROSECOND, number)


def _day(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
    except (ValueError, OverflowError):
        return None
