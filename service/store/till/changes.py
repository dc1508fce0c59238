"""Undoing what a redemption did: reads under lock, and the rows that voids and returns write.

Locks are taken in one order everywhere: the redemption, then its lists by id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import case, delete, func, insert, update
from sqlmodel import Session, col, select

from service.engine.ledger import Payer
from service.engine.settle import Split
from service.store.tables.basket import Basket, BasketLine
from service.store.tables.offer import Offer
from service.store.tables.redemption import (
    OfflineUse,
    Redemption,
    RedemptionLine,
    RedemptionState,
    TillEvent,
    TillReturn,
    TillReturnLine,
    TillVerb,
)
from service.store.tables.shopping_list import ListState, ShoppingList
from service.store.till import offline, splits
from service.store.till.steps import Reference


class UsedLine(NamedTuple):
    """A stored redemption line with its list and what its offer's supplier was charged.

    `is_offline` says that it was made offline and not given back since.
    """

    id: int
    list_id: int
    list_code: str
    list_line: int
    is_issued: bool
    live: bool
    uses: int
    offer_id: int
    supplier_id: int
    fee_cents: int
    reserved_cents: int
    parts: tuple[Split, ...]
    is_offline: bool

    @property
    def payer(self) -> Payer:
        """Who pays for it."""
        return Payer(self.offer_id, self.supplier_id)


class BoughtLine(NamedTuple):
    """A basket line as it is now, and what of it came back before."""

    line: int
    quantity_milli: int
    unit: str
    amount_cents: int
    returned_milli: int
    refunded_cents: int


def locked_redemption(session: Session, reference: Reference) -> Redemption | None:
    """The redemption under a reference, held until the transaction ends."""
    statement = select(Redemption).where(*_named(Redemption, reference)).with_for_update()
    return session.exec(statement).first()


def redemption(session: Session, redemption_id: str) -> Redemption:
    """A redemption that is there."""
    return session.exec(select(Redemption).where(Redemption.id == redemption_id)).one()


def used_lines(session: Session, redemption_id: str) -> list[UsedLine]:
    """The lines of a redemption, in order of list and line; lists that share deals are held."""
    deals = session.execute(
        select(RedemptionLine.household_id, RedemptionLine.deal_id)
        .where(RedemptionLine.redemption_id == redemption_id)
        .distinct()
    )
    offline.hold_sharing(session, [(household_id, deal_id) for household_id, deal_id in deals])
    return lines_of(session, redemption_id)


def lines_of(session: Session, redemption_id: str) -> list[UsedLine]:
    """The lines of a redemption, in order of list and line."""
    statement = (
        select(  # type: ignore[call-overload]
            RedemptionLine.id,
            RedemptionLine.list_id,
            ShoppingList.code,
            RedemptionLine.list_line,
            ShoppingList.state == ListState.ISSUED,
            RedemptionLine.live,
            RedemptionLine.uses,
            RedemptionLine.offer_id,
            Offer.supplier_id,
            func.coalesce(
                OfflineUse.fee_cents, Offer.handling_fee_cents * col(RedemptionLine.uses)
            ),
            RedemptionLine.reserved_cents,
            RedemptionLine.parts,
            col(OfflineUse.given_back).is_(False),
        )
        .join(ShoppingList, col(ShoppingList.id) == col(RedemptionLine.list_id))
        .join(Offer, col(Offer.id) == col(RedemptionLine.offer_id))
        .join(
            OfflineUse,
            col(OfflineUse.redemption_line_id) == col(RedemptionLine.id),
            isouter=True,
        )
        .where(RedemptionLine.redemption_id == redemption_id)
        .order_by(col(RedemptionLine.list_id), col(RedemptionLine.list_line))
    )
    rows = [UsedLine(*row) for row in session.execute(statement)]
    return [row._replace(parts=splits.decode(cast("str", row.parts))) for row in rows]


def bought_lines(session: Session, redemption: Redemption) -> dict[int, BoughtLine]:
    """What of a sale is still with the household, and what came back, by basket line."""
    kept = {
        line.line: line
        for line in session.exec(
            select(BasketLine).where(BasketLine.basket_id == redemption.basket_id)
        )
    }
    back = session.execute(
        select(
            TillReturnLine.line,
            func.sum(TillReturnLine.quantity_milli),
            func.sum(TillReturnLine.refund_cents),
        )
        .join(TillReturn, col(TillReturn.id) == col(TillReturnLine.return_id))
        .where(TillReturn.redemption_id == redemption.id)
        .group_by(col(TillReturnLine.line))
    )
    returned = {line: (int(quantity), int(cents)) for line, quantity, cents in back}
    gone = {number: BoughtLine(number, 0, "", 0, *back) for number, back in returned.items()}
    return gone | {
        number: BoughtLine(
            number, line.quantity_milli, line.unit, line.amount_cents, *returned.get(number, (0, 0))
        )
        for number, line in kept.items()
    }


def forget_sale(session: Session, redemption: Redemption) -> None:
    """The sale never happened: its uses end, its basket leaves history, the row stays as voided."""
    _given_back(session, col(RedemptionLine.redemption_id) == redemption.id)
    session.execute(
        update(RedemptionLine)
        .where(col(RedemptionLine.redemption_id) == redemption.id)
        .values(live=False)
    )
    basket_id = redemption.basket_id
    redemption.state = RedemptionState.VOIDED
    redemption.basket_id = None
    session.add(redemption)
    session.flush()
    session.execute(delete(BasketLine).where(col(BasketLine.basket_id) == basket_id))
    session.execute(delete(Basket).where(col(Basket.id) == basket_id))


def reopen(session: Session, used: Sequence[UsedLine]) -> None:
    """The uses these redemption lines held can be made again; what they reserved is given back."""
    if not used:
        return
    these = col(RedemptionLine.id).in_([line.id for line in used])
    _given_back(session, these)
    session.execute(update(RedemptionLine).where(these).values(live=False))
    issued = [line.id for line in used if line.is_issued]
    session.execute(
        update(RedemptionLine).where(col(RedemptionLine.id).in_(issued)).values(reserved_cents=0)
    )
    made_offline = [line.id for line in used if line.is_offline]
    session.execute(
        update(OfflineUse)
        .where(col(OfflineUse.redemption_line_id).in_(made_offline))
        .values(given_back=True, fee_cents=0)
    )


def _given_back(session: Session, which: Any) -> None:
    """Whoever looked at the lists of these live uses before must look again."""
    lists = select(RedemptionLine.list_id).where(which, col(RedemptionLine.live))
    session.execute(
        update(ShoppingList)
        .where(col(ShoppingList.id).in_(lists))
        .values(reopenings=ShoppingList.reopenings + 1)
    )


def earlier_return(session: Session, reference: Reference) -> TillReturn | None:
    """A return under this reference."""
    return session.exec(select(TillReturn).where(*_named(TillReturn, reference))).first()


def take_from_history(
    session: Session, basket_id: int | None, taken: Sequence[tuple[int, int, int]]
) -> None:
    """Lessen basket lines: (line, quantity_milli, cents); a line that is gone is removed."""
    if not taken:
        return
    quantities = {line: quantity for line, quantity, _ in taken}
    amounts = {line: cents for line, _, cents in taken}
    here = (col(BasketLine.basket_id) == basket_id) & col(BasketLine.line).in_(quantities)
    session.execute(
        update(BasketLine)
        .where(here)
        .values(
            quantity_milli=BasketLine.quantity_milli - case(quantities, value=col(BasketLine.line)),
            amount_cents=BasketLine.amount_cents - case(amounts, value=col(BasketLine.line)),
        )
    )
    session.execute(delete(BasketLine).where(here, col(BasketLine.quantity_milli) == 0))


def add_return(session: Session, row: TillReturn, lines: Sequence[dict[str, Any]]) -> None:
    """Write a return; the lines lack only `return_id`."""
    session.add(row)
    session.flush()
    session.execute(insert(TillReturnLine), [{"return_id": row.id, **line} for line in lines])


def add_event(
    session: Session,
    redemption_id: str,
    verb: TillVerb,
    *,
    key_id: int | None,
    detail: str,
    at: datetime,
) -> None:
    """Add to the audit trail."""
    session.add(
        TillEvent(
            redemption_id=redemption_id, verb=verb, key_id=key_id, detail=detail, happened_at=at
        )
    )


def _named(table: type[Redemption] | type[TillReturn], reference: Reference) -> tuple[Any, ...]:
    return (
        table.store_id == reference.store_id,
        table.terminal == reference.terminal,
        table.business_date == reference.business_date,
        table.number == reference.number,
    )
