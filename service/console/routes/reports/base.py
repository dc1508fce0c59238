"""What all pages of reports share: who may see them, their days, and how one is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request
from starlette.responses import Response

from service.engine.rights import Right
from service.pages import page
from service.pages.charts import Chart
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.amounts import amount
from service.pages.listing.columns import Row
from service.pages.visitor import Member, SettingsDep, may
from service.settings import Settings

PATH = "/reports"
_MONTHS = 3
_EARLIEST, _LATEST = date(1990, 1, 1), date(2999, 12, 31)
_MOST_ROWS = 200

Sees = Annotated[Member, Depends(may(Right.SEE_MONEY))]
Day = Annotated[date | None, Query(ge=_EARLIEST, le=_LATEST)]


class Span(NamedTuple):
    """The days of a report, both of them in it."""

    first: date
    last: date


def _span(settings: SettingsDep, first: Day = None, last: Day = None) -> Span:
    """The days that are asked for, else this month and the two before."""
    until = last or today(settings)
    months = until.year * 12 + until.month - _MONTHS
    return Span(first or date(months // 12, months % 12 + 1, 1), until)


Days = Annotated[Span, Depends(_span)]


class Name(StrEnum):
    """The pages of reports."""

    SALES = "sales"
    STORES = "stores"
    CONCENTRATION = "concentration"
    PROGRAMME = "programme"
    LIFT = "lift"
    LEAVING = "leaving"


TITLES = {
    Name.SALES: mark("Sales"),
    Name.STORES: mark("Stores"),
    Name.CONCENTRATION: mark("Concentration"),
    Name.PROGRAMME: mark("Programme"),
    Name.LIFT: mark("Lift"),
    Name.LEAVING: mark("About to leave"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of a report's form with the values that it can have, and what they are called."""

    name: str
    title: str
    value: str
    values: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a page of a report is drawn from; rows are given to `columns` under "row".

    `days` are the dates of its form by name, `notes` sentences below its heading.
    """

    name: Name
    columns: Sequence[Column]
    rows: Sequence[Any]
    days: Mapping[str, date]
    choices: Sequence[Choice] = ()
    notes: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    charts: Sequence[Chart] = field(default=())


def show(request: Request, member: Member, report: Report) -> Response:
    """The page of a report; its file has the rows that are too many for it."""
    language = member.language
    asked = {name: day.isoformat() for name, day in report.days.items()}
    asked |= {each.name: each.value for each in report.choices}
    return page.show(
        request,
        "report.html",
        report=report,
        names=[(each, language.text(TITLES[each])) for each in Name if _may_see(member, each)],
        title=language.text(TITLES[report.name]),
        rows=[
            [column.cell({"row": row}, language) for column in report.columns]
            for row in report.rows[:_MOST_ROWS]
        ],
        most_rows=_MOST_ROWS,
        file=f"{PATH}/{report.name}.csv?{urlencode(asked)}",
    )


def _may_see(member: Member, name: Name) -> bool:
    right = Right.SEE_HOUSEHOLDS if name is Name.LEAVING else Right.SEE_MONEY
    return member.signed_in.may(right)


def today(settings: Settings) -> date:
    """Today where the retailer is."""
    return datetime.now(UTC).astimezone(ZoneInfo(settings.timezone)).date()


def text_of(name: str) -> Any:
    """A cell with an attribute of a row, or a dash."""
    return lambda row, _language: Cell(str(getattr(row["row"], name)) or "–")


def money(value: int | float | None, currency: str, language: Language) -> Cell:
    """A cell with an amount in minor units; empty where there is none."""
    return Cell("", Kind.NUMBER) if value is None else amount(round(value), currency, language)


def count(value: int | float, language: Language) -> Cell:
    """A cell with a number."""
    return Cell(language.number(value), Kind.NUMBER, plain=str(value))


def share(value: float | None, language: Language) -> Cell:
    """A cell with a share; empty where there is none."""
    if value is None:
        return Cell("", Kind.NUMBER)
    return Cell(language.percent(value), Kind.NUMBER, plain=f"{value:.4f}")


def day(value: date, language: Language) -> Cell:
    """A cell with a day."""
    return Cell(language.day(value), plain=value.isoformat())


def in_file(rows: Sequence[Any]) -> list[list[Row]]:
    """Rows as a file wants them: one page of all."""
    return [[{"row": row} for row in rows]]
