"""Sales beside the year before."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.console.routes.reports import base
from service.console.routes.reports.base import Choice, Days, Name, Report, Sees, in_file
from service.engine.periods import Each
from service.pages.charts import Chart, Series, bars_by_day
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.results.sales import SalesRow, sales_report
from service.settings import Settings
from service.store.sales import By

router = APIRouter(prefix=base.PATH)

EACH = {
    Each.DAY: mark("Day"), Each.WEEK: mark("Week"), Each.MONTH: mark("Month"),
    Each.QUARTER: mark("Quarter"), Each.YEAR: mark("Year"),
}  # fmt: skip
BY = {
    By.ALL: mark("In all"), By.STORE: mark("Store"), By.REGION: mark("Region"),
    By.DEPARTMENT: mark("Department"), By.CATEGORY: mark("Category"), By.TIER: mark("Class"),
}  # fmt: skip


@router.get("")
@router.get("/sales")
def sales(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
    each: Each = Each.MONTH,
    by: By = By.ALL,
) -> Response:
    """Sales by period and name, with a chart of all."""
    found = sales_report(database, first=days.first, last=days.last, each=each, by=by)
    text = member.language.text
    report = Report(
        Name.SALES,
        _columns(settings.currency, by),
        found,
        days=days._asdict(),
        choices=[
            Choice("each", text("Each"), each, [(one, text(EACH[one])) for one in Each]),
            Choice("by", text("By"), by, [(one, text(BY[one])) for one in By]),
        ],
        notes=[text("Sales are counted each night.")],
        charts=[_chart(found, member.language, settings)] if by is By.ALL and found else (),
    )
    return base.show(request, member, report)


@router.get("/sales.csv")
def sales_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
    each: Each = Each.MONTH,
    by: By = By.ALL,
) -> Response:
    """The same rows as a file."""
    found = sales_report(database, first=days.first, last=days.last, each=each, by=by)
    return csv_file("sales", in_file(found), _columns(settings.currency, by), member.language)


def _chart(found: Sequence[SalesRow], language: Language, settings: Settings) -> Chart:
    def write(cents: float) -> str:
        return language.money(round(cents), settings.currency)

    return bars_by_day(
        "sales",
        [row.period.first for row in found],
        Series(language.text("Sales"), [row.now.sales_cents for row in found], "first"),
        Series(
            language.text("A year before"), [row.before.sales_cents for row in found], "expected"
        ),
        title=language.text("Sales"),
        description=language.text("By the first day of each period."),
        language=language,
        write=write,
    )


def _columns(currency: str, by: By) -> list[Column]:
    money = partial(_money, currency=currency)
    named = [] if by is By.ALL else [Column("name", BY[by], base.text_of("name"))]
    return [
        Column("from", mark("From"), lambda row, lang: base.day(row["row"].period.first, lang)),
        Column("to", mark("To"), lambda row, lang: base.day(row["row"].period.last, lang)),
        *named,
        Column("sales", mark("Sales"), partial(money, when="now"), is_number=True),
        Column("before", mark("A year before"), partial(_before, currency=currency),
               is_number=True),
        Column("change", mark("Change"), lambda row, lang: base.share(row["row"].change, lang),
               is_number=True),
        Column("baskets", mark("Baskets"), partial(_count, what="baskets"), is_number=True),
        Column("baskets_before", mark("Baskets a year before"), partial(_count, what="baskets",
               when="before"), is_number=True),
        Column("customers", mark("Customers"), partial(_count, what="customers"), is_number=True),
        Column("customers_before", mark("Customers a year before"), partial(_count,
               what="customers", when="before"), is_number=True),
    ]  # fmt: skip


def _money(row: Row, language: Language, *, when: str, currency: str) -> Cell:
    return base.money(getattr(row["row"], when).sales_cents, currency, language)


def _before(row: Row, language: Language, *, currency: str) -> Cell:
    """What was sold then, and when: days and weeks have 52 weeks before beside them, no date."""
    then = row["row"].as_before
    days = language.day(then.first)
    if then.last != then.first:
        days += f" – {language.day(then.last)}"
    return _money(row, language, when="before", currency=currency)._replace(below=days)


def _count(row: Row, language: Language, *, what: str, when: str = "now") -> Cell:
    return base.count(getattr(getattr(row["row"], when), what), language)
