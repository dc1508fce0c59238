"""Queries on disputes about lines of claims."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from service.engine.clearing.claim import ClaimPart, DisputeState
from service.store.tables.claim import Claim, ClaimDispute, ClaimLine

_DECIDED_FOR = (DisputeState.OPEN, DisputeState.ACCEPTED, DisputeState.PARTLY_ACCEPTED)


def add(session: Session, dispute: ClaimDispute) -> None:
    """Add a dispute; it has its number then."""
    session.add(dispute)
    session.flush()


def get(session: Session, dispute_id: int) -> ClaimDispute | None:
    """A dispute."""
    return session.get(ClaimDispute, dispute_id)


def of_claim(
    session: Session, claim_id: int, *, state: DisputeState | None = None
) -> Sequence[ClaimDispute]:
    """The disputes about a claim, the oldest first."""
    statement = select(ClaimDispute).where(ClaimDispute.claim_id == claim_id)
    if state is not None:
        statement = statement.where(ClaimDispute.state == state)
    return session.exec(statement.order_by(col(ClaimDispute.id))).all()


def page(
    session: Session,
    *,
    state: DisputeState | None = None,
    account_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[tuple[ClaimDispute, Claim]]:
    """Disputes with their claims, the newest first."""
    statement = (
        select(ClaimDispute, Claim)
        .join(Claim, col(Claim.id) == col(ClaimDispute.claim_id))
        .order_by(col(ClaimDispute.id).desc())
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(ClaimDispute.state == state)
    if account_id is not None:
        statement = statement.where(Claim.account_id == account_id)
    if before_id is not None:
        statement = statement.where(col(ClaimDispute.id) < before_id)
    return list(session.exec(statement).all())


def line(session: Session, claim_id: int, number: int) -> ClaimLine | None:
    """A line of a claim."""
    return session.get(ClaimLine, (claim_id, number))


def taken(session: Session, claim_id: int, number: int, part: ClaimPart) -> int:
    """What of a part of a line is in dispute, or was credited."""
    open_cents = func.sum(ClaimDispute.claimed_cents)
    statement = (
        select(ClaimDispute.state, open_cents, func.sum(ClaimDispute.accepted_cents))
        .where(
            ClaimDispute.claim_id == claim_id,
            ClaimDispute.line == number,
            ClaimDispute.part == part,
            col(ClaimDispute.state).in_(_DECIDED_FOR),
        )
        .group_by(ClaimDispute.state)
    )
    return sum(
        int(claimed if state == DisputeState.OPEN else accepted)
        for state, claimed, accepted in session.exec(statement)
    )


def taken_of(session: Session, claim_id: int) -> dict[tuple[int, ClaimPart], int]:
    """What of each line and part of a claim is in dispute, or was credited."""
    found: dict[tuple[int, ClaimPart], int] = {}
    for row in of_claim(session, claim_id):
        if row.state in _DECIDED_FOR:
            key = row.line, ClaimPart(row.part)
            is_open = row.state == DisputeState.OPEN
            found[key] = found.get(key, 0) + (row.claimed_cents if is_open else row.accepted_cents)
    return found


def open_cents(session: Session, claim_id: int) -> int:
    """What of a claim is in open disputes, before tax."""
    statement = select(func.coalesce(func.sum(ClaimDispute.claimed_cents), 0)).where(
        ClaimDispute.claim_id == claim_id, ClaimDispute.state == DisputeState.OPEN
    )
    return int(session.exec(statement).one())
