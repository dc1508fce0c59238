"""Documents as acts: made once from an issued claim, kept as bytes, and read again."""

import hashlib
from datetime import datetime

from sqlmodel import Session

from service.clearing.held import find_claim, hold_claim, name_of
from service.errors import LarderError, NotFound
from service.files.clearing.creditor import retailer_of
from service.files.clearing.documents import (
    ClaimDocument,
    DocumentKind,
    claim_documents,
    credit_documents,
    draft_statement,
)
from service.files.report import Progress, silent
from service.notice import Notice
from service.settings import Settings
from service.store.clearing import claims, documents
from service.store.clearing.documents import Kept
from service.store.session import Database
from service.store.tables.claim import Claim
from service.store.tables.claim_document import StoredDocument

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")
_CREDIT = "credit_"


class Changed(LarderError):
    """A document that was kept is not what its SHA-256 says."""


def make_documents(
    database: Database, settings: Settings, named: str | int, *, now: datetime
) -> list[Kept]:
    """Make and keep the documents of an issued claim, and of its full credit if there is one.

    What was made before stays as it is. Raises Conflict for a draft, Misconfigured for what the
    documents need and nobody set.
    """
    retailer = retailer_of(settings)

    def act(session: Session) -> list[Kept]:
        claim = hold_claim(session, named)
        known = {kept.kind for kept in documents.of_claim(session, claim.id)}
        record = claims.record(session, claim)
        made: list[ClaimDocument] = []
        if DocumentKind.STATEMENT_CSV not in known:
            made += claim_documents(record, retailer)
        if record.credit_number and DocumentKind.CREDIT_STATEMENT_CSV not in known:
            made += credit_documents(record, retailer)
        for document in made:
            documents.add(session, document_row(document, claim, now))
        return documents.of_claim(session, claim.id)

    return database.settle(act, busy=_BUSY)


def make_missing(
    database: Database, settings: Settings, *, now: datetime, progress: Progress = silent
) -> int:
    """Make the documents of every issued and credited claim that has none; how many claims.

    Each claim is one transaction: a run that is cut off goes on where it stopped.
    """
    with database.read() as session:
        missing = {
            *documents.without(session, "statement", credited=False),
            *documents.without(session, _CREDIT, credited=True),
        }
    for done, claim_id in enumerate(sorted(missing)):
        make_documents(database, settings, claim_id, now=now)
        progress("documents", done + 1, len(missing))
    return len(missing)


def list_documents(database: Database, named: str | int) -> list[Kept]:
    """The documents of a claim. Raises NotFound, InvalidInput."""
    with database.read() as session:
        return documents.of_claim(session, find_claim(session, named).id)


def read_document(database: Database, document_id: int) -> StoredDocument:
    """A document as it went out. Raises NotFound, and Changed where its bytes are not those."""
    with database.read() as session:
        found = documents.get(session, document_id)
    if found is None:
        raise NotFound("There is no document %(document)s.", document=document_id)
    if hashlib.sha256(found.content).hexdigest() != found.sha256:
        raise Changed(f"document {document_id} is not what was kept")
    return found


def draft(database: Database, settings: Settings, named: str | int) -> tuple[str, bytes]:
    """The statement of a claim as it would be printed now: its name and a PDF that is not kept."""
    with database.read() as session:
        claim = find_claim(session, named)
        record = claims.record(session, claim)
    return f"{name_of(claim)}-draft.pdf", draft_statement(record, retailer_of(settings))


def document_row(document: ClaimDocument, claim: Claim, now: datetime) -> StoredDocument:
    """A document as it is kept."""
    return StoredDocument(
        claim_id=claim.id,
        account_id=claim.account_id,
        kind=document.kind,
        name=document.name,
        media_type=document.media_type,
        language=document.language,
        sha256=document.sha256,
        content=document.content,
        made_at=now,
    )
