"""Counts of rows, for metrics and status."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, func, select

from service.engine.clearing.claim import DisputeState
from service.engine.lifecycle import DealState
from service.store.tables.basket import Basket
from service.store.tables.catalogue import Product
from service.store.tables.claim import ClaimDispute
from service.store.tables.content import ContentEntry
from service.store.tables.cycle import Forecast, Run, RunState
from service.store.tables.household import Household
from service.store.tables.offer import Offer
from service.store.tables.picture import PictureName
from service.store.tables.redemption import Redemption, TillConflict
from service.store.tables.shopping_list import ShoppingList


def products(session: Session) -> int:
    """Products in the catalogue."""
    return _count(session, Product)


def households(session: Session) -> int:
    """Households in the database."""
    return _count(session, Household)


def baskets(session: Session) -> int:
    """Baskets in history."""
    return _count(session, Basket)


def redemptions(session: Session) -> int:
    """Till transactions answered."""
    return _count(session, Redemption)


def running_offers(session: Session) -> int:
    """Offers that new lists may carry."""
    return _count(session, Offer, col(Offer.state) == DealState.RUNNING)


def content(session: Session) -> int:
    """Recipes, tips, opening hours and partners' words."""
    return _count(session, ContentEntry)


def pictures(session: Session) -> int:
    """Products, departments, recipes and logos with a picture of their own."""
    return _count(session, PictureName)


def lists(session: Session, state: str) -> int:
    """Lists in a state."""
    return _count(session, ShoppingList, col(ShoppingList.state) == state)


def waiting_runs(session: Session) -> int:
    """Runs that are queued or running."""
    return _count(session, Run, col(Run.state).in_([RunState.QUEUED, RunState.RUNNING]))


def oldest_waiting_run(session: Session) -> datetime | None:
    """Since when the first of the runs waits that nobody has taken."""
    statement = select(func.min(Run.created_at)).where(col(Run.state) == RunState.QUEUED)
    return session.exec(statement).one()


def open_disputes(session: Session) -> int:
    """What suppliers do not agree with and nobody has decided."""
    return _count(session, ClaimDispute, col(ClaimDispute.state) == DisputeState.OPEN)


def open_till_disputes(session: Session) -> int:
    """Discounts given offline that would have been refused, and still would."""
    return _count(session, TillConflict, col(TillConflict.ended_at).is_(None))


def newest_forecast(session: Session) -> date | None:
    """The date of the newest forecast."""
    return session.exec(select(func.max(Forecast.as_of))).one()


def newest_basket(session: Session) -> datetime | None:
    """When the last basket was bought."""
    statement = select(Basket.purchased_at).order_by(col(Basket.purchased_at).desc()).limit(1)
    return session.exec(statement).first()


def _count(session: Session, table: type[SQLModel], *where: Any) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()
