"""A supplier says that it has nothing of a product, or for a deal, until a day.

No new list carries the deals that this holds, and they come back by themselves on that day. Lists
that are out stay good at tills: what was printed is promised.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from service.engine import codes
from service.engine.lifecycle import ISSUABLE, DealState
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Count, Notice
from service.store.actor import Actor
from service.store.offers import kept, overview, stock
from service.store.offers.overview import DealFilter
from service.store.offers.stock import StopRow
from service.store.session import Database
from service.store.tables.stock import StockStop
from service.suppliers.scope import Scope

MOST_DAYS = 366
_BUSY = Notice("Somebody changes these deals right now; try again.")
_PAUSABLE = (*ISSUABLE, DealState.PAUSED)


class _Subject(NamedTuple):
    """What is out of stock, and a supplier whose it is."""

    supplier_id: int
    deal_id: int | None = None
    gtin: int | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that lasts, and how many deals were paused or came back by it."""

    stop: StockStop
    moved: int


def report_out_of_stock(
    database: Database,
    scope: Scope,
    *,
    deal: int | None = None,
    gtin: str = "",
    back_on: date,
    on: date,
    by: Actor,
    now: datetime,
) -> Reported:
    """Say that a deal or a product is out of stock until a day; said again, the day is another.

    Of a deal any revision's number is taken. Raises NotFound for what is not its own, InvalidInput
    for a day that is not to come, Conflict for a deal that cannot be offered anyway.
    """
    if (deal is None) is not bool(gtin):
        raise InvalidInput("Say either a deal or a product.")
    if not on < back_on <= on + timedelta(days=MOST_DAYS):
        raise InvalidInput(
            "The day must be after today, and within %(days)s days.", days=Count(MOST_DAYS)
        )

    def act(session: Session) -> Reported:
        if deal is not None:
            wanted = _of_deal(session, scope, deal)
        else:
            wanted = _of_product(session, scope, gtin)
        stop = stock.open_of(
            session, scope.supplier_ids, deal_id=wanted.deal_id, gtin=wanted.gtin
        ) or stock.add(
            session,
            StockStop(
                **wanted._asdict(),
                back_on=back_on,
                reported_at=now,
                actor=by.name,
                person_id=by.person_id,
            ),
        )
        stop.back_on = back_on
        moved = stock.settle(session, at=now, by=by)
        return Reported(stop, moved)

    return database.settle(act, busy=_BUSY)


def end_stop(
    database: Database, scope: Scope, number: int, *, by: Actor, now: datetime
) -> Reported:
    """It is in stock again. Raises NotFound for what is not its own, Conflict when it is over."""

    def act(session: Session) -> Reported:
        stop = stock.get(session, number)
        if stop is None or stop.supplier_id not in scope.supplier_ids:
            raise NotFound("There is no such report.")
        if stop.ended_at is not None:
            raise Conflict("This is over already.")
        stock.end(session, [stop], at=now, by=by.name)
        return Reported(stop, stock.settle(session, at=now, by=by))

    return database.settle(act, busy=_BUSY)


def own_stops(
    database: Database,
    scope: Scope,
    *,
    only_open: bool = False,
    before_id: int | None = None,
    limit: int = 50,
) -> list[StopRow]:
    """What it reported, the newest first."""
    with database.read() as session:
        return stock.page(
            session, scope.supplier_ids, only_open=only_open, before_id=before_id, limit=limit
        )


def own_products(database: Database, scope: Scope) -> list[tuple[int, str]]:
    """The products of its deals that may be offered: (GTIN, name), by name."""
    with database.read() as session:
        return stock.products_of(session, scope.supplier_ids)


def _of_deal(session: Session, scope: Scope, number: int) -> _Subject:
    found = overview.deals(
        session, chosen=DealFilter(supplier_ids=scope.supplier_ids), offer_id=number
    )
    if found.is_empty():
        raise NotFound("There is no such deal.")
    if not any(state in _PAUSABLE for state in found["state"]):
        raise Conflict("This deal is not offered, so it cannot be paused.")
    [deal_id] = kept.deals_of(session, [number])
    supplier = found["supplier"][0]
    by_name = {name: supplier_id for supplier_id, name in scope.brands}
    return _Subject(by_name[supplier], deal_id=deal_id)


def _of_product(session: Session, scope: Scope, gtin: str) -> _Subject:
    try:
        number = codes.gtin(gtin)
    except InvalidInput as error:
        raise InvalidInput("%(text)s is no product number.", text=repr(gtin[:20])) from error
    if number not in dict(stock.products_of(session, scope.supplier_ids)):
        raise NotFound("No deal of yours that is offered is about this product.")
    return _Subject(scope.supplier_ids[0], gtin=number)
