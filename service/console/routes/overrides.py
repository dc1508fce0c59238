"""Pins and bans: what is open, make one, end one."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from service.console import plan_words
from service.cycle.overrides import (
    OverrideWanted,
    end_override,
    make_override,
    page_overrides,
)
from service.engine.allocate.value import CELLS
from service.engine.offers.overrides import OverrideAct
from service.engine.rights import Right
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import page
from service.pages.flash import Message
from service.pages.visitor import DatabaseDep, Member, may

router = APIRouter(prefix="/cycles/overrides")

PATH = "/cycles/overrides"
ROWS = 100
HOUSEHOLD, ALL = "household", "all"
_LARGEST_ID = 2**63 - 1

Sees = Annotated[Member, Depends(may(Right.SEE_CYCLES))]
Plans = Annotated[Member, Depends(may(Right.PLAN_CYCLES))]


@router.get("")
def table(
    request: Request,
    database: DatabaseDep,
    _member: Sees,
    deal: Annotated[int | None, Query(ge=1, le=_LARGEST_ID)] = None,
    ended: bool = False,
    after: Annotated[int | None, Query(ge=1, le=_LARGEST_ID)] = None,
) -> Response:
    """What is pinned and banned, or was; a form to pin or to ban a deal."""
    found = page_overrides(database, deal=deal, is_open=not ended, before=after, limit=ROWS + 1)
    return page.show(
        request,
        "overrides.html",
        rows=found[:ROWS],
        following=found[ROWS - 1].override.id if len(found) > ROWS else None,
        ended=ended,
        deal=deal,
        cells=CELLS,
        words=plan_words,
    )


@router.post("")
def make(
    request: Request,
    database: DatabaseDep,
    member: Plans,
    act: Annotated[OverrideAct, Form()],
    whom: Annotated[str, Form(max_length=40)],
    deal: Annotated[int | None, Form(ge=1, le=_LARGEST_ID)] = None,
    listed: Annotated[int | None, Form(ge=1, le=_LARGEST_ID)] = None,
    reason: Annotated[str, Form(max_length=400)] = "",
    household: Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = "",
    back: Annotated[str, Form(max_length=200)] = PATH,
) -> Response:
    """Pin or ban a deal, by its number or as `listed` on a list, for a household, a cell or all."""
    number = listed or deal
    if number is None:
        raise InvalidInput(member.language.text("Say which deal."))
    if whom == HOUSEHOLD and not household.strip():
        raise InvalidInput(member.language.text("Say which household."))
    wanted = OverrideWanted(
        act,
        number,
        reason,
        household=household.strip() if whom == HOUSEHOLD else "",
        cell="" if whom in (HOUSEHOLD, ALL) else whom,
    )
    try:
        made = make_override(database, wanted, by=member.by, now=datetime.now(UTC))
    except NotFound as error:
        # What was typed is wrong, not the address.
        raise InvalidInput(error.detail) from error
    said = member.language.text(
        "%(act)s %(number)s holds from the next list on: plan again to see what it changes.",
        act=plan_words.override_act(member.language, act),
        number=made.override.id,
    )
    return page.go_to(request, _own(back), Message(said))


@router.post("/{number}/end")
def end(
    request: Request,
    number: int,
    database: DatabaseDep,
    member: Plans,
    back: Annotated[str, Form(max_length=200)] = PATH,
) -> Response:
    """End a pin or a ban."""
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such pin or ban.")
    ended = end_override(database, number, by=member.by, now=datetime.now(UTC))
    said = member.language.text(
        "%(act)s %(number)s ended.",
        act=plan_words.override_act(member.language, ended.override.act),
        number=number,
    )
    return page.go_to(request, _own(back), Message(said))


def _own(back: str) -> str:
    """Where to go back to: a page of cycles. Raises Conflict for any other."""
    if not back.startswith("/cycles/") or "//" in back or ".." in back:
        raise Conflict("That is no page of cycles.")
    return back
