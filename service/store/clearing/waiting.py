"""What of clearing waits for a person, as counts."""

from typing import NamedTuple

from sqlmodel import Session, col, func, select

from service.engine.clearing.claim import ClaimState, DisputeState
from service.store.tables.bank import BankReceipt, ReceiptState
from service.store.tables.claim import Claim, ClaimDispute


class Counts(NamedTuple):
    """Drafts to issue with what they come to, receipts to match or decide, disputes to answer."""

    drafts: int
    draft_cents: int
    new_receipts: int
    suspended: int
    suspense_cents: int
    disputes: int
    disputed_cents: int


def counts(session: Session) -> Counts:
    """What waits now."""
    drafts, draft_cents = session.exec(
        select(func.count(), func.coalesce(func.sum(Claim.total_cents), 0)).where(
            Claim.state == ClaimState.DRAFT
        )
    ).one()
    receipts = {
        state: (count, int(cents))
        for state, count, cents in session.exec(
            select(BankReceipt.state, func.count(), func.sum(BankReceipt.suspense_cents))
            .where(col(BankReceipt.state).in_((ReceiptState.NEW, ReceiptState.SUSPENDED)))
            .group_by(BankReceipt.state)
        )
    }
    disputes, disputed_cents = session.exec(
        select(func.count(), func.coalesce(func.sum(ClaimDispute.claimed_cents), 0)).where(
            ClaimDispute.state == DisputeState.OPEN
        )
    ).one()
    suspended, suspense_cents = receipts.get(ReceiptState.SUSPENDED, (0, 0))
    return Counts(
        drafts,
        int(draft_cents),
        receipts.get(ReceiptState.NEW, (0, 0))[0],
        suspended,
        suspense_cents,
        disputes,
        int(disputed_cents),
    )
