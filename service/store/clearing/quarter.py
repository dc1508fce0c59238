"""What suppliers did in a quarter, as sums: each figure one statement over the quarter's rows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from service.engine.clearing.evaluation import SupplierQuarter
from service.engine.ledger import CHARGING
from service.engine.lifecycle import OUT_OF_STOCK, Act
from service.store import history
from service.store.bulk import day_value
from service.store.tables.bank import BankReceipt, ReceiptApplication
from service.store.tables.catalogue import Supplier
from service.store.tables.claim import Claim
from service.store.tables.offer import Offer, OfferEvent
from service.store.tables.types import UtcMoment

_SPEND = """SELECT p.supplier_id, sum(l.amount_cents) FROM basket b
    JOIN {lines} l ON l.basket_id = b.id LEFT JOIN product p ON p.gtin = l.gtin
    WHERE b.business_date BETWEEN :first AND :last GROUP BY p.supplier_id"""
_COPIES = """SELECT o.supplier_id, sum(c.copies) FROM cycle_offer c
    JOIN cycle y ON y.id = c.cycle_id JOIN offer o ON o.id = c.offer_id
    WHERE y.valid_from BETWEEN :first AND :last AND o.kind = 'product' GROUP BY o.supplier_id"""
_USES = f"""SELECT o.supplier_id, sum(e.uses) FROM ledger_entry e
    JOIN offer o ON o.id = e.offer_id AND o.supplier_id = e.supplier_id
    WHERE e.account = 'supplier_receivable' AND e.business_date BETWEEN :first AND :last
      AND e.kind IN ({", ".join([f"'{kind}'" for kind in CHARGING])}) GROUP BY o.supplier_id"""
_CLAIMED = """SELECT l.supplier_id,
        sum(l.share_cents + l.fee_cents + l.slot_cents + l.adjustment_cents)
    FROM claim c JOIN claim_line l ON l.claim_id = c.id
    WHERE c.issued_on BETWEEN :first AND :last AND c.cancelled_at IS NULL GROUP BY l.supplier_id"""
_CREDITED = """SELECT l.supplier_id, sum(d.accepted_cents) FROM claim_dispute d
    JOIN claim_line l ON l.claim_id = d.claim_id AND l.line = d.line
    WHERE d.answered_at >= :start AND d.answered_at < :end GROUP BY l.supplier_id"""


def suppliers_in(session: Session, first: date, last: date) -> list[SupplierQuarter]:
    """Every supplier with what it did from one day to another, by name.

    Payments are an account's: each of its brands has them.
    """
    days = {"first": day_value(session, first), "last": day_value(session, last)}
    lines = history.of_days(session, first, last)
    spend = _sums(session, _SPEND.format(lines=lines), days)
    copies, uses = (_sums(session, each, days) for each in (_COPIES, _USES))
    claimed = _sums(session, _CLAIMED, days)
    moments = {
        "start": datetime.combine(first, time(), UTC),
        "end": datetime.combine(last + timedelta(days=1), time(), UTC),
    }
    credited = _sums(session, _CREDITED, moments, moments=True)
    paid = _payments(session, first, last)
    stops = _stock_stops(session, moments["start"], moments["end"])
    rows = session.exec(select(Supplier).order_by(Supplier.name)).all()
    return [
        SupplierQuarter(
            supplier_id=row.id,
            supplier=row.name,
            spend_cents=spend.get(row.id, 0),
            all_spend_cents=sum(spend.values()),
            circulation=copies.get(row.id, 0),
            redemptions=uses.get(row.id, 0),
            claimed_cents=claimed.get(row.id, 0),
            credited_cents=credited.get(row.id, 0),
            paid_cents=paid.get(row.account_id, (0, 0))[0],
            paid_cents_days=paid.get(row.account_id, (0, 0))[1],
            stock_stops=stops.get(row.id, 0),
        )
        for row in rows
    ]


def _sums(
    session: Session, statement: str, values: dict[str, Any], *, moments: bool = False
) -> dict[int | None, int]:
    """Sums by supplier; what belongs to none is under None."""
    prepared = text(statement)
    if moments:
        prepared = prepared.bindparams(*[bindparam(name, type_=UtcMoment()) for name in values])
    return {
        supplier_id: int(cents or 0) for supplier_id, cents in session.execute(prepared, values)
    }


def _payments(session: Session, first: date, last: date) -> dict[int | None, tuple[int, int]]:
    """What came in by account: cents, and cents times days after the due day."""
    found = (
        select(  # type: ignore[call-overload]
            Claim.account_id, Claim.due_on, BankReceipt.booked_on, ReceiptApplication.paid_cents
        )
        .select_from(ReceiptApplication)
        .join(Claim, col(Claim.id) == col(ReceiptApplication.claim_id))
        .join(BankReceipt, col(BankReceipt.id) == col(ReceiptApplication.receipt_id))
        .where(col(BankReceipt.booked_on).between(first, last))
    )
    paid: dict[int | None, tuple[int, int]] = {}
    for account_id, due_on, booked_on, cents in session.execute(found):
        late = 0 if due_on is None else (booked_on - due_on).days
        before = paid.get(account_id, (0, 0))
        paid[account_id] = (before[0] + cents, before[1] + cents * late)
    return paid


def _stock_stops(session: Session, start: datetime, end: datetime) -> dict[int, int]:
    """How often deals of a supplier were stopped for want of stock."""
    found = (
        select(Offer.supplier_id, OfferEvent.detail)
        .join(OfferEvent, col(OfferEvent.offer_id) == col(Offer.id))
        .where(
            OfferEvent.act == Act.STOP,
            col(OfferEvent.happened_at) >= start,
            col(OfferEvent.happened_at) < end,
        )
    )
    stops: dict[int, int] = {}
    for supplier_id, detail in session.exec(found):
        if detail.get("reason") == OUT_OF_STOCK:
            stops[supplier_id] = stops.get(supplier_id, 0) + 1
    return stops
