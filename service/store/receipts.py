"""Queries on what single till transactions were answered, for whoever explains them."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlmodel import Session, col, select

from service.store.tables.basket import Basket
from service.store.tables.redemption import (
    Redemption,
    RedemptionState,
    TillConflict,
    TillReturn,
)
from service.store.tables.shopping_list import ListLine, ShoppingList
from service.store.till import Reference


def by_reference(session: Session, at: Reference) -> Redemption | None:
    """The till transaction that a receipt names; of a return, the sale it belongs to."""
    found = session.exec(
        select(Redemption).where(
            Redemption.store_id == at.store_id,
            Redemption.terminal == at.terminal,
            Redemption.business_date == at.business_date,
            Redemption.number == at.number,
        )
    ).first()
    if found is None or found.state != RedemptionState.RETURNED:
        return found
    given_back = session.get(TillReturn, found.id)
    return session.get(Redemption, given_back.redemption_id) if given_back else None


def is_in_history(session: Session, at: Reference) -> bool:
    """Whether a basket has this reference, however it came here."""
    statement = select(Basket.id).where(
        Basket.store_id == at.store_id,
        Basket.terminal == at.terminal,
        Basket.business_date == at.business_date,
        Basket.number == at.number,
    )
    return session.exec(statement).first() is not None


def get(session: Session, redemption_id: str) -> Redemption | None:
    """A till transaction."""
    return session.get(Redemption, redemption_id)


def returns_of(session: Session, redemption_id: str) -> Sequence[TillReturn]:
    """What was returned of a sale, in order."""
    statement = select(TillReturn).where(TillReturn.redemption_id == redemption_id)
    return session.exec(statement.order_by(col(TillReturn.returned_at))).all()


def disputes_of(session: Session, redemption_id: str) -> Sequence[TillConflict]:
    """What a till gave offline that would have been refused, and still is in dispute."""
    statement = select(TillConflict).where(
        TillConflict.redemption_id == redemption_id, col(TillConflict.ended_at).is_(None)
    )
    return session.exec(statement.order_by(col(TillConflict.id))).all()


def list_by_code(session: Session, code: str) -> ShoppingList | None:
    """The list with a code."""
    return session.exec(select(ShoppingList).where(ShoppingList.code == code)).first()


def ids_by_code(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """The lists with some codes."""
    wanted = col(ShoppingList.code).in_(sorted(set(codes)))
    return dict(session.exec(select(ShoppingList.code, ShoppingList.id).where(wanted)).all())


def texts_of(session: Session, codes: Iterable[str]) -> dict[tuple[str, int], str]:
    """What is printed on each line of some lists, by code and line."""
    statement = (
        select(ShoppingList.code, ListLine.line, ListLine.text)
        .join(ListLine, col(ListLine.list_id) == col(ShoppingList.id))
        .where(col(ShoppingList.code).in_(sorted(set(codes))))
    )
    return {(code, line): text for code, line, text in session.exec(statement)}


def newest_of_household(
    session: Session, household_id: int, *, since: date, limit: int
) -> Sequence[Redemption]:
    """The household's newest sales from a business day on."""
    statement = (
        select(Redemption)
        .where(
            Redemption.household_id == household_id,
            col(Redemption.business_date) >= since,
            col(Redemption.state).in_([RedemptionState.REDEEMED, RedemptionState.RECORDED]),
        )
        .order_by(col(Redemption.redeemed_at).desc())
        .limit(limit)
    )
    return session.exec(statement).all()
