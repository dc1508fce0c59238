"""The evidence behind a claim's lines, made by one act and kept as it was given."""

from datetime import datetime

from sqlmodel import Session

from service.clearing.documents import document_row
from service.clearing.held import hold_claim, require_owed
from service.digests import token_digest
from service.engine.clearing.evidence import evidence_of
from service.files.clearing.documents import ClaimDocument, DocumentKind
from service.files.clearing.evidence_csv import evidence_csv
from service.notice import Notice
from service.settings import Settings
from service.store import audit
from service.store.actor import Actor
from service.store.clearing import claims, documents, evidence
from service.store.clearing.documents import Kept
from service.store.session import Database

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")
_DIGITS = 20


def make_evidence(
    database: Database, settings: Settings, named: str | int, *, by: Actor, now: datetime
) -> Kept:
    """The evidence of an issued claim as a document; what was made before stays as it is.

    Every event by date, store and product, with units, discount and share, and a digest under a key
    of the claim. Raises NotFound, and Conflict for a draft or a cancelled claim.
    """

    def act(session: Session) -> Kept:
        claim = hold_claim(session, named)
        require_owed(claim)
        known = [
            kept
            for kept in documents.of_claim(session, claim.id)
            if kept.kind == DocumentKind.EVIDENCE
        ]
        if known:
            return known[0]
        record = claims.record(session, claim)
        purpose = f"evidence-{claim.id}"
        found = evidence_of(
            evidence.events_of(session, claim.id),
            lambda name: token_digest(settings.secret_key, purpose, name)[:_DIGITS],
        )
        content = evidence_csv(record, found)
        made = ClaimDocument(
            DocumentKind.EVIDENCE,
            f"{record.number}-evidence.csv",
            "text/csv; charset=utf-8",
            "en",
            content,
        )
        documents.add(session, document_row(made, claim, now))
        audit.add(session, by, "evidence", "claim", claim.id, at=now, detail={"rows": len(found)})
        return documents.of_claim(session, claim.id)[-1]

    return database.settle(act, busy=_BUSY)
