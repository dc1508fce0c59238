"""What stores came to: visits times conversion times ticket."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.console.routes.reports import base
from service.console.routes.reports.base import Days, Name, Report, Sees, in_file
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.results.stores import stores_report

router = APIRouter(prefix=f"{base.PATH}/stores")


@router.get("")
def stores(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """Each store's result, beside the year before."""
    found = stores_report(database, first=days.first, last=days.last)
    notes = [
        member.language.text(
            "Conversion is of the days that were counted at the door. With an offer: the share of "
            "sales in baskets that used one, which is not what offers added."
        )
    ]
    report = Report(
        Name.STORES, _columns(settings.currency), found, days=days._asdict(),
        notes=notes,
    )  # fmt: skip
    return base.show(request, member, report)


@router.get(".csv")
def stores_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """The same rows as a file."""
    found = stores_report(database, first=days.first, last=days.last)
    return csv_file("stores", in_file(found), _columns(settings.currency), member.language)


def _columns(currency: str) -> list[Column]:
    money = partial(_money, currency=currency)
    return [
        Column("store", mark("Store"), base.text_of("store_id")),
        Column("visitors", mark("Visitors"), partial(_count, what="visitors"), is_number=True),
        Column("conversion", mark("Conversion"), partial(_share, what="conversion"),
               is_number=True),
        Column("baskets", mark("Baskets"), partial(_count, what="baskets"), is_number=True),
        Column("ticket", mark("Ticket"), partial(money, what="ticket_cents"), is_number=True),
        Column("sales", mark("Sales"), partial(money, what="sales_cents"), is_number=True),
        Column("before", mark("A year before"), partial(money, what="sales_cents", when="before"),
               is_number=True),
        Column("using", mark("With an offer"), partial(_share, what="using_share"),
               is_number=True),
    ]  # fmt: skip


def _money(row: Row, language: Language, *, what: str, currency: str, when: str = "now") -> Cell:
    return base.money(getattr(getattr(row["row"], when), what), currency, language)


def _count(row: Row, language: Language, *, what: str) -> Cell:
    return base.count(getattr(row["row"].now, what), language)


def _share(row: Row, language: Language, *, what: str) -> Cell:
    return base.share(getattr(row["row"].now, what), language)
