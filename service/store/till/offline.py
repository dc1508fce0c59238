"""Uses of list lines made offline, what each holds, and the disputes about them.

A household's uses of a deal depend on one another over all its lists, so all its lists that have
the deal are held while they are read and changed, in the order of their ids.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeAlias, cast

from sqlalchemy import case, func, insert, tuple_, update
from sqlmodel import Session, col, select

from service.engine.settle import Split
from service.store import sums
from service.store.tables.basket import Basket
from service.store.tables.offer import Offer
from service.store.tables.redemption import (
    OfflineUse,
    Redemption,
    RedemptionLine,
    RedemptionState,
    TillConflict,
)
from service.store.tables.shopping_list import ListLine, ListState, ShoppingList
from service.store.till import splits
from service.store.till.steps import Dispute

LineKey: TypeAlias = tuple[int, int]
"""A list line: its list and its number."""

DealKey: TypeAlias = tuple[int, int]
"""A deal as one household has it: the household, and the deal's first revision."""

_DEAL = func.coalesce(Offer.deal_id, Offer.id)


class OfflineRow(NamedTuple):
    """Uses made offline that were not given back, of a sale that was not voided."""

    id: int
    redemption_id: str
    list_id: int
    list_line: int
    household_id: int
    deal_id: int
    use_number: int
    deal_use: int | None
    uses: int
    live: bool
    amount_cents: int
    reserved_cents: int
    parts: tuple[Split, ...]
    made: int
    reason: str | None
    borne_by: str
    charged_uses: int
    beyond_grace: bool
    at: datetime
    store_id: str
    terminal: str
    business_date: date
    number: str


class HoldingRow(NamedTuple):
    """What uses made offline hold from now on, by the id of their row."""

    id: int
    use_number: int
    deal_use: int | None
    uses: int
    live: bool
    supplier_cents: int
    retailer_cents: int
    reserved_cents: int
    parts: tuple[Split, ...]
    charged_uses: int


class LineRow(NamedTuple):
    """A list line with the terms it was printed under.

    `used` of its `uses` are live and were not made offline; `last_use` is the highest number any
    use of it ever had.
    """

    list_id: int
    line: int
    list_code: str
    household_id: int
    deal_id: int
    deal_limit: int
    is_issued: bool
    uses: int
    used: int
    last_use: int
    reserved_cents: int
    offer_id: int
    supplier_id: int
    funding_share: int
    funding_cap_cents: int | None
    face_value_cents: int
    handling_fee_cents: int
    parties: str


class DealRow(NamedTuple):
    """A deal as one household has it.

    `used` are its live uses that were not made offline; `last_use` is the highest number any use
    of it ever had.
    """

    household_id: int
    deal_id: int
    used: int
    last_use: int

    @property
    def key(self) -> DealKey:
        """Whose, and which."""
        return self.household_id, self.deal_id


def hold_lists(session: Session, codes: Collection[str]) -> None:
    """Hold the lists that share a deal with those of these codes until the transaction ends."""
    if not codes:
        return
    deals = session.execute(
        select(ShoppingList.household_id, _DEAL)
        .join(ListLine, col(ListLine.list_id) == col(ShoppingList.id))
        .join(Offer, col(Offer.id) == col(ListLine.offer_id))
        .where(col(ShoppingList.code).in_(codes))
        .distinct()
    )
    hold_sharing(session, [(household_id, deal_id) for household_id, deal_id in deals])


def hold_sharing(session: Session, deals: Collection[DealKey]) -> None:
    """Hold the lists that have these deals until the transaction ends."""
    if not deals:
        return
    session.exec(
        select(ShoppingList.id)
        .where(col(ShoppingList.id).in_(_sharing(deals)))
        .order_by(col(ShoppingList.id))
        .with_for_update(key_share=True)
    ).all()


def look_again(session: Session, deals: Collection[DealKey]) -> None:
    """Whoever looked at lists that have these deals before must look again."""
    session.execute(
        update(ShoppingList)
        .where(col(ShoppingList.id).in_(_sharing(deals)))
        .values(reopenings=ShoppingList.reopenings + 1)
    )


def _sharing(deals: Collection[DealKey]) -> Any:
    """The lists of these households that have these deals, drafts aside."""
    return (
        select(ListLine.list_id)
        .join(ShoppingList, col(ShoppingList.id) == col(ListLine.list_id))
        .join(Offer, col(Offer.id) == col(ListLine.offer_id))
        .where(
            ShoppingList.state != ListState.DRAFT,
            col(ShoppingList.household_id).in_({household_id for household_id, _ in deals}),
            tuple_(col(ShoppingList.household_id), _DEAL).in_(sorted(deals)),
        )
    )


def deals_of(session: Session, lines: Collection[LineKey]) -> dict[DealKey, DealRow]:
    """The deals of list lines that were used, as their households have used them."""
    deals = (
        select(RedemptionLine.household_id, RedemptionLine.deal_id)
        .where(_among(RedemptionLine.list_id, RedemptionLine.list_line, lines))
        .distinct()
        .subquery()
    )
    is_online = col(OfflineUse.redemption_line_id).is_(None)
    used = case((col(RedemptionLine.live) & is_online, col(RedemptionLine.uses)), else_=0)
    last = col(RedemptionLine.deal_use) + col(RedemptionLine.uses) - 1
    statement = (
        select(
            RedemptionLine.household_id,
            RedemptionLine.deal_id,
            func.sum(used),
            func.coalesce(func.max(last), 0),
        )
        .join(
            deals,
            (deals.c.household_id == col(RedemptionLine.household_id))
            & (deals.c.deal_id == col(RedemptionLine.deal_id)),
        )
        .join(
            OfflineUse,
            col(OfflineUse.redemption_line_id) == col(RedemptionLine.id),
            isouter=True,
        )
        .group_by(col(RedemptionLine.household_id), col(RedemptionLine.deal_id))
    )
    found = [DealRow(*map(int, row)) for row in session.execute(statement)]
    return {deal.key: deal for deal in found}


def on_deals(session: Session, deals: Collection[DealKey]) -> list[OfflineRow]:
    """The uses that were made offline of some deals."""
    statement = (
        select(  # type: ignore[call-overload]
            RedemptionLine.id,
            RedemptionLine.redemption_id,
            RedemptionLine.list_id,
            RedemptionLine.list_line,
            RedemptionLine.household_id,
            RedemptionLine.deal_id,
            RedemptionLine.use_number,
            RedemptionLine.deal_use,
            RedemptionLine.uses,
            RedemptionLine.live,
            RedemptionLine.amount_cents,
            RedemptionLine.reserved_cents,
            RedemptionLine.parts,
            OfflineUse.made,
            OfflineUse.reason,
            OfflineUse.borne_by,
            OfflineUse.charged_uses,
            OfflineUse.beyond_grace,
            Basket.purchased_at,
            Redemption.store_id,
            Redemption.terminal,
            Redemption.business_date,
            Redemption.number,
        )
        .join(OfflineUse, col(OfflineUse.redemption_line_id) == col(RedemptionLine.id))
        .join(Redemption, col(Redemption.id) == col(RedemptionLine.redemption_id))
        .join(Basket, col(Basket.id) == col(Redemption.basket_id))
        .where(
            _among(RedemptionLine.household_id, RedemptionLine.deal_id, deals),
            col(OfflineUse.given_back).is_(False),
            Redemption.state != RedemptionState.VOIDED,
        )
        .order_by(col(RedemptionLine.id))
    )
    rows = [OfflineRow(*row) for row in session.execute(statement)]
    return [row._replace(parts=splits.decode(cast("str", row.parts))) for row in rows]


def list_lines(session: Session, lines: Collection[LineKey]) -> dict[LineKey, LineRow]:
    """Some list lines as they are now."""
    is_online = col(OfflineUse.redemption_line_id).is_(None)
    made = (
        select(
            RedemptionLine.list_id,
            RedemptionLine.list_line,
            func.sum(
                case((col(RedemptionLine.live) & is_online, col(RedemptionLine.uses)), else_=0)
            ).label("used"),
            func.max(col(RedemptionLine.use_number) + col(RedemptionLine.uses) - 1).label("last"),
        )
        .join(
            OfflineUse,
            col(OfflineUse.redemption_line_id) == col(RedemptionLine.id),
            isouter=True,
        )
        .where(_among(RedemptionLine.list_id, RedemptionLine.list_line, lines))
        .group_by(col(RedemptionLine.list_id), col(RedemptionLine.list_line))
        .subquery()
    )
    statement = (
        select(  # type: ignore[call-overload]
            ListLine.list_id,
            ListLine.line,
            ShoppingList.code,
            ShoppingList.household_id,
            _DEAL,
            Offer.limit_per_household,
            ShoppingList.state == ListState.ISSUED,
            ListLine.uses,
            func.coalesce(made.c.used, 0),
            func.coalesce(made.c.last, 0),
            ListLine.reserved_cents,
            ListLine.offer_id,
            Offer.supplier_id,
            Offer.funding_share,
            Offer.funding_cap_cents,
            ListLine.face_value_cents,
            Offer.handling_fee_cents,
            Offer.parties,
        )
        .join(ShoppingList, col(ShoppingList.id) == col(ListLine.list_id))
        .join(Offer, col(Offer.id) == col(ListLine.offer_id))
        .join(
            made,
            (made.c.list_id == col(ListLine.list_id)) & (made.c.list_line == col(ListLine.line)),
            isouter=True,
        )
        .where(_among(ListLine.list_id, ListLine.line, lines))
    )
    found = [LineRow(*row) for row in session.execute(statement)]
    return {
        (row.list_id, row.line): row._replace(used=int(row.used), last_use=int(row.last_use))
        for row in found
    }


def add(
    session: Session,
    row: RedemptionLine,
    *,
    made: int,
    reason: str | None,
    borne_by: str,
    beyond_grace: bool,
) -> None:
    """Write uses made offline that hold nothing yet."""
    session.add(row)
    session.flush()
    assert row.id is not None
    session.add(
        OfflineUse(
            redemption_line_id=row.id,
            made=made,
            reason=reason,
            borne_by=borne_by,
            charged_uses=0,
            given_back=False,
            beyond_grace=beyond_grace,
        )
    )
    session.flush()


def change(session: Session, rows: Sequence[HoldingRow]) -> None:
    """Write what uses made offline hold from now on."""
    with sums.taken_out(session, [row.id for row in rows]):
        _change(session, rows)


def _change(session: Session, rows: Sequence[HoldingRow]) -> None:
    ids = [row.id for row in rows]
    # All of them let go before any takes hold, so that one use is never held twice.
    session.execute(
        update(RedemptionLine).where(col(RedemptionLine.id).in_(ids)).values(live=False)
    )
    for row in rows:
        values = row._asdict() | {"parts": splits.encode(row.parts)}
        del values["id"], values["charged_uses"]
        session.execute(
            update(RedemptionLine).where(col(RedemptionLine.id) == row.id).values(**values)
        )
        session.execute(
            update(OfflineUse)
            .where(col(OfflineUse.redemption_line_id) == row.id)
            .values(charged_uses=row.charged_uses)
        )


def disputes_on(session: Session, lines: Collection[LineKey]) -> list[TillConflict]:
    """The disputes about uses of some list lines that are not over."""
    statement = select(TillConflict).where(
        _among(TillConflict.list_id, TillConflict.list_line, lines),
        col(TillConflict.ended_at).is_(None),
    )
    return list(session.exec(statement).all())


def disputes_of(session: Session, redemption_id: str) -> list[tuple[Dispute, str | None]]:
    """The disputes about a sale that are not over, each with the code of its list if known."""
    statement = (
        select(TillConflict, ShoppingList.code)
        .join(ShoppingList, col(ShoppingList.id) == col(TillConflict.list_id), isouter=True)
        .where(TillConflict.redemption_id == redemption_id, col(TillConflict.ended_at).is_(None))
        .order_by(col(ShoppingList.code), col(TillConflict.list_line), col(TillConflict.id))
    )
    return [
        (
            Dispute(
                list_id=each.list_id,
                list_line=each.list_line,
                offer_id=each.offer_id,
                reason=each.reason,
                amount_cents=each.amount_cents,
                borne_by=each.borne_by,
            ),
            code,
        )
        for each, code in session.exec(statement)
    ]


def add_disputes(
    session: Session, redemption_id: str, disputes: Collection[Dispute], *, at: datetime
) -> None:
    """Note disputes about a sale."""
    if disputes:
        rows = [
            {"redemption_id": redemption_id, "recorded_at": at, **each._asdict()}
            for each in disputes
        ]
        session.execute(insert(TillConflict), rows)


def end_disputes(
    session: Session, redemption_id: str, *, at: datetime, lines: Collection[LineKey] | None = None
) -> None:
    """The disputes about a sale are over: all of them, or those about some list lines."""
    which = [
        col(TillConflict.redemption_id) == redemption_id,
        col(TillConflict.ended_at).is_(None),
    ]
    if lines is not None:
        which.append(_among(TillConflict.list_id, TillConflict.list_line, lines))
    session.execute(update(TillConflict).where(*which).values(ended_at=at))


def _among(one: Any, other: Any, keys: Collection[tuple[int, int]]) -> Any:
    return tuple_(col(one), col(other)).in_(sorted(keys))
