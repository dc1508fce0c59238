"""What is owed by age, and reminders of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from service.engine.clearing.ageing import AccountAges, DueReminder, OwedClaim, ages, due_reminders
from service.engine.clearing.claim import Settlement, SupplierAccount
from service.engine.clearing.claim_numbers import ClaimNumbers
from service.files.clearing.creditor import retailer_of
from service.files.clearing.documents import ClaimDocument, DocumentKind
from service.files.clearing.reminder_pdf import reminder_pdf
from service.files.clearing.words import words_of
from service.notice import Notice
from service.settings import Settings
from service.store import audit
from service.store.actor import Actor
from service.store.clearing import accounts, documents, owed
from service.store.clearing.documents import WrittenReminder
from service.store.session import Database
from service.store.tables.claim_document import Reminder, StoredDocument

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")


@dataclass(frozen=True, slots=True)
class AgedAccount:
    """What an account owes by age."""

    account: SupplierAccount
    ages: AccountAges


def show_ages(database: Database, *, as_of: date) -> list[AgedAccount]:
    """What each account owes by age, by number."""
    with database.read() as session:
        found = ages(owed.owed(session), as_of)
        known = {account.id: account for account in accounts.every(session)}
    aged = [AgedAccount(known[each.account_id], each) for each in found]
    return sorted(aged, key=lambda each: each.account.number)


def write_reminders(
    database: Database, settings: Settings, *, as_of: date, by: Actor, now: datetime
) -> list[WrittenReminder]:
    """Write the reminders that are due, and keep them as documents; written again, none are.

    Nobody is reminded of a claim that is set off, nor of one that money in suspense names.
    """
    retailer = retailer_of(settings)

    def act(session: Session) -> list[int]:
        claims = _to_remind_of(session)
        written = []
        known = {account.id: account for account in accounts.every(session)}
        for due in due_reminders(claims, as_of, reminded=documents.reminded(session)):
            account = known[due.account_id]
            accounts.lock(session, account.id)
            pdf = reminder_pdf(due, account, retailer, as_of=as_of)
            reminder = _keep(session, due, account, pdf, as_of=as_of, now=now)
            detail = {"level": due.level, "open_cents": due.open_cents}
            audit.add(session, by, "remind", "supplier_account", account.id, at=now, detail=detail)
            written.append(reminder.id)
        return written

    written = {*database.settle(act, busy=_BUSY)}
    with database.read() as session:
        rows = documents.reminders(session, limit=max(len(written), 1))
    return sorted((row for row in rows if row.reminder.id in written), key=lambda row: row.account)


def look_at_reminders(database: Database, *, as_of: date) -> tuple[DueReminder, ...]:
    """The reminders that would be written on a day."""
    with database.read() as session:
        return due_reminders(_to_remind_of(session), as_of, reminded=documents.reminded(session))


def show_reminders(database: Database, *, limit: int = 50) -> list[WrittenReminder]:
    """Reminders, the newest first."""
    with database.read() as session:
        return list(documents.reminders(session, limit=limit))


def _to_remind_of(session: Session) -> Sequence[OwedClaim]:
    claims = owed.owed(session, settlement=Settlement.INVOICE)
    numbers = ClaimNumbers(claim.number for claim in claims)
    named = {number for text in owed.suspended_texts(session) for number in numbers.within(text)}
    return [claim for claim in claims if claim.number not in named]


def _keep(
    session: Session,
    due: DueReminder,
    account: SupplierAccount,
    pdf: bytes,
    *,
    as_of: date,
    now: datetime,
) -> Reminder:
    name = f"{account.number}-reminder-{as_of:%Y%m%d}.pdf"
    language = words_of(account.language, account.currency).language
    made = ClaimDocument(DocumentKind.REMINDER, name, "application/pdf", language, pdf)
    document = documents.add(
        session,
        StoredDocument(
            account_id=account.id,
            kind=made.kind,
            name=made.name,
            media_type=made.media_type,
            language=made.language,
            sha256=made.sha256,
            content=made.content,
            made_at=now,
        ),
    )
    reminder = Reminder(
        account_id=account.id,
        level=due.level,
        written_on=as_of,
        answer_by=due.answer_by,
        open_cents=due.open_cents,
        document_id=document.id,
    )
    asked = [(claim.claim_id, claim.undisputed_cents) for claim in due.claims]
    documents.add_reminder(session, reminder, asked)
    return reminder
