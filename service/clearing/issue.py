"""Issue a claim, and cancel one: by giving up a draft, or by crediting an issued one in full."""

from datetime import date, datetime

from sqlmodel import Session

from service.clearing.held import hold_claim, name_of, payer_of
from service.engine.clearing.claim import ClaimState, DisputeState
from service.engine.clearing.postings import owe_tax
from service.engine.clearing.standing import (
    claim_series,
    credit_series,
    dispute_until,
    due_on,
    tax_on,
)
from service.engine.ledger import EntryKind, Posting
from service.errors import Conflict, InvalidInput
from service.notice import Notice
from service.store import audit, ledger
from service.store.actor import Actor
from service.store.clearing import agreements, claims, disputes, drawing
from service.store.session import Database
from service.store.tables.claim import Claim

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")


def issue_claim(
    database: Database, named: str | int, *, on: date, by: Actor, now: datetime
) -> Claim:
    """Issue a draft: it gets its number, its days, its tax and its opening, and is owed.

    Issued again it stays as it is. Raises NotFound, and Conflict for a cancelled one.
    """

    def act(session: Session) -> Claim:
        claim = hold_claim(session, named)
        if claim.state == ClaimState.CANCELLED:
            raise Conflict("Claim %(claim)s was cancelled; draw another.", claim=name_of(claim))
        if claim.state == ClaimState.DRAFT:
            issue_drawn(session, claim, on=on, by=by, now=now)
        session.expunge(claim)
        return claim

    return database.settle(act, busy=_BUSY)


def issue_drawn(session: Session, claim: Claim, *, on: date, by: Actor, now: datetime) -> None:
    """Issue a draft in the transaction that holds its account."""
    if on < claim.drawn_to:
        raise InvalidInput(
            "A claim drawn up to %(drawn_to)s cannot be dated %(day)s, before its own entries.",
            drawn_to=claim.drawn_to,
            day=on,
        )
    agreement = agreements.get(session, [claim.agreement_id])[claim.agreement_id]
    tax = tax_on(claims.taxable_cents(session, claim.id), agreement)
    claim.opening_cents = claims.open_of_account(session, claim.account_id, but=claim.id)
    # The account is held, so that no two claims of it are issued at one moment.
    claim.issued_at = now
    claim.issued_on, claim.due_on = on, due_on(on, agreement)
    claim.dispute_until = dispute_until(on, agreement)
    claim.tax_cents = tax
    claim.total_cents += tax
    posting = f"claim-{claim.id}"
    entries = tuple(owe_tax(payer_of(session, claim), tax))
    ledger.post(session, Posting(posting, EntryKind.CLAIM, now, entries))
    claims.hold_entries(session, claim.id, posting)
    # Last, since whoever issues another claim of the series waits for this transaction.
    claim.series = claim_series(on)
    claim.serial = claims.next_serial(session, claim.series)
    claims.follow(session, claim)
    audit.add(
        session, by, "issue", "claim", claim.id, at=now,
        detail={"number": name_of(claim), "total_cents": claim.total_cents},
    )  # fmt: skip


def cancel_claim(
    database: Database, named: str | int, *, note: str, on: date, by: Actor, now: datetime
) -> Claim:
    """Give up a draft, or credit an issued claim in full; its entries come into a later claim.

    Cancelled again it stays as it is. Raises NotFound, InvalidInput without a note, and Conflict
    once something was paid or credited, or while something is in dispute.
    """
    if not note.strip():
        raise InvalidInput("Say why the claim is cancelled.")

    def act(session: Session) -> Claim:
        claim = hold_claim(session, named)
        if claim.state != ClaimState.CANCELLED:
            _cancel(session, claim, note=note.strip(), on=on, now=now)
            detail = {"number": name_of(claim), "note": claim.cancel_note}
            audit.add(session, by, "cancel", "claim", claim.id, at=now, detail=detail)
        session.expunge(claim)
        return claim

    return database.settle(act, busy=_BUSY)


def _cancel(session: Session, claim: Claim, *, note: str, on: date, now: datetime) -> None:
    if claim.issued_at is not None:
        if claims.settled(session, [claim.id]):
            raise Conflict(
                "Something of claim %(claim)s was paid or credited: it cannot be cancelled any "
                "more. Settle what is wrong of it by a dispute.",
                claim=name_of(claim),
            )
        if disputes.of_claim(session, claim.id, state=DisputeState.OPEN):
            raise Conflict(
                "Claim %(claim)s is in dispute: answer that first.", claim=name_of(claim)
            )
        if claim.issued_on is not None and on < claim.issued_on:
            raise InvalidInput(
                "A claim of %(issued_on)s cannot be credited on %(day)s.",
                issued_on=claim.issued_on,
                day=on,
            )
        entries = tuple(owe_tax(payer_of(session, claim), -claim.tax_cents))
        kind = EntryKind.CLAIM_CANCELLATION
        ledger.post(session, Posting(f"claim-{claim.id}-cancelled", kind, now, entries))
    drawing.release(session, claim.id)
    claim.state = ClaimState.CANCELLED
    claim.cancelled_at, claim.cancelled_on, claim.cancel_note = now, on, note
    if claim.issued_at is not None:
        claim.credit_series = credit_series(on)
        claim.credit_serial = claims.next_serial(session, claim.credit_series)
    session.add(claim)
    session.flush()
