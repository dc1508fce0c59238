"""Queries of the till. Each is one statement, whatever the size of the basket."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from service.store.tables.basket import Basket, BasketLine
from service.store.tables.household import Identity
from service.store.tables.ledger import LedgerEntry
from service.store.tables.offer import Offer, OfferProduct
from service.store.tables.redemption import Redemption, RedemptionLine, Refusal
from service.store.tables.shopping_list import LineKind, ListLine, ListState, ShoppingList


class Reference(NamedTuple):
    """What names a till transaction."""

    store_id: str
    terminal: str
    business_date: date
    number: str


class PresentedList(NamedTuple):
    """A list the till found."""

    id: int
    code: str
    household_id: int
    state: str
    valid_from: date
    valid_to: date


class PresentedLine(NamedTuple):
    """An offer line of such a list with the terms it was printed under.

    `uses` may be made in all, `used` are made and live, `last_use` is the highest of their numbers.
    """

    list_id: int
    line: int
    offer_id: int
    text: str
    uses: int
    used: int
    last_use: int
    reserved_cents: int
    terms: str
    supplier_id: int
    funding_share: int
    handling_fee_cents: int


def prior(session: Session, reference: Reference) -> tuple[str, str] | None:
    """The digest and the answer of an earlier redemption under this reference."""
    statement = select(Redemption.digest, Redemption.answer).where(
        Redemption.store_id == reference.store_id,
        Redemption.terminal == reference.terminal,
        Redemption.business_date == reference.business_date,
        Redemption.number == reference.number,
    )
    return session.exec(statement).first()


def lists_presented(session: Session, codes: Collection[str]) -> list[PresentedList]:
    """The lists with these codes; a draft has never been printed and is not found."""
    statement = _lists().where(
        col(ShoppingList.code).in_(codes), col(ShoppingList.state) != ListState.DRAFT
    )
    return [PresentedList(*row) for row in session.execute(statement)]


def lists_of_household(session: Session, household_id: int, *, on: date) -> list[PresentedList]:
    """The issued lists of a household that can be used on a day."""
    statement = _lists().where(
        col(ShoppingList.household_id) == household_id,
        col(ShoppingList.state) == ListState.ISSUED,
        col(ShoppingList.valid_from) <= on,
        col(ShoppingList.valid_to) >= on,
    )
    return [PresentedList(*row) for row in session.execute(statement)]


def households_presented(session: Session, digests: Collection[str]) -> dict[str, int]:
    """The household of each known card or phone digest."""
    statement = select(Identity.digest, Identity.household_id).where(
        col(Identity.digest).in_(digests)
    )
    return dict(session.exec(statement).all())


def lock_lists(session: Session, list_ids: Collection[int]) -> dict[int, str]:
    """Hold these lists until the transaction ends; their states as they now are.

    Locks are taken in order of id, so that two tills cannot wait for each other. On SQLite the
    one writer holds them already.
    """
    statement = (
        select(ShoppingList.id, ShoppingList.state)
        .where(col(ShoppingList.id).in_(list_ids))
        .order_by(col(ShoppingList.id))
        .with_for_update()
    )
    return {key: state for key, state in session.exec(statement).all() if key is not None}


def offer_lines(session: Session, list_ids: Collection[int]) -> list[PresentedLine]:
    """The offer lines of some lists with how far they are used, in order of list and line."""
    live = (
        select(
            RedemptionLine.list_id,
            RedemptionLine.list_line,
            func.sum(RedemptionLine.uses).label("used"),
            func.max(RedemptionLine.use_number + RedemptionLine.uses - 1).label("last_use"),
        )
        .where(col(RedemptionLine.list_id).in_(list_ids), col(RedemptionLine.live))
        .group_by(col(RedemptionLine.list_id), col(RedemptionLine.list_line))
        .subquery()
    )
    statement = (
        select(  # type: ignore[call-overload]
            ListLine.list_id,
            ListLine.line,
            ListLine.offer_id,
            ListLine.text,
            ListLine.uses,
            func.coalesce(live.c.used, 0),
            func.coalesce(live.c.last_use, 0),
            ListLine.reserved_cents,
            Offer.terms,
            Offer.supplier_id,
            Offer.funding_share,
            Offer.handling_fee_cents,
        )
        .join(Offer, col(Offer.id) == col(ListLine.offer_id))
        .outerjoin(
            live,
            (live.c.list_id == ListLine.list_id) & (live.c.list_line == ListLine.line),
        )
        .where(col(ListLine.list_id).in_(list_ids), col(ListLine.kind) == LineKind.OFFER)
        .order_by(col(ListLine.list_id), col(ListLine.line))
    )
    return [PresentedLine(*row) for row in session.execute(statement)]


def eligible_products(
    session: Session, offer_ids: Collection[int], gtins: Collection[int]
) -> dict[int, list[tuple[int, int]]]:
    """Which of these products count for each offer: (set number, GTIN)."""
    statement = select(OfferProduct.offer_id, OfferProduct.set_number, OfferProduct.gtin).where(
        col(OfferProduct.offer_id).in_(offer_ids), col(OfferProduct.gtin).in_(gtins)
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for offer_id, set_number, gtin in session.exec(statement):
        found.setdefault(offer_id, []).append((set_number, gtin))
    return found


def add_basket(session: Session, basket: Basket, lines: Sequence[dict[str, Any]]) -> int:
    """Write a basket into history; its id. The lines lack only `basket_id`."""
    session.add(basket)
    session.flush()
    assert basket.id is not None
    if lines:
        session.execute(insert(BasketLine), [{"basket_id": basket.id, **line} for line in lines])
    return basket.id


def add_redemption(
    session: Session,
    redemption: Redemption,
    *,
    uses: Sequence[dict[str, Any]],
    refusals: Sequence[dict[str, Any]],
    entries: Sequence[dict[str, Any]],
) -> None:
    """Write what came off, what was refused and what it means in money."""
    session.add(redemption)
    session.flush()
    for table, rows in ((RedemptionLine, uses), (Refusal, refusals), (LedgerEntry, entries)):
        if rows:
            session.execute(insert(table), list(rows))


def _lists() -> Any:
    return select(  # type: ignore[call-overload]
        ShoppingList.id,
        ShoppingList.code,
        ShoppingList.household_id,
        ShoppingList.state,
        ShoppingList.valid_from,
        ShoppingList.valid_to,
    )
