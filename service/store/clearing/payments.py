"""Queries on what made the claims of an account smaller."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from service.engine.clearing.claim import SettlementKind
from service.engine.clearing.standing import number_of
from service.store.tables.claim import Claim, ClaimSettlement
from service.store.tables.ledger import LedgerEntry


class Payment(NamedTuple):
    """What settled some of a claim; `cents` are negative where the bank took them back."""

    id: int
    posted_at: datetime
    claim_number: str
    kind: SettlementKind
    cents: int


def page(
    session: Session, account_id: int, *, before_id: int | None = None, limit: int = 50
) -> list[Payment]:
    """What settled the claims of an account, the newest first."""
    statement = (
        select(LedgerEntry, ClaimSettlement.kind, Claim.series, Claim.serial)
        .join(ClaimSettlement, col(ClaimSettlement.entry_id) == col(LedgerEntry.id))
        .join(Claim, col(Claim.id) == col(ClaimSettlement.claim_id))
        .where(Claim.account_id == account_id)
        .order_by(col(LedgerEntry.id).desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(col(LedgerEntry.id) < before_id)
    return [
        Payment(
            entry.id or 0,
            entry.posted_at,
            number_of(series, serial) or "",
            SettlementKind(kind),
            -entry.amount_cents,
        )
        for entry, kind, series, serial in session.exec(statement)
    ]
