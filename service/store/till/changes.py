"""Undoing what a redemption did: reads under lock, and the rows that voids and returns write.

Locks are taken in one order everywhere: the redemption, then its lists by id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from pydantic_core import from_json, to_json
from sqlalchemy import case, delete, func, insert, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.engine.clearing import parties
from service.engine.ledger import Payer
from service.engine.settle import Split, TakenBack
from service.store import history, sums
from service.store.history.lines import of_basket
from service.store.tables.basket import Basket, PurchasedLine
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
from service.store.tables.shopping_list import ListLine, ListState, ShoppingList
from service.store.till import offline, splits
from service.store.till.steps import Reference

_CHARGED = func.coalesce(OfflineUse.charged_uses, RedemptionLine.uses)


class UsedLine(NamedTuple):
    """A stored redemption line with its list and what its offer's supplier was charged.

    `made` uses were made, `charged_uses` of them are the supplier's to pay; `parties` are who bears
    its part, as stored. `is_offline` says that it was made offline and not given back since.
    """

    id: int
    list_id: int
    list_code: str
    list_line: int
    text: str
    is_issued: bool
    live: bool
    uses: int
    offer_id: int
    supplier_id: int
    fee_cents: int
    reserved_cents: int
    parts: tuple[Split, ...]
    is_offline: bool
    made: int = 1
    charged_uses: int = 0
    parties: str = parties.ALONE

    @property
    def payer(self) -> Payer:
        """Who pays for it."""
        return Payer(self.offer_id, self.supplier_id)

    def borne(self, back: TakenBack, *, sign: int) -> dict[int, int] | None:
        """What each party bears of some of its units, by supplier; None where there is one."""
        if not self.parties:
            return None
        shares = parties.borne(
            self.parts,
            parties.decode(self.parties),
            uses=self.made,
            units={back.line: back.units},
        )
        return {supplier: sign * cents for supplier, cents in shares.items()}


class BoughtLine(NamedTuple):
    """A basket line as it is now, and what of it came back before: its units by their place.

    `gtin` is 0 where it is not known any more.
    """

    line: int
    quantity_milli: int
    unit: str
    amount_cents: int
    returned_milli: int = 0
    refunded_cents: int = 0
    gtin: int = 0
    returned: tuple[int, ...] = ()


class BackLine(NamedTuple):
    """What came back of a basket line in one return: how much, for how much, and which units.

    `units` are places among the units of the line, in the order in which they come back. `gtin` is
    None in returns from before it was stored whose line is gone.
    """

    return_id: str
    line: int
    quantity_milli: int
    refund_cents: int
    gtin: int | None
    unit: str | None
    units: tuple[int, ...]


def locked_redemption(session: Session, reference: Reference) -> Redemption | None:
    """The redemption under a reference, held until the transaction ends."""
    statement = select(Redemption).where(*_named(Redemption, reference)).with_for_update()
    return session.exec(statement).first()


def redemption(session: Session, redemption_id: str) -> Redemption:
    """A redemption that is there."""
    return session.exec(select(Redemption).where(Redemption.id == redemption_id)).one()


def store_answer(session: Session, redemption_id: str, answer: str) -> None:
    """Store the answer to a sale that is written already."""
    session.execute(
        update(Redemption).where(col(Redemption.id) == redemption_id).values(answer=answer)
    )


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
            ListLine.text,
            ShoppingList.state == ListState.ISSUED,
            RedemptionLine.live,
            RedemptionLine.uses,
            RedemptionLine.offer_id,
            Offer.supplier_id,
            Offer.handling_fee_cents * _CHARGED,
            RedemptionLine.reserved_cents,
            RedemptionLine.parts,
            col(OfflineUse.given_back).is_(False),
            func.coalesce(OfflineUse.made, RedemptionLine.uses),
            # What is neither funded nor handled for a fee comes into no claim.
            case(
                (or_(col(Offer.funding_share) > 0, col(Offer.handling_fee_cents) > 0), _CHARGED),
                else_=0,
            ),
            Offer.parties,
        )
        .join(ShoppingList, col(ShoppingList.id) == col(RedemptionLine.list_id))
        .join(
            ListLine,
            (col(ListLine.list_id) == col(RedemptionLine.list_id))
            & (col(ListLine.line) == col(RedemptionLine.list_line)),
        )
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
    found = {
        line["line"]: BoughtLine(
            line["line"],
            line["quantity_milli"],
            line["unit"],
            line["amount_cents"],
            gtin=line["gtin"],
        )
        for line in of_basket(session, redemption.basket_id)
    }
    for back in lines_back(session, redemption.id):
        line = found.get(back.line) or BoughtLine(
            back.line, 0, back.unit or "", 0, gtin=back.gtin or 0
        )
        found[back.line] = line._replace(
            returned_milli=line.returned_milli + back.quantity_milli,
            refunded_cents=line.refunded_cents + back.refund_cents,
            returned=line.returned + back.units,
        )
    return found


def lines_back(session: Session, redemption_id: str) -> list[BackLine]:
    """What came back of a sale in returns that were not voided, in the order of the returns."""
    named = aliased(Redemption)
    statement = (
        select(  # type: ignore[call-overload]
            TillReturnLine.return_id,
            TillReturnLine.line,
            TillReturnLine.quantity_milli,
            TillReturnLine.refund_cents,
            TillReturnLine.gtin,
            TillReturnLine.unit,
            TillReturnLine.units,
        )
        .join(TillReturn, col(TillReturn.id) == col(TillReturnLine.return_id))
        .join(named, col(named.id) == col(TillReturn.id), isouter=True)
        .where(
            TillReturn.redemption_id == redemption_id,
            func.coalesce(named.state, RedemptionState.RETURNED) == RedemptionState.RETURNED,
        )
        .order_by(col(TillReturn.returned_at), col(TillReturn.id), col(TillReturnLine.line))
    )
    gone: dict[int, int] = {}
    found = []
    for row in session.execute(statement):
        back = BackLine(*row)
        if row.units is None:
            # From before they were stored, when they came back one after the other.
            first = gone.get(back.line, 0)
            pieces, part = divmod(back.quantity_milli, 1000)
            units = tuple(range(first, first + (1 if part else pieces)))
        else:
            units = tuple(from_json(row.units))
        gone[back.line] = gone.get(back.line, 0) + len(units)
        found.append(back._replace(units=units))
    return found


def forget_sale(session: Session, redemption: Redemption) -> None:
    """The sale never happened: its uses end, its basket leaves history, the row stays as voided."""
    _given_back(session, col(RedemptionLine.redemption_id) == redemption.id)
    these = col(RedemptionLine.redemption_id) == redemption.id
    with sums.taken_out(session, session.exec(select(RedemptionLine.id).where(these)).all()):
        session.execute(update(RedemptionLine).where(these).values(live=False))
    basket_id = redemption.basket_id
    redemption.state = RedemptionState.VOIDED
    redemption.basket_id = None
    session.add(redemption)
    session.flush()
    if basket_id is not None:
        history.note_gone(session, [basket_id])
    session.execute(delete(PurchasedLine).where(col(PurchasedLine.basket_id) == basket_id))
    session.execute(delete(Basket).where(col(Basket.id) == basket_id))


def reopen(session: Session, used: Sequence[UsedLine]) -> None:
    """The uses these redemption lines held can be made again; what they reserved is given back."""
    if not used:
        return
    ids = [line.id for line in used]
    these = col(RedemptionLine.id).in_(ids)
    _given_back(session, these)
    with sums.taken_out(session, ids):
        session.execute(update(RedemptionLine).where(these).values(live=False))
    issued = [line.id for line in used if line.is_issued]
    session.execute(
        update(RedemptionLine).where(col(RedemptionLine.id).in_(issued)).values(reserved_cents=0)
    )
    made_offline = [line.id for line in used if line.is_offline]
    session.execute(
        update(OfflineUse)
        .where(col(OfflineUse.redemption_line_id).in_(made_offline))
        .values(given_back=True, charged_uses=0)
    )


def _given_back(session: Session, which: Any) -> None:
    """Whoever looked at the lists of these live uses before must look again."""
    lists = select(RedemptionLine.list_id).where(which, col(RedemptionLine.live))
    session.execute(
        update(ShoppingList)
        .where(col(ShoppingList.id).in_(lists))
        .values(reopenings=ShoppingList.reopenings + 1)
    )


def used_number(session: Session, reference: Reference) -> Redemption | None:
    """What has this reference already, a sale, a return or a void."""
    return session.exec(select(Redemption).where(*_named(Redemption, reference))).first()


def return_of(session: Session, return_id: str) -> TillReturn:
    """A return that is there."""
    return session.exec(select(TillReturn).where(TillReturn.id == return_id)).one()


def held_redemption(session: Session, redemption_id: str) -> Redemption:
    """A redemption that is there, held until the transaction ends."""
    statement = select(Redemption).where(Redemption.id == redemption_id).with_for_update()
    return session.exec(statement).one()


def earlier_return(session: Session, reference: Reference) -> TillReturn | None:
    """A return under this reference."""
    return session.exec(select(TillReturn).where(*_named(TillReturn, reference))).first()


def take_from_history(
    session: Session, basket_id: int | None, taken: Sequence[tuple[int, int, int]]
) -> None:
    """Lessen basket lines: (line, quantity_milli, cents); a line that is gone is removed."""
    if not taken:
        return
    if basket_id is not None:
        history.open_again(session, [basket_id])
    quantities = {number: quantity for number, quantity, _ in taken}
    amounts = {number: cents for number, _, cents in taken}
    line = col(PurchasedLine.line)
    here = (col(PurchasedLine.basket_id) == basket_id) & line.in_(quantities)
    session.execute(
        update(PurchasedLine)
        .where(here)
        .values(
            quantity_milli=PurchasedLine.quantity_milli - case(quantities, value=line),
            amount_cents=PurchasedLine.amount_cents - case(amounts, value=line),
        )
    )
    session.execute(delete(PurchasedLine).where(here, col(PurchasedLine.quantity_milli) == 0))


def put_into_history(session: Session, basket_id: int | None, lines: Sequence[BackLine]) -> None:
    """What `take_from_history` took: basket lines grow again, and those that are gone are back."""
    if basket_id is not None:
        history.open_again(session, [basket_id])
    there = session.exec(select(PurchasedLine).where(PurchasedLine.basket_id == basket_id)).all()
    by_number = {line.line: line for line in there}
    for back in lines:
        line = by_number.get(back.line)
        if line is not None:
            line.quantity_milli += back.quantity_milli
            line.amount_cents += back.refund_cents
            session.add(line)
        elif basket_id is not None and back.gtin is not None and back.unit is not None:
            session.add(
                PurchasedLine(
                    basket_id=basket_id,
                    line=back.line,
                    gtin=back.gtin,
                    quantity_milli=back.quantity_milli,
                    unit=back.unit,
                    amount_cents=back.refund_cents,
                )
            )
    session.flush()


def add_return(session: Session, row: TillReturn, lines: Sequence[BackLine]) -> None:
    """Write a return, and its number among those of sales, so that each is used once.

    The driver's unique violation when the number was used meanwhile.
    """
    number = Redemption(
        id=row.id,
        store_id=row.store_id,
        terminal=row.terminal,
        business_date=row.business_date,
        number=row.number,
        digest=row.digest,
        state=RedemptionState.RETURNED,
        total_discount_cents=0,
        answer="",
        redeemed_at=row.returned_at,
        key_id=row.key_id,
    )
    session.add_all([number, row])
    session.flush()
    session.execute(
        insert(TillReturnLine),
        [{**line._asdict(), "units": to_json(line.units).decode()} for line in lines],
    )


def use_again(session: Session, used: Sequence[UsedLine], *, borne_by: str) -> None:
    """Uses that a return had given back are made again; what they hold is settled after that.

    They contend for their list lines as uses made offline do: somebody may have them meanwhile.
    """
    ids = [line.id for line in used]
    known = session.exec(
        select(OfflineUse).where(col(OfflineUse.redemption_line_id).in_(ids))
    ).all()
    for each in known:
        each.given_back = False
        session.add(each)
    seen = {each.redemption_line_id for each in known}
    session.add_all(
        [
            OfflineUse(
                redemption_line_id=line.id,
                made=line.uses,
                reason=None,
                borne_by=borne_by,
                charged_uses=0,
                given_back=False,
            )
            for line in used
            if line.id not in seen
        ]
    )
    session.flush()


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
