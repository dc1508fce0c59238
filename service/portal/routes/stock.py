"""Out of stock until: saying so, and that there is stock again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from service.engine import codes
from service.engine.lifecycle import DealState
from service.errors import Conflict, InvalidInput
from service.pages import page
from service.pages.flash import Message
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.tables import Table
from service.portal.visitor import Supplier, SupplierDep, now, today
from service.settings import Settings
from service.store.offers.pages import DealOrder
from service.store.offers.stock import StopRow
from service.store.session import Database
from service.suppliers.deals import own_deals
from service.suppliers.stock import end_stop, own_products, own_stops, report_out_of_stock

router = APIRouter(prefix="/stock")

PATH = "/stock"
_MOST_CHOICES = 200
_PAUSABLE = (DealState.RUNNING, DealState.APPROVED, DealState.EXHAUSTED, DealState.PAUSED)
Word = Annotated[str, Form(max_length=40)]


@router.get("")
def table(
    request: Request, database: DatabaseDep, settings: SettingsDep, supplier: SupplierDep
) -> Response:
    """What was said to be out of stock, and the form to say so."""
    return _show(request, database, settings, supplier)


@router.get(".csv")
def table_as_csv(request: Request, database: DatabaseDep, supplier: SupplierDep) -> Response:
    """The reports as a file."""
    return _table(database, supplier).file(request, "stock", supplier.language)


@router.post("")
def report(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
    what: Word = "",
    back_on: Word = "",
) -> Response:
    """Say that a deal (`deal:7`) or a product (`product:4006381333931`) is out of stock."""
    kind, _, name = what.partition(":")
    try:
        done = report_out_of_stock(
            database,
            supplier.scope,
            deal=int(name) if kind == "deal" and name.isdecimal() and len(name) < 19 else None,
            gtin=name if kind == "product" else "",
            back_on=_day(back_on),
            on=today(settings),
            by=supplier.by,
            now=now(),
        )
    except (InvalidInput, Conflict) as error:
        said = page.say(request, error)
        return _show(request, database, settings, supplier, error=said, what=what, day=back_on)
    return page.go_to(request, PATH, _moved(supplier.language, done.moved))


@router.post("/{number}/end")
def end(request: Request, number: int, database: DatabaseDep, supplier: SupplierDep) -> Response:
    """Say that there is stock again."""
    end_stop(database, supplier.scope, number, by=supplier.by, now=now())
    said = supplier.language.text("It is in stock again: new lists may carry it.")
    return page.go_to(request, PATH, Message(said))


def _show(
    request: Request,
    database: Database,
    settings: Settings,
    supplier: Supplier,
    *,
    error: str = "",
    what: str = "",
    day: str = "",
) -> Response:
    deals = own_deals(
        database, supplier.scope, on=today(settings), states=_PAUSABLE, order=DealOrder.TITLE,
        limit=_MOST_CHOICES,
        language=supplier.language.tag, currency=settings.currency,
    )  # fmt: skip
    products = own_products(database, supplier.scope)[:_MOST_CHOICES]
    return page.show(
        request,
        "stock.html",
        status=422 if error else 200,
        deals=[(f"deal:{row['offer_id']}", f"{row['title']} ({row['deal_id']})")
               for row in deals.rows],
        products=[(f"product:{codes.gtin_text(gtin)}", name) for gtin, name in products],
        lasting=own_stops(database, supplier.scope, only_open=True, limit=_MOST_CHOICES),
        listing=_table(database, supplier).listing(request, supplier.language),
        error=error,
        what=what,
        day=day,
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("Choose the day on which there will be stock again.") from None


def _moved(language: Language, count: int) -> Message:
    if not count:
        return Message(language.text("Noted. No more deals are paused by it."))
    return Message(
        language.count("%(number)s deal is paused.", "%(number)s deals are paused.", count)
    )


def _table(database: Database, supplier: Supplier) -> Table[StopRow]:
    def find(before_id: int | None, limit: int) -> list[StopRow]:
        return own_stops(database, supplier.scope, before_id=before_id, limit=limit)

    columns = [
        Column("what", mark("What"), _what, always=True),
        Column("since", mark("Since"), _since),
        Column("back_on", mark("In stock again on"), _back_on),
        Column("state", mark("State"), _state),
        Column("by", mark("Said by"), _by, usual=False),
    ]
    return Table(PATH, columns, find, lambda row: row.stop.id, lambda row: row.name)


def _what(row: Row, _language: Language) -> Cell:
    found: StopRow = row["row"]
    gtin = found.stop.gtin
    below = found.deal_ref if gtin is None else codes.gtin_text(gtin)
    return Cell(found.name, below=below)


def _since(row: Row, language: Language) -> Cell:
    at = row["row"].stop.reported_at
    return Cell(language.day(at.date()), plain=at.isoformat())


def _back_on(row: Row, language: Language) -> Cell:
    day = row["row"].stop.back_on
    return Cell(language.day(day), plain=day.isoformat())


def _state(row: Row, language: Language) -> Cell:
    if row["row"].stop.ended_at is None:
        return Cell(language.text("Out of stock"), Kind.BADGE, tone="warn", plain="open")
    return Cell(language.text("Over"), Kind.BADGE, plain="over")


def _by(row: Row, _language: Language) -> Cell:
    return Cell(row["row"].stop.actor)
