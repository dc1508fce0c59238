"""Pages of claims, receipts and disputes for people, the newest first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from service.store.clearing import claims
from service.store.clearing.claims import Summary
from service.store.keyset import Turned, turn
from service.store.tables.agreement import SupplierAccount
from service.store.tables.bank import BankReceipt
from service.store.tables.claim import Claim, ClaimDispute


def turn_claims(
    session: Session,
    *,
    account: str = "",
    states: Sequence[str] = (),
    after: int | None,
    before: int | None,
    limit: int,
) -> Turned[Summary]:
    """A page of claims: those of an account by its number, and in some states."""
    statement = select(Claim.id).join(
        SupplierAccount, col(SupplierAccount.id) == col(Claim.account_id)
    )
    if account:
        statement = statement.where(SupplierAccount.number == account)
    if states:
        statement = statement.where(col(Claim.state).in_(states))
    found = _turn(session, statement, Claim.id, after=after, before=before, limit=limit)
    rows = {row.id: row for row in claims.page(session, claim_ids=found.rows, limit=limit)}
    return replace(found, rows=[rows[each] for each in found.rows])


def turn_receipts(
    session: Session,
    *,
    states: Sequence[str] = (),
    after: int | None,
    before: int | None,
    limit: int,
) -> Turned[BankReceipt]:
    """A page of receipts: those in some states."""
    statement = select(BankReceipt)
    if states:
        statement = statement.where(col(BankReceipt.state).in_(states))
    return _turn(session, statement, BankReceipt.id, after=after, before=before, limit=limit)


def turn_disputes(
    session: Session,
    *,
    states: Sequence[str] = (),
    after: int | None,
    before: int | None,
    limit: int,
) -> Turned[tuple[ClaimDispute, Claim]]:
    """A page of disputes with their claims: those in some states."""
    statement = select(ClaimDispute, Claim).join(Claim, col(Claim.id) == col(ClaimDispute.claim_id))
    if states:
        statement = statement.where(col(ClaimDispute.state).in_(states))
    return _turn(session, statement, ClaimDispute.id, after=after, before=before, limit=limit)


def _turn(
    session: Session,
    statement: Any,
    key: Any,
    *,
    after: int | None,
    before: int | None,
    limit: int,
) -> Turned[Any]:
    return turn(
        session,
        statement,
        [key],
        after=None if after is None else [after],
        before=None if before is None else [before],
        limit=limit,
    )
