"""One claim as people look at it: with what settled it, its disputes and its documents."""

from dataclasses import dataclass
from datetime import datetime

from service.clearing.disputes import record_of
from service.clearing.held import find_claim
from service.engine.clearing.claim import Claim, ClaimLine, Dispute
from service.store.clearing import claims, disputes, documents
from service.store.clearing.claims import SettledBy
from service.store.clearing.documents import Kept
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class OneClaim:
    """A claim, who drew it and when it was issued, and what became of it."""

    claim: Claim
    actor: str
    issued_at: datetime | None
    cancel_note: str
    settled: tuple[SettledBy, ...]
    disputes: tuple[Dispute, ...]
    documents: tuple[Kept, ...]


def look_at_claim(database: Database, named: str | int) -> OneClaim:
    """A claim by its number or id. Raises NotFound, InvalidInput."""
    with database.read() as session:
        row = find_claim(session, named)
        return OneClaim(
            claim=claims.record(session, row),
            actor=row.actor,
            issued_at=row.issued_at,
            cancel_note=row.cancel_note,
            settled=tuple(claims.settled_by(session, row.id)),
            disputes=tuple([record_of(each, row) for each in disputes.of_claim(session, row.id)]),
            documents=tuple(documents.of_claim(session, row.id)),
        )


def lines_of_claim(database: Database, named: str | int) -> list[ClaimLine]:
    """The lines of a claim, by number. Raises NotFound, InvalidInput."""
    with database.read() as session:
        return claims.lines_of(session, find_claim(session, named).id)
