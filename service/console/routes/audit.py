"""The audit trail: one search over who did what, to deals and to all else."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.admin import people
from service.console import names, page
from service.console.visitor import DatabaseDep, Member, SettingsDep, may
from service.engine.rights import Right
from service.store import trail
from service.store.trail import BEGIN, Edge, Search

router = APIRouter(prefix="/audit")

PATH = "/audit"
ROWS = 50

Sees = Annotated[Member, Depends(may(Right.SEE_AUDIT))]
Word = Annotated[str, Query(max_length=60)]


@router.get("")
def search(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    _by: Sees,
    person: Word = "",
    thing: Word = "",
    number: Word = "",
    act: Word = "",
    until: Word = "",
    after: Word = "",
) -> Response:
    """Who did what, newest first: by person, thing, act and last day. What is no filter is none."""
    asked = {"person": person, "thing": thing, "number": number, "act": act, "until": until}
    kept = {name: value.strip().replace("\x00", "") for name, value in asked.items()}
    wanted = Search(
        person_id=int(kept["person"]) if _is_number(kept["person"]) else None,
        subject=kept["thing"] if kept["thing"] in names.THINGS else "",
        subject_id=kept["number"],
        act=kept["act"].lower().replace(" ", "_"),
        until=_end_of(kept["until"], ZoneInfo(settings.timezone)),
    )
    with database.read() as session:
        found, edge = trail.page(session, wanted, edge=_edge(after), limit=ROWS)
    following = {**kept, "after": f"{edge[0]}-{edge[1]}"} if edge is not None else {}
    return page.show(
        request,
        "audit.html",
        deeds=found,
        kept=kept,
        people=[each.person for each in people.list_people(database)],
        first=f"{PATH}?{urlencode(kept)}" if after else "",
        following=f"{PATH}?{urlencode(following)}" if following else "",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _edge(text: str) -> Edge:
    first, _, second = text.partition("-")
    # `BEGIN` has 19 digits: of that kind nothing was shown yet.
    return Edge(*(int(each) if _is_number(each) else BEGIN for each in (first, second)))


def _end_of(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError):
        return None
