"""A supplier's own claims, their documents, and its disputes about their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from service.clearing.disputes import list_disputes, open_dispute, record_of, withdraw_dispute
from service.clearing.documents import read_document
from service.clearing.evidence import make_evidence
from service.clearing.held import find_claim
from service.engine.clearing.claim import (
    Claim,
    ClaimLine,
    ClaimPart,
    Dispute,
    DisputeReason,
    DisputeState,
)
from service.errors import NotFound
from service.settings import Settings
from service.store.actor import Actor
from service.store.clearing import claims, disputes, documents
from service.store.clearing.claims import Summary
from service.store.clearing.documents import Kept
from service.store.session import Database
from service.store.tables.claim import Claim as ClaimRow
from service.store.tables.claim_document import StoredDocument
from service.suppliers.scope import Scope


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A claim as its supplier sees it; `taken` is what of each line and part cannot be disputed.

    `may_dispute` says whether its days for disputes last.
    """

    claim: Claim
    documents: Sequence[Kept]
    disputes: Sequence[Dispute]
    taken: dict[tuple[int, ClaimPart], int]
    may_dispute: bool

    def left_cents(self, line: ClaimLine, part: ClaimPart) -> int:
        """What of a part of a line is not in dispute yet, nor was credited."""
        amounts = {
            ClaimPart.SHARE: line.share_cents,
            ClaimPart.FEE: line.fee_cents,
            ClaimPart.SLOTS: line.slot_cents,
        }
        return amounts[part] - self.taken.get((line.line, part), 0)


def own_claims(
    database: Database, scope: Scope, *, before_id: int | None = None, limit: int = 50
) -> list[Summary]:
    """What it was claimed, the newest first; drafts are not shown to it."""
    if scope.account_id is None:
        return []
    with database.read() as session:
        return claims.page(
            session, account_id=scope.account_id, is_issued=True, before_id=before_id, limit=limit
        )


def own_claim(database: Database, scope: Scope, named: str | int, *, on: date) -> OwnClaim:
    """One claim with its lines, documents and disputes. Raises NotFound."""
    with database.read() as session:
        row = _own(session, scope, named)
        found = disputes.of_claim(session, row.id)
        return OwnClaim(
            claims.record(session, row),
            documents.of_claim(session, row.id),
            [record_of(each, row) for each in reversed(found)],
            disputes.taken_of(session, row.id),
            claims.is_owed(row) and (row.dispute_until is None or on <= row.dispute_until),
        )


def own_document(database: Database, scope: Scope, number: int) -> StoredDocument:
    """A document as it went out. Raises NotFound, and Changed for bytes that are not those."""
    account_id = scope.require_account()
    found = read_document(database, number)
    if found.account_id != account_id:
        raise NotFound(f"There is no document {number}.")
    return found


def own_evidence(
    database: Database, settings: Settings, scope: Scope, named: str | int, *, by: Actor,
    now: datetime,
) -> Kept:  # fmt: skip
    """The evidence behind a claim's lines; made again it is the same. Raises NotFound, Conflict."""
    with database.read() as session:
        number = _own(session, scope, named).id
    return make_evidence(database, settings, number, by=by, now=now)


def dispute_own(
    database: Database,
    scope: Scope,
    named: str | int,
    *,
    line: int,
    part: ClaimPart,
    reason: DisputeReason,
    cents: int | None,
    note: str,
    on: date,
    by: Actor,
    now: datetime,
) -> Dispute:
    """Dispute an amount of a line; raises what `open_dispute` does, NotFound for others' claims."""
    with database.read() as session:
        number = _own(session, scope, named).id
    return open_dispute(
        database, number, line=line, part=part, reason=reason, cents=cents, note=note, on=on,
        by=by, now=now,
    )  # fmt: skip


def own_disputes(
    database: Database,
    scope: Scope,
    *,
    state: DisputeState | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Dispute]:
    """Its disputes, the newest first."""
    if scope.account_id is None:
        return []
    return list_disputes(
        database, state=state, account_id=scope.account_id, before_id=before_id, limit=limit
    )


def withdraw_own(
    database: Database, scope: Scope, number: int, *, note: str, by: Actor, now: datetime
) -> Dispute:
    """Give a dispute up. Raises NotFound, and Conflict for one that was decided."""
    account_id = scope.require_account()
    with database.read() as session:
        row = disputes.get(session, number)
        claim = claims.get(session, row.claim_id) if row else None
    if claim is None or claim.account_id != account_id:
        raise NotFound("There is no such dispute.")
    return withdraw_dispute(database, number, note=note, by=by, now=now)


def _own(session: Session, scope: Scope, named: str | int) -> ClaimRow:
    row = find_claim(session, named)
    if row.account_id != scope.account_id or row.issued_at is None:
        raise NotFound(f"There is no claim {named}.")
    return row
