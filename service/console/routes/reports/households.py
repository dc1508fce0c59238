"""Which households bring how much, and which are about to leave."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.console.routes.reports import base
from service.console.routes.reports.base import Day, Days, Name, Report, Sees, in_file
from service.engine.rights import Right
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.results.concentration import concentration_report
from service.results.leaving import leaving_report

router = APIRouter(prefix=base.PATH)

SeesHouseholds = Annotated[Member, Depends(may(Right.SEE_HOUSEHOLDS))]


@router.get("/concentration")
def concentration(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """Which share of households brings which share of sales and margin."""
    found = concentration_report(database, settings, first=days.first, last=days.last)
    language = member.language
    facts = [
        (language.text("Households"), language.number(found.households)),
        (language.text("Sales"), language.money(found.sales_cents, settings.currency)),
        (language.text("Paid by nobody known"),
         language.money(found.unknown_cents, settings.currency)),
    ]  # fmt: skip
    report = Report(Name.CONCENTRATION, _shares(), found.rows, days=days._asdict(), facts=facts)
    return base.show(request, member, report)


@router.get("/concentration.csv")
def concentration_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """The same rows as a file."""
    found = concentration_report(database, settings, first=days.first, last=days.last)
    return csv_file("concentration", in_file(found.rows), _shares(), member.language)


@router.get("/leaving")
def leaving(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: SeesHouseholds,
    as_of: Day = None,
) -> Response:
    """Households that stay away far longer than their rhythm, whoever paid the most first."""
    day = as_of or base.today(settings)
    found = leaving_report(database, settings, as_of=day)
    notes = [
        member.language.text(
            "Away far longer than their own rhythm explains. The chance is the share of their gaps "
            "that are as long."
        )
    ]
    report = Report(
        Name.LEAVING, _households(settings.currency), found, days={"as_of": day}, notes=notes
    )
    return base.show(request, member, report)


@router.get("/leaving.csv")
def leaving_as_csv(
    database: DatabaseDep, settings: SettingsDep, member: SeesHouseholds, as_of: Day = None
) -> Response:
    """The same rows as a file."""
    found = leaving_report(database, settings, as_of=as_of or base.today(settings))
    return csv_file("leaving", in_file(found), _households(settings.currency), member.language)


def _shares() -> list[Column]:
    return [
        Column("share", mark("The best"), partial(_share, what="share"), is_number=True),
        Column("households", mark("Households"), partial(_count, what="households"),
               is_number=True),
        Column("of_sales", mark("Of sales"), partial(_share, what="of_sales"), is_number=True),
        Column("of_margin", mark("Of margin"), partial(_share, what="of_margin"), is_number=True),
    ]  # fmt: skip


def _households(currency: str) -> list[Column]:
    return [
        Column("household", mark("Household"), base.text_of("ref")),
        Column("tier", mark("Class"), base.text_of("tier")),
        Column("year", mark("Paid in a year"), lambda row, lang: base.money(
            row["row"].year_cents, currency, lang), is_number=True),
        Column("last_day", mark("Last seen"), lambda row, lang: base.day(
            row["row"].last_day, lang)),
        Column("days_away", mark("Days away"), partial(_count, what="days_away"), is_number=True),
        Column("usual_days", mark("Usual"), partial(_count, what="usual_days"), is_number=True),
        Column("chance", mark("Chance"), partial(_share, what="chance"), is_number=True),
        Column("bought", mark("Used to buy"), lambda row, _: Cell(", ".join(row["row"].bought)),
               is_long=True),
    ]  # fmt: skip


def _count(row: Row, language: Language, *, what: str) -> Cell:
    return base.count(round(getattr(row["row"], what)), language)


def _share(row: Row, language: Language, *, what: str) -> Cell:
    return base.share(getattr(row["row"], what), language)
