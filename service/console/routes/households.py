"""The customer query: search, the reason, and one household."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from service.console.routes import household_words
from service.console.routes.desk import receipt_path
from service.desk import households
from service.desk.households import FoundBy, HouseholdView, OpeningReason
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.pages import page
from service.pages.charts import Chart, Series, bars_by_day
from service.pages.languages import Language
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.session import Database

router = APIRouter(prefix="/households")

PATH = "/households"
_VISITS = 20
_ITEMS = 15
_LARGEST_ID = 2**63 - 1

Sees = Annotated[Member, Depends(may(Right.SEE_HOUSEHOLDS))]
Word = Annotated[str, Form(max_length=500)]
_DUE = (pl.col("last_bought_on") + pl.duration(days=pl.col("interval_days").round())).cast(pl.Date)
"""The day that the usual interval of an item ends; null after a single purchase."""


@router.get("")
def search(request: Request, _member: Sees) -> Response:
    """Where a household is looked for."""
    return _search(request)


@router.post("")
def find(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    by: Annotated[FoundBy, Form()],
    reason: Annotated[OpeningReason, Form()],
    value: Word = "",
    note: Word = "",
) -> Response:
    """Open the household that has exactly this; what was typed is in no address."""
    text = member.language.text
    if reason is OpeningReason.OTHER and not note.strip():
        said = text("Say why in the note, or choose another reason.")
        return _search(request, by=by, wrong=said)
    try:
        number = households.find(database, settings, by, value)
    except NotFound:
        said = text("No household has exactly this. A part of a number finds nothing.")
        return _search(request, by=by, wrong=said)
    return _opened(request, database, member, number, reason=reason, note=note)


@router.post("/{number}/open")
def give_reason(
    request: Request,
    number: int,
    database: DatabaseDep,
    member: Sees,
    reason: Annotated[OpeningReason, Form()],
    note: Word = "",
) -> Response:
    """Open a household that a page led to."""
    try:
        return _opened(request, database, member, _known(number), reason=reason, note=note)
    except InvalidInput:
        said = member.language.text("Say why in the note, or choose another reason.")
        return _ask(request, number, wrong=said)


@router.get("/{number}")
def one(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    before: Annotated[int | None, Query(ge=1, le=_LARGEST_ID)] = None,
) -> Response:
    """One household, for whoever gave a reason within the hour; else the question for one."""
    person_id = member.signed_in.person.id
    if not households.is_open(database, _known(number), person_id, now=_now()):
        return _ask(request, number)
    today = _now().astimezone(ZoneInfo(settings.timezone)).date()
    view = households.look(database, settings, number, today=today)
    found = households.visits(database, number, before_id=before, limit=_VISITS + 1)
    return page.show(
        request,
        "household.html",
        view=view,
        visits=found[:_VISITS],
        later=before is not None,
        earlier=found[_VISITS - 1].id if len(found) > _VISITS else None,
        items=_items(view),
        chart=_chart(member.language, view),
        words=household_words,
        link=receipt_path,
        weeks=households.WEEKS,
        gives=False,
        to=f"{PATH}/{number}",
    )


def _opened(
    request: Request,
    database: Database,
    member: Member,
    number: int,
    *,
    reason: OpeningReason,
    note: str,
) -> Response:
    households.open_household(database, number, by=member.by, reason=reason, note=note, now=_now())
    return page.go_to(request, f"{PATH}/{number}")


def _search(request: Request, *, by: FoundBy = FoundBy.NUMBER, wrong: str = "") -> Response:
    return page.show(
        request,
        "households.html",
        status=422 if wrong else 200,
        by=by,
        ways=list(FoundBy),
        reasons=list(OpeningReason),
        words=household_words,
        wrong=wrong,
    )


def _ask(request: Request, number: int, *, wrong: str = "") -> Response:
    """The question why; it is the same for a household that is not there."""
    return page.show(
        request,
        "household_reason.html",
        status=422 if wrong else 200,
        number=number,
        reasons=list(OpeningReason),
        words=household_words,
        wrong=wrong,
    )


def _items(view: HouseholdView) -> Sequence[Mapping[str, Any]]:
    """The likeliest items, each with when it is expected."""
    if view.forecast.is_empty():
        return []
    return view.forecast.head(_ITEMS).with_columns(due_on=_DUE).to_dicts()


def _chart(language: Language, view: HouseholdView) -> Chart | None:
    """How many items are due on each day of the horizon, by their usual intervals."""
    if view.as_of is None or view.forecast.is_empty():
        return None
    due = view.forecast.filter(pl.col("interval_days").is_not_null()).with_columns(
        due=pl.max_horizontal(_DUE, pl.lit(view.as_of))
    )
    chances: dict[date, float] = dict(
        due.filter(pl.col("due") < view.as_of + timedelta(days=view.horizon_days))
        .group_by("due")
        .agg(pl.col("p_purchase").sum())
        .iter_rows()
    )
    days = [view.as_of + timedelta(days=place) for place in range(view.horizon_days)]
    return bars_by_day(
        "forecast",
        days,
        Series(language.text("Items"), [chances.get(day, 0.0) for day in days], "first"),
        None,
        title=language.text("When it needs things again"),
        description=language.text(
            "Each item counts by its chance, on the day that its usual interval ends: %(items)s in "
            "all. What is overdue counts on %(day)s, the day after the newest visit.",
            items=language.number(sum(chances.values())),
            day=language.day(view.as_of),
        ),
        language=language,
    )


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such page.")
    return number


def _now() -> datetime:
    return datetime.now(UTC)
