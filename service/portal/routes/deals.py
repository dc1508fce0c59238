"""A supplier's own deals: the table, and one of them."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.deals.burn import burn
from service.deals.listing import ListedDeals
from service.engine.lifecycle import DealState
from service.pages import labels, page
from service.pages.charts import Chart, burn_down
from service.pages.deal_charts import uses_by_day
from service.pages.languages import Language, mark
from service.pages.listing import (
    Cell,
    Column,
    Filter,
    FilterKind,
    Kind,
    Listing,
    View,
    csv_file,
    every_row,
    read_view,
)
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.visitor import Supplier, SupplierDep, today
from service.settings import Settings
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database
from service.suppliers.deals import OwnDeal, own_deal, own_deals
from service.suppliers.power import power_of

router = APIRouter(prefix="/deals")

PATH = "/deals"
ROWS = 50
_MOST_COUNTED = 10_001
_STATES = tuple(state for state in DealState if state is not DealState.REPLACED)
_MOST_STORES = 20


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """The table of deals; its view is the query."""
    view, columns = _view(request, supplier.language, settings)
    found = _page(database, settings, supplier, view, ROWS)
    shown = [column for column in columns if column.name in view.columns]
    listing = Listing(
        view=view,
        filters=_filters(supplier.language),
        columns=columns,
        shown=shown,
        rows=[
            (row["offer_id"], row["title"],
             [column.cell(row, supplier.language) for column in shown])
            for row in found.rows
        ],
        has_before=found.has_before,
        has_after=found.has_after,
        total=supplier.language.count("%(number)s deal", "%(number)s deals", found.count),
    )  # fmt: skip
    return page.show(request, "deals.html", listing=listing)


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """The same view as a file; money in minor units."""
    view, columns = _view(request, supplier.language, settings)
    pages = every_row(
        view, partial(_page, database, settings, supplier), lambda row: row["offer_id"]
    )
    chosen = [each for each in columns if each.name in view.columns]
    return csv_file("deals", pages, chosen, supplier.language)


@router.get("/{number}")
def one(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
) -> Response:
    """One deal: what is left of its budget, and what it came to by day and store."""
    found = own_deal(
        database, supplier.scope, number, on=today(settings), language=supplier.language.tag,
        currency=settings.currency,
    )  # fmt: skip
    return page.show(
        request,
        "deal.html",
        deal=found.row,
        came_to=found.results,
        power=power_of(database, supplier.scope, found.row["offer_id"]),
        charts=_charts(found, supplier.language, settings),
        most_stores=_MOST_STORES,
    )


def _charts(found: OwnDeal, language: Language, settings: Settings) -> list[Chart]:
    charts = []
    if found.results.uses:
        charts.append(uses_by_day(language, found.results))
    budget = found.row["budget_cents"]
    spent = found.results.spent_by_day
    burned = burn(budget, spent, until=found.row["redeem_to"]) if budget is not None else None
    if burned is not None:
        write = partial(_money, language=language, currency=settings.currency)
        charts.append(burn_down("budget", burned, language=language, write=write))
    return charts


def _money(cents: float, *, language: Language, currency: str) -> str:
    return language.money(round(cents), currency)


def _view(request: Request, language: Language, settings: Settings) -> tuple[View, list[Column]]:
    columns = deal_columns(settings.currency)
    view = read_view(
        PATH, request.query_params, filters=_filters(language), columns=columns,
        orders=[*map(str, DealOrder)],
    )  # fmt: skip
    return view, columns


def _page(
    database: Database, settings: Settings, supplier: Supplier, view: View, limit: int
) -> ListedDeals:
    place = None
    if view.after_number is not None:
        place = Place(view.after_number)
    elif view.before_number is not None:
        place = Place(view.before_number, before=True)
    return own_deals(
        database, supplier.scope, on=today(settings),
        states=[DealState(each) for each in view.several("state")],
        text=view.one("text"), order=DealOrder(view.order), place=place, limit=limit,
        language=supplier.language.tag, currency=settings.currency, most_counted=_MOST_COUNTED,
    )  # fmt: skip


def _filters(language: Language) -> list[Filter]:
    states = [(state, labels.state(language, state)) for state in _STATES]
    return [
        Filter("text", language.text("Title or number"), FilterKind.TEXT),
        Filter("state", language.text("State"), FilterKind.SEVERAL, states),
    ]


def deal_columns(currency: str) -> list[Column]:
    """The columns, with amounts in a currency."""
    amounts = {
        name: partial(_amount, name=name, currency=currency)
        for name in ("budget_cents", "reserved_cents", "spent_cents", "left_cents")
    }
    return [
        Column("deal", mark("Deal"), _deal, ("title", "title_last"), always=True),
        Column("state", mark("State"), _state),
        Column("value", mark("Gives"), _value, is_long=True, usual=False),
        Column("until", mark("Redeemed until"), _until, ("ends_first", "ends_last")),
        Column("budget", mark("Budget"), amounts["budget_cents"], ("budget", "budget_least"),
               falls_first=True, is_number=True),
        Column("copies", mark("Copies out"), _copies, is_number=True),
        Column("reserved", mark("Reserved"), amounts["reserved_cents"], is_number=True),
        Column("spent", mark("Spent"), amounts["spent_cents"], is_number=True),
        Column("left", mark("Left"), amounts["left_cents"], is_number=True),
        Column("ends", mark("Budget lasts until"), _ends),
        Column("number", mark("Number"), _number, ("newest", "oldest"), usual=False,
               is_number=True, falls_first=True),
    ]  # fmt: skip


def _deal(row: Row, _language: Language) -> Cell:
    return Cell(
        row["title"], Kind.LINK, below=f"{row['supplier']} · {row['deal_id']}",
        path=f"/deals/{row['offer_id']}", plain=f"{row['title']} ({row['deal_id']})",
    )  # fmt: skip


def _state(row: Row, language: Language) -> Cell:
    return Cell(labels.state(language, row["state"]), Kind.STATE, tone=row["state"])


def _value(row: Row, _language: Language) -> Cell:
    return Cell(row["value"])


def _until(row: Row, language: Language) -> Cell:
    return Cell(language.day(row["redeem_to"]), plain=row["redeem_to"].isoformat())


def _amount(row: Row, language: Language, *, name: str, currency: str) -> Cell:
    cents = row[name]
    if cents is None:
        return Cell(language.text("No limit"), plain="")
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=str(cents))


def _copies(row: Row, language: Language) -> Cell:
    most = row["circulation_max"]
    below = language.text("of %(most)s", most=language.number(most)) if most is not None else ""
    return Cell(language.number(row["issued"]), Kind.NUMBER, below, plain=str(row["issued"]))


def _ends(row: Row, language: Language) -> Cell:
    day = row["runs_out_on"]
    if day is None:
        return Cell(language.text("The deal's end"), plain="")
    return Cell(language.day(day), plain=day.isoformat())


def _number(row: Row, _language: Language) -> Cell:
    return Cell(str(row["offer_id"]), Kind.NUMBER)
