"""For the management: what stores sold, who bought and who leaves, and what the programme did."""

from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.deps import DatabaseDep, MarketingCaller, ResultsCaller, SettingsDep
from service.api.description import may_answer
from service.api.schemas.reports import (
    ConcentrationOut,
    CostOut,
    LeavingOut,
    LeavingReportOut,
    PartOut,
    ProgrammeOut,
    SalesOut,
    SalesReportOut,
    ShareOut,
    StoreOut,
    StoresReportOut,
)
from service.api.tables import AS_TABLE, AsCsv, table
from service.engine.periods import Each
from service.results.concentration import concentration_report
from service.results.leaving import leaving_report
from service.results.programme import programme_report
from service.results.report_rows import (
    concentration_rows,
    leaving_rows,
    programme_rows,
    sales_rows,
    stores_rows,
)
from service.results.sales import sales_report
from service.results.stores import stores_report
from service.store.sales import By

router = APIRouter(prefix="/reports", tags=["reports"], responses=may_answer(HTTPStatus.CONFLICT))

# A year before the first day is looked at too.
_EARLIEST, _LATEST = date(1990, 1, 1), date(2999, 12, 31)
First = Annotated[date, Query(ge=_EARLIEST, le=_LATEST, description="The first day")]
Last = Annotated[date, Query(ge=_EARLIEST, le=_LATEST, description="The last day")]
AsOf = Annotated[
    date, Query(ge=_EARLIEST, le=_LATEST, description="Nothing from this day on counts")
]
Most = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/sales", response_model=SalesReportOut, responses=AS_TABLE)
def sales(
    database: DatabaseDep,
    _caller: ResultsCaller,
    first: First,
    last: Last,
    as_csv: AsCsv,
    each: Each = Each.MONTH,
    by: By = By.ALL,
) -> Any:
    """Sales, baskets and customers by period, beside the same period of the year before."""
    found = sales_report(database, first=first, last=last, each=each, by=by)
    rows = [SalesOut.model_validate(row) for row in sales_rows(found)]
    return table("sales", SalesOut, iter([rows])) if as_csv else SalesReportOut(rows=rows)


@router.get("/stores", response_model=StoresReportOut, responses=AS_TABLE)
def stores(
    database: DatabaseDep, _caller: ResultsCaller, as_csv: AsCsv, first: First, last: Last
) -> Any:
    """Each store's visits, conversion and ticket, and the part of baskets that used an offer."""
    found = stores_report(database, first=first, last=last)
    rows = [StoreOut.model_validate(row) for row in stores_rows(found)]
    return table("stores", StoreOut, iter([rows])) if as_csv else StoresReportOut(rows=rows)


@router.get("/concentration", response_model=ConcentrationOut, responses=AS_TABLE)
def concentration(
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: ResultsCaller,
    as_csv: AsCsv,
    first: First,
    last: Last,
) -> Any:
    """Which share of households brings which share of sales and margin."""
    found = concentration_report(database, settings, first=first, last=last)
    rows = [ShareOut.model_validate(row) for row in concentration_rows(found)]
    if as_csv:
        return table("concentration", ShareOut, iter([rows]))
    return ConcentrationOut(
        households=found.households,
        sales_cents=found.sales_cents,
        unknown_cents=found.unknown_cents,
        rows=rows,
    )


@router.get("/leaving", response_model=LeavingReportOut, responses=AS_TABLE)
def leaving(
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    as_csv: AsCsv,
    as_of: AsOf,
    most: Most = 1000,
) -> Any:
    """Households about to leave: away far longer than their rhythm, with what they used to buy."""
    found = leaving_report(database, settings, as_of=as_of, most=most)
    rows = [LeavingOut.model_validate(row) for row in leaving_rows(found)]
    return table("leaving", LeavingOut, iter([rows])) if as_csv else LeavingReportOut(rows=rows)


@router.get("/programme", response_model=ProgrammeOut, responses=AS_TABLE)
def programme(
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: ResultsCaller,
    as_csv: AsCsv,
    first: First,
    last: Last,
) -> Any:
    """What the cycles of a period added and cost, against households that got no offers."""
    found = programme_report(database, settings, first=first, last=last)
    rows = [PartOut.model_validate(row) for row in programme_rows(found)]
    if as_csv:
        return table("programme", PartOut, iter([rows]))
    return ProgrammeOut(
        first=found.first,
        last=found.last,
        cycles=found.cycles,
        is_final=found.is_final,
        cost=CostOut.model_validate(asdict(found.cost)),
        rows=rows,
    )
