"""Queries on what is owed: open claims with what of them is in dispute."""

from collections.abc import Collection

from sqlmodel import Session, col, func, select

from service.engine.clearing.ageing import OwedClaim
from service.engine.clearing.claim import DisputeState, Settlement
from service.engine.clearing.standing import number_of
from service.store.clearing import bank_receipts
from service.store.tables.agreement import Agreement
from service.store.tables.bank import BankReceipt, ReceiptState
from service.store.tables.claim import Claim, ClaimDispute

_AT_ONCE = 500


def owed(
    session: Session,
    *,
    settlement: Settlement | None = None,
    claim_ids: Collection[int] | None = None,
    account_id: int | None = None,
) -> list[OwedClaim]:
    """Every claim of which something is open; or of those of a way, of some, of an account."""
    statement = (
        select(Claim)
        .join(Agreement, col(Agreement.id) == col(Claim.agreement_id))
        .where(col(Claim.issued_at).is_not(None), col(Claim.cancelled_at).is_(None))
        .order_by(col(Claim.id))
    )
    if settlement is not None:
        statement = statement.where(Agreement.settlement == settlement)
    if claim_ids is not None:
        statement = statement.where(col(Claim.id).in_(claim_ids))
    if account_id is not None:
        statement = statement.where(Claim.account_id == account_id)
    rows = session.exec(statement).all()
    open_of: dict[int, int] = {}
    ids = [row.id for row in rows]
    for first in range(0, len(ids), _AT_ONCE):
        open_of |= bank_receipts.open_of(session, ids[first : first + _AT_ONCE])
    disputed = _disputed(session)
    return [
        OwedClaim(
            claim_id=row.id,
            number=number_of(row.series, row.serial) or "",
            account_id=row.account_id,
            due_on=row.due_on,
            open_cents=open_of[row.id],
            disputed_cents=min(disputed.get(row.id, 0), max(open_of[row.id], 0)),
            total_cents=row.total_cents,
        )
        for row in rows
        if open_of[row.id] and row.due_on is not None
    ]


def suspended_texts(session: Session) -> list[str]:
    """What payers wrote with money that is in suspense."""
    found = select(BankReceipt.text).where(BankReceipt.state == ReceiptState.SUSPENDED)
    return list(session.exec(found))


def _disputed(session: Session) -> dict[int, int]:
    """What is in open disputes, by claim."""
    found = (
        select(ClaimDispute.claim_id, func.sum(ClaimDispute.claimed_cents))
        .where(ClaimDispute.state == DisputeState.OPEN)
        .group_by(col(ClaimDispute.claim_id))
    )
    return {claim_id: int(cents) for claim_id, cents in session.exec(found)}
