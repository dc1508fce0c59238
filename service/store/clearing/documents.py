"""Queries on documents as they went out, and on reminders."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from service.store.tables.agreement import SupplierAccount
from service.store.tables.claim import Claim
from service.store.tables.claim_document import RemindedClaim, Reminder, StoredDocument


class Kept(NamedTuple):
    """A document without its bytes."""

    id: int
    kind: str
    name: str
    media_type: str
    language: str
    sha256: str
    bytes: int


class WrittenReminder(NamedTuple):
    """A reminder in a list of reminders."""

    reminder: Reminder
    account: str
    legal_name: str


def add(session: Session, document: StoredDocument) -> StoredDocument:
    """Add a document; it has its id then."""
    session.add(document)
    session.flush()
    return document


def of_claim(session: Session, claim_id: int) -> list[Kept]:
    """The documents of a claim, in the order in which they were made."""
    found = (
        select(  # type: ignore[call-overload]
            StoredDocument.id,
            StoredDocument.kind,
            StoredDocument.name,
            StoredDocument.media_type,
            StoredDocument.language,
            StoredDocument.sha256,
            func.length(StoredDocument.content),
        )
        .where(StoredDocument.claim_id == claim_id)
        .order_by(col(StoredDocument.id))
    )
    return [Kept(*row) for row in session.execute(found)]


def get(session: Session, document_id: int) -> StoredDocument | None:
    """A document with its bytes."""
    return session.get(StoredDocument, document_id)


def without(session: Session, kind_prefix: str, *, credited: bool) -> list[int]:
    """Issued claims, or credited ones, that have no document whose kind begins so, by id."""
    some = (
        select(StoredDocument.id)
        .where(
            StoredDocument.claim_id == Claim.id,
            col(StoredDocument.kind).startswith(kind_prefix, autoescape=True),
        )
        .exists()
    )
    of = Claim.credit_serial if credited else Claim.serial
    found = select(Claim.id).where(col(of).is_not(None), ~some).order_by(col(Claim.id))
    return list(session.exec(found))


def add_reminder(session: Session, reminder: Reminder, claims: Collection[tuple[int, int]]) -> None:
    """Add a reminder and the claims that it is of: (claim, open cents)."""
    session.add(reminder)
    session.flush()
    session.add_all(
        RemindedClaim(reminder_id=reminder.id, claim_id=claim_id, open_cents=cents)
        for claim_id, cents in claims
    )
    session.flush()


def reminded(session: Session) -> dict[int, int]:
    """The highest level at which each claim was reminded of."""
    found = (
        select(RemindedClaim.claim_id, func.max(Reminder.level))
        .join(Reminder, col(Reminder.id) == col(RemindedClaim.reminder_id))
        .group_by(col(RemindedClaim.claim_id))
    )
    return {claim_id: int(level) for claim_id, level in session.exec(found)}


def reminders(session: Session, *, limit: int = 50) -> Sequence[WrittenReminder]:
    """Reminders, the newest first."""
    found = (
        select(Reminder, SupplierAccount.number, SupplierAccount.legal_name)
        .join(SupplierAccount, col(SupplierAccount.id) == col(Reminder.account_id))
        .order_by(col(Reminder.id).desc())
        .limit(limit)
    )
    return [WrittenReminder(*row) for row in session.exec(found)]
