"""Suppliers' classes in a quarter, with their reasons."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.clearing.reports import evaluate_suppliers
from service.console.routes.clearing.base import PATH, Clears, today
from service.engine.clearing.evaluation import THRESHOLDS, Figure, Scored, quarter_of
from service.pages import clearing_words, page
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep

router = APIRouter(prefix=f"{PATH}/suppliers")

Day = Annotated[date | None, Query()]
_IN_DAYS = (Figure.DAYS_TO_PAY, Figure.STOCK_STOPS)


@router.get("")
def suppliers(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Clears, day: Day = None
) -> Response:
    """Every supplier's class in the quarter of a day."""
    chosen = day or today(settings)
    language = member.language
    return page.show(
        request,
        "clearing/suppliers.html",
        day=chosen,
        quarter=quarter_of(chosen),
        figures=[str(each) for each in Figure],
        thresholds=[
            (str(each), [value_of(language, each, limit) for limit in limits])
            for each, limits in THRESHOLDS.items()
        ],
        rows=[
            (each, [value_of(language, one.figure, one.value) for one in each.scored])
            for each in evaluate_suppliers(database, day=chosen)
        ],
    )


@router.get(".csv")
def suppliers_as_csv(
    database: DatabaseDep, settings: SettingsDep, member: Clears, day: Day = None
) -> Response:
    """The same as a file."""
    found = evaluate_suppliers(database, day=day or today(settings))

    def pages() -> Iterator[Sequence[Row]]:
        yield [{"supplier": each} for each in found]

    return csv_file("suppliers", pages(), _columns(), member.language)


def value_of(language: Language, figure: Figure, value: float | None) -> str:
    """A figure as it is written; empty where it is not known."""
    if value is None:
        return ""
    return language.number(value) if figure in _IN_DAYS else language.percent(value)


def _columns() -> list[Column]:
    columns = [
        Column("supplier", mark("Supplier"), lambda row, _: Cell(row["supplier"].supplier)),
        Column("class", mark("Class"), lambda row, _: Cell(row["supplier"].supplier_class or "")),
    ]
    for place, figure in enumerate(Figure):
        columns.append(
            Column(figure, clearing_words.FIGURES[figure], lambda row, _, place=place: _plain(  # type: ignore[misc]
                row["supplier"].scored[place]))
        )  # fmt: skip
    return columns


def _plain(scored: Scored) -> Cell:
    return Cell("" if scored.value is None else f"{scored.value:.4f}")
