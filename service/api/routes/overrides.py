"""For marketing: pin a deal to households, or ban it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from service.api.deps import MAX_ID, DatabaseDep, Id, MarketingCaller
from service.api.description import may_answer
from service.api.paging import After, Limit, Page, page_of
from service.api.schemas.overrides import OverrideIn, OverrideOut
from service.cycle.overrides import (
    OverrideWanted,
    end_override,
    make_override,
    one_override,
    page_overrides,
)

router = APIRouter(tags=["cycles"])

_UNKNOWN = may_answer(HTTPStatus.NOT_FOUND)


class OverridePage(Page):
    """Some pins and bans, the newest first."""

    overrides: list[OverrideOut]


@router.post("/overrides", response_model=OverrideOut, responses=_UNKNOWN)
def make(asked: OverrideIn, database: DatabaseDep, caller: MarketingCaller) -> OverrideOut:
    """Pin a deal to a household, a cell or all, or ban it; lists that are issued stay."""
    wanted = OverrideWanted(
        asked.act, asked.deal, asked.reason, household=asked.household, cell=asked.cell
    )
    return OverrideOut.of(make_override(database, wanted, by=caller.actor, now=datetime.now(UTC)))


@router.get("/overrides", response_model=OverridePage, responses=_UNKNOWN)
def page(
    database: DatabaseDep,
    _caller: MarketingCaller,
    deal: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    household: Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = "",
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    after: After = None,
    limit: Limit = 50,
) -> OverridePage:
    """What is pinned and banned, and what was: of a `deal`, of a `household`, only `open` ones."""
    found, cursor = page_of(
        lambda most: page_overrides(
            database, deal=deal, household=household, is_open=is_open, before=after, limit=most
        ),
        limit,
        key=lambda each: each.override.id,
    )
    return OverridePage(overrides=[OverrideOut.of(each) for each in found], cursor=cursor)


@router.get("/overrides/{number}", response_model=OverrideOut)
def one(number: Id, database: DatabaseDep, _caller: MarketingCaller) -> OverrideOut:
    """One pin or ban: what, for whom, who made it when and why, and who ended it."""
    return OverrideOut.of(one_override(database, number))


@router.post("/overrides/{number}/end", response_model=OverrideOut)
def end(number: Id, database: DatabaseDep, caller: MarketingCaller) -> OverrideOut:
    """End a pin or a ban."""
    return OverrideOut.of(end_override(database, number, by=caller.actor, now=datetime.now(UTC)))
