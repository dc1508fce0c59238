"""Queries on one household, for whoever looks at its page: keyset pages, nothing is counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import bindparam, or_, text
from sqlmodel import Session, col, func, select

from service.store import history
from service.store.tables.basket import Basket
from service.store.tables.catalogue import Category
from service.store.tables.household import Contact, Household, HouseholdIdentity
from service.store.tables.household_opening import HouseholdOpening
from service.store.tables.shopping_list import ListState, ShoppingList


class BasketRow(NamedTuple):
    """A visit: where, when, how many lines, and what was paid."""

    id: int
    store_id: str
    terminal: str
    number: str
    business_date: Any
    purchased_at: datetime
    lines: int
    amount_cents: int


def get(session: Session, household_id: int) -> Household | None:
    """A household."""
    return session.get(Household, household_id)


def contact(session: Session, household_id: int) -> Contact | None:
    """Its contact data and consent."""
    return session.get(Contact, household_id)


def identities(session: Session, household_id: int) -> dict[str, int]:
    """How many cards and phones it is known by; what they are is stored nowhere."""
    statement = (
        select(HouseholdIdentity.kind, func.count())
        .where(HouseholdIdentity.household_id == household_id)
        .group_by(col(HouseholdIdentity.kind))
    )
    return dict(session.exec(statement).all())


def baskets(
    session: Session, household_id: int, *, before_id: int | None, limit: int
) -> Sequence[BasketRow]:
    """Its visits, the newest first, from the one before a basket on."""
    statement = (
        select(Basket)
        .where(Basket.household_id == household_id)
        .order_by(col(Basket.purchased_at).desc(), col(Basket.id).desc())
        .limit(limit)
    )
    last = session.get(Basket, before_id) if before_id is not None else None
    if last is not None and last.household_id == household_id:
        moment = col(Basket.purchased_at)
        statement = statement.where(
            moment <= last.purchased_at,
            or_(moment < last.purchased_at, col(Basket.id) < last.id),
        )
    found = session.exec(statement).all()
    sums = _sums(session, [each.id for each in found])
    return [
        BasketRow(
            each.id, each.store_id, each.terminal, each.number, each.business_date,
            each.purchased_at, *sums.get(each.id, (0, 0)),
        )
        for each in found
    ]  # fmt: skip


def _sums(session: Session, basket_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    lines = history.of_baskets(session, basket_ids)
    rows = session.execute(
        text(
            f"""SELECT l.basket_id, count(*), sum(l.amount_cents) FROM {lines} l
                WHERE l.basket_id IN :keys GROUP BY l.basket_id"""
        ).bindparams(bindparam("keys", expanding=True)),
        {"keys": basket_ids},
    )
    return {key: (lines, int(cents)) for key, lines, cents in rows}


def newest_lists(session: Session, household_id: int, *, limit: int) -> Sequence[ShoppingList]:
    """Its newest printed lists, in any state but draft."""
    statement = (
        select(ShoppingList)
        .where(
            ShoppingList.household_id == household_id,
            ShoppingList.state != ListState.DRAFT,
        )
        .order_by(col(ShoppingList.id).desc())
        .limit(limit)
    )
    return session.exec(statement).all()


def categories(session: Session) -> pl.DataFrame:
    """The categories of the shop: category_id, category."""
    rows = session.exec(select(Category.id, Category.name)).all()
    schema = {"category_id": pl.Int64, "category": pl.String}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def add_opening(session: Session, row: HouseholdOpening) -> None:
    """Write that somebody opened a household."""
    session.add(row)
    session.flush()


def opened_since(
    session: Session, household_id: int, person_id: int, since: datetime
) -> HouseholdOpening | None:
    """The newest opening of a household by a person from a moment on."""
    statement = (
        select(HouseholdOpening)
        .where(
            HouseholdOpening.household_id == household_id,
            HouseholdOpening.person_id == person_id,
            col(HouseholdOpening.opened_at) >= since,
        )
        .order_by(col(HouseholdOpening.opened_at).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def openings(session: Session, household_id: int, *, limit: int) -> Sequence[HouseholdOpening]:
    """Who opened a household, the newest first."""
    statement = (
        select(HouseholdOpening)
        .where(HouseholdOpening.household_id == household_id)
        .order_by(col(HouseholdOpening.id).desc())
        .limit(limit)
    )
    return session.exec(statement).all()
