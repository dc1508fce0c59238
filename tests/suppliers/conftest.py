"""The small shop with agreements, and whose things its suppliers may see."""

import pytest
from sqlmodel import Session, select

from service.store.clearing import accounts
from service.store.session import Database
from service.store.tables.offer import Offer
from service.suppliers.scope import Scope, scope_of_account
from tests.clearing.conftest import shop
from tests.shop import Shop

__all__ = ["shop"]


def scope_of(database: Database, number: str) -> Scope:
    """What the people of an account may see."""
    with database.read() as session:
        found = accounts.by_number(session, [number])[number].id
    return scope_of_account(database, found)


@pytest.fixture
def dale(database: Database, shop: Shop) -> Scope:
    """Dale Foods: milk."""
    return scope_of(database, "S-1")


@pytest.fixture
def others(database: Database, shop: Shop) -> Scope:
    """Oven Works and House Brand: bread and soap, one payer."""
    return scope_of(database, "S-2")


def state(database: Database, number: int) -> tuple[str, bool]:
    """The state of a deal, and whether tills refuse it."""
    with database.read() as session:
        return _state(session, number)


def _state(session: Session, number: int) -> tuple[str, bool]:
    row = session.exec(select(Offer).where(Offer.id == number)).one()
    return row.state, row.stopped_at is not None
