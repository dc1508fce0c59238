"""What suppliers have no stock of: their reports, and the deals that are paused by them.

A deal is held by a stop of its own, or when every product of one of its sets is stopped: nobody
could buy it then. Paused so, its `stopped_at` stays null: tills take the copies that are out.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, text, update
from sqlmodel import Session, col, select

from service.engine.lifecycle import ISSUABLE, OUT_OF_STOCK, Act, DealState, next_state
from service.store.actor import SERVICE, Actor
from service.store.offers import events, states
from service.store.offers.goods import counted_among, counting, stage_counting
from service.store.sum_rows import DEAL
from service.store.tables.catalogue import Product, Supplier
from service.store.tables.offer import Offer
from service.store.tables.stock import StockStop
from service.store.tables.types import UtcMoment

_HELD = f"""SELECT o.id, max(s.back_on) FROM stock_stop s JOIN offer o ON {DEAL} = s.deal_id
    WHERE s.ended_at IS NULL GROUP BY o.id"""
_STOPPED = "SELECT gtin AS id FROM stock_stop WHERE ended_at IS NULL AND gtin IS NOT NULL"
_WITH_STOPPED = f"""SELECT DISTINCT g.offer_id FROM ({counted_among(_STOPPED)}) g
    JOIN offer o ON o.id = g.offer_id
    WHERE o.state IN ('approved', 'running', 'exhausted', 'paused')"""
_HELD_BY_PRODUCTS = """SELECT p.offer_id, min(b.back_on), count(*), count(b.gtin)
    FROM staged_goods p JOIN offer o ON o.id = p.offer_id
    JOIN supplier f ON f.id = o.supplier_id
    LEFT JOIN (SELECT s.gtin, w.id AS supplier_id, w.account_id, max(s.back_on) AS back_on
               FROM stock_stop s JOIN supplier w ON w.id = s.supplier_id
               WHERE s.ended_at IS NULL AND s.gtin IS NOT NULL
               GROUP BY s.gtin, w.id, w.account_id) b
      ON b.gtin = p.gtin AND (b.supplier_id = f.id OR b.account_id = f.account_id)
    GROUP BY p.offer_id, p.set_number"""


_ONE = "SELECT CAST({id} AS bigint) AS offer_id"


class StopRow(NamedTuple):
    """A report of a supplier: `deal_ref` and `title` of its deal, or the name of its product."""

    stop: StockStop
    deal_ref: str
    name: str


def add(session: Session, stop: StockStop) -> StockStop:
    """Add a report; it has its number then."""
    session.add(stop)
    session.flush()
    return stop


def get(session: Session, stop_id: int) -> StockStop | None:
    """A report, locked until the transaction ends."""
    return session.exec(select(StockStop).where(StockStop.id == stop_id).with_for_update()).first()


def open_of(
    session: Session, supplier_ids: Collection[int], *, deal_id: int | None, gtin: int | None
) -> StockStop | None:
    """The report on a deal or a product that lasts. Who reports for the same waits for its end."""
    wait = select(Supplier.id).where(col(Supplier.id).in_(supplier_ids)).order_by(col(Supplier.id))
    session.exec(wait.with_for_update(key_share=True)).all()
    statement = select(StockStop).where(
        col(StockStop.supplier_id).in_(supplier_ids), col(StockStop.ended_at).is_(None)
    )
    is_same = StockStop.deal_id == deal_id if gtin is None else StockStop.gtin == gtin
    return session.exec(statement.where(is_same).with_for_update()).first()


def page(
    session: Session,
    supplier_ids: Collection[int],
    *,
    only_open: bool = False,
    before_id: int | None = None,
    limit: int = 50,
) -> list[StopRow]:
    """The reports of suppliers, the newest first."""
    statement = (
        select(StockStop, Offer.deal_ref, Offer.title, Product.description)
        .join(Offer, col(Offer.id) == col(StockStop.deal_id), isouter=True)
        .join(Product, col(Product.gtin) == col(StockStop.gtin), isouter=True)
        .where(col(StockStop.supplier_id).in_(supplier_ids))
        .order_by(col(StockStop.id).desc())
        .limit(limit)
    )
    if only_open:
        statement = statement.where(col(StockStop.ended_at).is_(None))
    if before_id is not None:
        statement = statement.where(col(StockStop.id) < before_id)
    return [
        StopRow(stop, ref or "", title or description or "")
        for stop, ref, title, description in session.exec(statement)
    ]


def products_of(session: Session, supplier_ids: Collection[int]) -> list[tuple[int, str]]:
    """The products that count for deals of suppliers which may be issued: (GTIN, name), by name."""
    own = f"""SELECT id AS offer_id FROM offer
        WHERE state IN ('approved', 'running', 'exhausted', 'paused')
          AND supplier_id IN ({_numbers(supplier_ids)})"""
    statement = text(
        f"""SELECT DISTINCT p.gtin, q.description FROM ({counting(own)}) p
            JOIN product q ON q.gtin = p.gtin ORDER BY q.description, p.gtin"""
    )
    return [(int(gtin), name) for gtin, name in session.execute(statement)]


def end(session: Session, stops: Sequence[StockStop], *, at: datetime, by: str) -> None:
    """End some reports."""
    for stop in stops:
        stop.ended_at, stop.ended_by = at, by
        session.add(stop)
    session.flush()


def end_on_deal(session: Session, offer: Offer, *, at: datetime, by: str) -> None:
    """End the reports that hold a deal: its own, and those on its products."""
    session.execute(
        text(
            f"""UPDATE stock_stop SET ended_at = :at, ended_by = :by
                WHERE ended_at IS NULL AND (deal_id = (SELECT {DEAL} FROM offer o WHERE o.id = :id)
                  OR (gtin IN (SELECT p.gtin FROM ({counting(_ONE.format(id=offer.id))}) p)
                      AND supplier_id IN (
                          SELECT w.id FROM supplier w JOIN supplier f ON f.id = :supplier
                          WHERE w.id = f.id OR w.account_id = f.account_id)))"""
        ).bindparams(bindparam("at", at, type_=UtcMoment())),
        {"by": by, "id": offer.id, "supplier": offer.supplier_id},
    )


def end_those_over(session: Session, *, on: date, at: datetime) -> None:
    """End the reports whose day has come."""
    session.execute(
        update(StockStop)
        .where(col(StockStop.ended_at).is_(None), col(StockStop.back_on) <= on)
        .values(ended_at=at, ended_by=SERVICE.name)
    )


def settle(session: Session, *, at: datetime, by: Actor = SERVICE) -> int:
    """Pause and resume deals as the reports that last say; how many.

    Doing it again changes nothing.
    """
    session.flush()
    back_on = _held(session)
    paused = {offer.id: offer for offer in _paused(session)}
    to_resume = [number for number in paused if number not in back_on]
    candidates = states.lock(session, sorted({*back_on, *to_resume}))
    moved = 0
    for number, state in sorted(candidates.items()):
        offer = session.get_one(Offer, number)
        if number in back_on and state in ISSUABLE:
            detail = {"reason": OUT_OF_STOCK, "back_on": back_on[number].isoformat()}
            _move(session, offer, Act.STOP, detail, at=at, by=by)
        elif number in to_resume and state == DealState.PAUSED:
            _move(session, offer, Act.RESUME, {"reason": "in_stock"}, at=at, by=by)
        else:
            continue
        moved += 1
    return moved


def _held(session: Session) -> dict[int, date]:
    """The offers that reports hold, with the day on which that ends."""
    held = {int(number): _day(back) for number, back in session.execute(text(_HELD))}
    stage_counting(session, _WITH_STOPPED)
    for number, back, products, stopped in session.execute(text(_HELD_BY_PRODUCTS)):
        if products == stopped:
            held[int(number)] = max(held.get(int(number), date.min), _day(back))
    return held


def _paused(session: Session) -> Sequence[Offer]:
    """The deals that are paused for want of stock and by nobody else."""
    statement = select(Offer).where(
        Offer.state == DealState.PAUSED, col(Offer.stopped_at).is_(None)
    )
    return session.exec(statement.execution_options(populate_existing=True)).all()


def _move(
    session: Session, offer: Offer, act: Act, detail: dict[str, str], *, at: datetime, by: Actor
) -> None:
    state = next_state(DealState(offer.state), act)
    events.add(session, offer, act, to_state=state, by=by, at=at, detail=detail)
    states.move(session, (offer,), state)
    session.refresh(offer)


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _numbers(values: Collection[int]) -> str:
    return ", ".join(str(int(each)) for each in values) or "NULL"
