"""Queries on what is stored under LARDER_SECRET_KEY, while one key takes another's place."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from service.store.tables.access import ApiKey
from service.store.tables.household import Contact, HouseholdIdentity, IdentityKind
from service.store.tables.person import PersonRow
from service.store.tables.shopping_list import ListPage, PageState, ShoppingList


class Left(NamedTuple):
    """What is not under a key and cannot be brought under it before somebody shows it."""

    api_keys: int
    cards: int
    phones: int


def left(session: Session, mark: str, *, unmarked: bool) -> Left:
    """Count what is not under the key with this mark; `unmarked`: nor is what has no mark."""
    known = [mark] if unmarked else [mark, ""]
    others = select(HouseholdIdentity.kind, func.count()).where(
        col(HouseholdIdentity.key_mark).not_in(known)
    )
    found = dict(session.exec(others.group_by(HouseholdIdentity.kind)).all())
    keys = select(func.count()).where(
        col(ApiKey.key_mark).not_in(known), col(ApiKey.revoked_at).is_(None)
    )
    return Left(
        session.exec(keys).one(), found.get(IdentityKind.CARD, 0), found.get(IdentityKind.PHONE, 0)
    )


def sealed_phones(session: Session, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """The next sealed numbers to write to, by household."""
    household = col(Contact.household_id)
    statement = (
        select(Contact.household_id, Contact.phone_sealed)
        .where(household > after, col(Contact.phone_sealed) != "")
        .order_by(household)
        .limit(limit)
    )
    return session.exec(statement).all()


def reseal_phone(session: Session, household_id: int, sealed: str) -> None:
    """Store a number to write to under another key."""
    mine = update(Contact).where(col(Contact.household_id) == household_id)
    session.execute(mine.values(phone_sealed=sealed))


def second_factors(session: Session) -> Sequence[PersonRow]:
    """The people with an authenticator app, locked until the transaction ends."""
    mine = select(PersonRow).where(col(PersonRow.totp_secret).is_not(None)).with_for_update()
    return session.exec(mine).all()


def pages(session: Session, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """The next lists whose page opens, with what was printed on them."""
    statement = (
        select(ShoppingList.id, ShoppingList.document)
        .join(ListPage, col(ListPage.list_id) == col(ShoppingList.id))
        .where(ListPage.state == PageState.OPEN, col(ShoppingList.id) > after)
        .order_by(col(ShoppingList.id))
        .limit(limit)
    )
    return session.exec(statement).all()


def know_page(session: Session, digest: str, newer: str) -> bool:
    """Know a page by another digest; whether it was known by the first."""
    mine = update(ListPage).where(col(ListPage.code_digest) == digest)
    found: int = session.execute(mine.values(code_digest=newer)).rowcount  # type: ignore[attr-defined]
    return bool(found)
