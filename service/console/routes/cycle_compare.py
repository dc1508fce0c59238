"""Two plans of a day side by side."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.console import plan_words
from service.console.routes.cycle_plans import plan_of
from service.console.routes.cycles import worth_chart
from service.cycle.compared import OF_DEALS, Pair, compare_plans
from service.cycle.look_back import MOST_ROWS
from service.engine.rights import Right
from service.pages import page
from service.pages.languages import Language
from service.pages.listing import Cell, Column, Kind, csv_file
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may

router = APIRouter(prefix="/cycles/compare")

_RUN = r"^[0-9a-f]{32}$"

Sees = Annotated[Member, Depends(may(Right.SEE_CYCLES))]
First = Annotated[str, Query(pattern=_RUN)]
Second = Annotated[str, Query(pattern=_RUN)]


@router.get("")
def side_by_side(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    first: First,
    second: Second,
) -> Response:
    """What each plan comes to, and the difference by tenth, supplier and deal."""
    plans = [plan_of(database, first), plan_of(database, second)]
    found = compare_plans(*plans)
    charts = [
        worth_chart(member.language, settings, plan["worth"], name=name)
        for name, plan in zip(("worth-first", "worth-second"), plans, strict=True)
    ]
    return page.show(
        request,
        "cycle_compare.html",
        found=found,
        first=first,
        second=second,
        as_of=date.fromisoformat(plans[0]["as_of"]),
        charts=charts,
        most_rows=MOST_ROWS,
        deals=found.deals[:MOST_ROWS],
        suppliers=found.suppliers[:MOST_ROWS],
        words=plan_words,
        write=_written(member.language, settings.currency),
    )


@router.get(".csv")
def deals_as_csv(database: DatabaseDep, member: Sees, first: First, second: Second) -> Response:
    """Every deal of both plans as a file; money in minor units."""
    found = compare_plans(plan_of(database, first), plan_of(database, second))
    rows: list[Mapping[str, Any]] = [{"row": each} for each in found.deals]
    return csv_file("plans", [rows], _columns(), member.language)


def _written(language: Language, currency: str) -> Any:
    """Writes a number of a kind, with its sign where it is a difference."""

    def write(name: str, value: float, *, is_difference: bool = False) -> str:
        said = (
            language.money(round(abs(value)), currency)
            if name.endswith("_cents")
            else language.number(round(abs(value), 2))
        )
        if not is_difference or round(value, 2) == 0:
            return said
        return f"{'+' if value > 0 else '−'}{said}"

    return write


def _columns() -> list[Column]:
    def named(name: str) -> Any:
        def cell(row: Any, _language: Language) -> Cell:
            value = str(row["row"].names[name])
            return Cell(value, plain=value)

        return cell

    def counted(name: str, side: str) -> Any:
        def cell(row: Any, _language: Language) -> Cell:
            pair: Pair = row["row"].values[name]
            value = f"{getattr(pair, side):g}"
            return Cell(value, Kind.NUMBER, plain=value)

        return cell

    return [
        *(Column(name, name, named(name)) for name in ("offer_id", "deal_id", "supplier", "title")),
        *(
            Column(f"{name}_{side}", f"{name}_{side}", counted(name, side), is_number=True)
            for name in OF_DEALS
            for side in ("first", "second")
        ),
    ]
