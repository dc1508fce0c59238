"""The calendar of deals by category: what overlaps and what is missing; its view is the query."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.deals import listing
from service.deals.calendar import (
    CategoryDays,
    CategoryDeals,
    Sought,
    Span,
    read_calendar,
    read_category,
)
from service.engine.rights import Right
from service.errors import InvalidInput
from service.pages import page
from service.pages.charts import Chart, DaySpan, SpanRow, Table, rows_of_days
from service.pages.languages import Language, mark
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.offers.calendar import Window

router = APIRouter(prefix="/deals")

PATH = "/deals/calendar"
WEEKS = (4, 8, 13, 26)
WINDOWS = {
    Window.MAILED: mark("Days on which new lists may carry them"),
    Window.REDEEMED: mark("Days on which tills take them"),
}
SHORT = {Window.MAILED: mark("Mailed"), Window.REDEEMED: mark("Redeemed")}
_USUAL_WEEKS = 8
_CATEGORIES = 15
_DEALS = 25
_YEARS = range(2000, 2100)
_ALWAYS_ON = 4
"""So many deals at once are drawn as high as any more."""

Sees = Annotated[Member, Depends(may(Right.SEE_DEALS))]
Words = Annotated[str, Query(max_length=200)]


@router.get("/calendar")
def calendar(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    since: Words = "",
    weeks: int = _USUAL_WEEKS,
    window: Window = Window.MAILED,
    category: Words = "",
    supplier: Words = "",
    approved: bool = False,
    after: Words = "",
) -> Response:
    """Categories, or with one of them its deals, over some weeks."""
    language = member.language
    today = datetime.now(ZoneInfo(settings.timezone) if settings.timezone else UTC).date()
    sought = Sought(
        _first_day(language, since, today),
        7 * (weeks if weeks in WEEKS else _USUAL_WEEKS),
        window,
        category,
        supplier,
        with_waiting=not approved,
    )
    values: dict[str, Any] = {}
    if category:
        number = int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else None
        of_it = read_category(
            database, sought, after=number, limit=_DEALS,
            language=language.tag, currency=settings.currency,
        )  # fmt: skip
        days = read_calendar(database, sought, after="", limit=1).rows
        values = {"deals": of_it, "days": days, "next": of_it.after}
        chart = _deals_chart(language, sought, days, of_it)
    else:
        found = read_calendar(database, sought, after=after, limit=_CATEGORIES)
        values = {"deals": None, "days": found.rows, "next": found.after}
        chart = _categories_chart(language, sought, found.rows)
    suppliers, categories = listing.names_to_filter(database)
    return page.show(
        request,
        "deal_calendar.html",
        **values,
        chart=chart,
        sought=sought,
        weeks=sought.days // 7,
        choices={
            "weeks": [(each, language.number(each)) for each in WEEKS],
            "window": [(each, language.text(words)) for each, words in SHORT.items()],
        },
        suppliers=[(each, each) for each in suppliers],
        categories=[(each, each) for each in categories],
        is_first=not after,
        address=_addresses(sought),
        gap=lambda span: _days(language, span),
    )


def _first_day(language: Language, text: str, today: date) -> date:
    """The day that was typed, else the Monday of this week. Raises InvalidInput."""
    if not text:
        return today - timedelta(days=today.weekday())
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise InvalidInput(language.text("Write a day as 2026-04-01."))
    return found


def _addresses(sought: Sought) -> Any:
    """The address of this calendar with something else in its query; None leaves it out."""
    here = {
        "since": sought.first.isoformat(),
        "weeks": str(sought.days // 7),
        "window": str(sought.window),
        "category": sought.category,
        "supplier": sought.supplier,
        "approved": "" if sought.with_waiting else "true",
    }

    def address(**changed: object) -> str:
        query = {**here, **{name: str(value) for name, value in changed.items()}}
        return f"{PATH}?{urlencode({name: value for name, value in query.items() if value})}"

    return address


def _categories_chart(language: Language, sought: Sought, rows: Sequence[CategoryDays]) -> Chart:
    gaps = sum(1 for row in rows if row.gaps)
    return _chart(
        language,
        sought,
        [_row(language, row) for row in rows],
        description=language.text(
            "From %(first)s to %(last)s: %(gaps)s of %(all)s categories have days without a deal.",
            first=language.day(sought.first),
            last=language.day(sought.last),
            gaps=language.number(gaps),
            all=language.number(len(rows)),
        ),
        table=_spans_table(language, rows),
    )


def _deals_chart(
    language: Language, sought: Sought, days: Sequence[CategoryDays], of_it: CategoryDeals
) -> Chart:
    rows = [_row(language, row) for row in days]
    named = [
        (f"{row['title']} ({row['deal_id']})", Span(*run, 1))
        for row, run in zip(of_it.rows, of_it.runs, strict=True)
    ]
    rows += [
        SpanRow(
            name, [DaySpan(run.first, run.last, "deal", 0.6, f"{name}: {_days(language, run)}")]
        )
        for name, run in named
    ]
    return _chart(
        language,
        sought,
        rows,
        description=language.text(
            "From %(first)s to %(last)s: above all deals together, below each by itself.",
            first=language.day(sought.first),
            last=language.day(sought.last),
        ),
        table=_spans_table(language, days),
    )


def _chart(
    language: Language, sought: Sought, rows: Sequence[SpanRow], *, description: str, table: Table
) -> Chart:
    return rows_of_days(
        "calendar",
        rows,
        first=sought.first,
        days=sought.days,
        title=language.text(WINDOWS[sought.window]),
        description=description,
        table=table,
        legend=[
            ("first", language.text("One deal")),
            ("overlap", language.text("Several at once, the higher the more")),
            ("gap", language.text("No deal")),
        ],
        language=language,
    )


def _row(language: Language, row: CategoryDays) -> SpanRow:
    return SpanRow(row.name, [_span(language, row.name, span) for span in row.spans])


def _span(language: Language, name: str, span: Span) -> DaySpan:
    text = f"{name}, {_days(language, span)}: {_deals(language, span.deals)}"
    if not span.deals:
        return DaySpan(span.first, span.last, "gap", 0.35, text)
    kind = "first" if span.deals == 1 else "overlap"
    height = 0.25 + 0.75 * min(span.deals, _ALWAYS_ON) / _ALWAYS_ON
    return DaySpan(span.first, span.last, kind, height, text)


def _spans_table(language: Language, rows: Sequence[CategoryDays]) -> Table:
    text = language.text
    return Table(
        [text("Category"), text("Days"), text("Deals")],
        [
            [row.name, _days(language, span), language.number(span.deals)]
            for row in rows
            for span in row.spans
        ],
    )


def _days(language: Language, span: Span) -> str:
    if span.first == span.last:
        return language.day(span.first)
    return f"{language.day(span.first)} – {language.day(span.last)}"


def _deals(language: Language, number: int) -> str:
    if not number:
        return language.text("No deal")
    return language.count("%(number)s deal", "%(number)s deals", number)
