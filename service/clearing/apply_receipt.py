"""Post what a receipt settles, in the transaction that holds it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from service.clearing.held import find_claim, hold_claim, name_of, payer_of
from service.clearing.settle import (
    offset_within,
    receive_within,
    return_within,
    suspend_within,
    write_off_within,
)
from service.engine.clearing.claim import SettlementKind
from service.engine.clearing.matching import Application, Match, WrittenOff
from service.engine.clearing.postings import write_off
from service.engine.ledger import Account, Entry, EntryKind, Posting
from service.errors import Conflict
from service.store import audit, ledger
from service.store.actor import Actor
from service.store.clearing import bank_receipts, claims
from service.store.tables.bank import BankReceipt, ReceiptState

_CHARGES = "kept by a bank on the way"


def apply_match(
    session: Session, row: BankReceipt, match: Match, *, by: Actor, now: datetime
) -> None:
    """Post a receipt as it was matched, and note what became of it.

    Raises Conflict where claims changed since; then nothing is posted.
    """
    if match.returns is not None:
        _take_back(session, row, match, by=by, now=now)
        return
    paid = _offset(session, match.applications, by=by, now=now)
    for application in paid:
        _receive(session, row, application, by=by, now=now)
    extra = sum(_over(each) for each in match.applications)
    held = match.suspense_cents + extra
    if held:
        suspend_within(session, held, reference=str(row.id), by=by, now=now)
    if extra:
        _keep_overpaid(session, row, extra, now=now)
    for application in match.applications:
        bank_receipts.add_application(session, row.id, application, at=now)
    row.suspense_cents = match.suspense_cents
    row.reason = match.reason
    row.state = state_of(match)
    row.matched_at = now
    session.add(row)
    detail = {
        "amount_cents": row.amount_cents,
        "suspense_cents": match.suspense_cents,
        "claims": [each.claim_id for each in match.applications],
    }
    audit.add(session, by, "match", "receipt", row.id, at=now, detail=detail)
    session.flush()


def state_of(match: Match) -> ReceiptState:
    """The state of a receipt that was matched so."""
    if match.returns is not None:
        return ReceiptState.RETURN
    return ReceiptState.SUSPENDED if match.suspense_cents else ReceiptState.MATCHED


def _over(application: Application) -> int:
    """What was paid too much and kept, in cents."""
    return max(-application.written_off_cents, 0)


def _offset(
    session: Session, applications: Sequence[Application], *, by: Actor, now: datetime
) -> list[Application]:
    """Set claims in credit against the others of a payment; what is left to pay of each.

    Raises Conflict for claims of two accounts.
    """
    paid = [each for each in applications if each.paid_cents > 0]
    for credit in (each for each in applications if each.paid_cents < 0):
        left = -credit.paid_cents
        for place, each in enumerate(paid):
            cents = min(left, each.paid_cents)
            if cents:
                offset_within(session, each.claim_id, credit.claim_id, cents, by=by, now=now)
                paid[place] = each._replace(paid_cents=each.paid_cents - cents)
                left -= cents
        if left:
            raise Conflict("A payment names more in credit than it pays.")
    return paid


def _receive(
    session: Session, row: BankReceipt, application: Application, *, by: Actor, now: datetime
) -> None:
    """Post the money for one claim, and the difference where a bank kept it."""
    claim_id = application.claim_id
    money = application.paid_cents - _over(application)
    if money:
        reference = f"{row.id}-{claim_id}"
        receive_within(session, claim_id, money, reference=reference, by=by, now=now)
    if application.reason is WrittenOff.BANK_CHARGES:
        claim = find_claim(session, claim_id)
        left = claim.total_cents - claims.settled(session, [claim_id])[claim_id].cents
        if left:
            write_off_within(session, claim_id, left, note=_CHARGES, by=by, now=now)


def _keep_overpaid(session: Session, row: BankReceipt, cents: int, *, now: datetime) -> None:
    """What was paid too much by no more than the tolerance is kept: it leaves suspense."""
    entries = (
        Entry(Account.SUSPENSE, None, None, cents),
        Entry(Account.WRITE_OFF, None, None, -cents),
    )
    ledger.post(session, Posting(f"overpaid-{row.id}", EntryKind.TOLERANCE, now, entries))


def _take_back(
    session: Session, row: BankReceipt, match: Match, *, by: Actor, now: datetime
) -> None:
    """The bank took a receipt back: what it settled is owed again, with what was written off."""
    assert match.returns is not None
    before = bank_receipts.hold(session, match.returns)
    if before is None or before.state not in (ReceiptState.MATCHED, ReceiptState.SUSPENDED):
        raise Conflict("Receipt %(receipt)s was taken back already.", receipt=match.returns)
    overpaid = 0
    for application in match.applications:
        undone = application._replace(
            paid_cents=-application.paid_cents, written_off_cents=-application.written_off_cents
        )
        over = _over(undone)
        overpaid += over
        money = undone.paid_cents - over
        if money:
            reference = f"{before.id}-{undone.claim_id}-{row.id}"
            return_within(session, undone.claim_id, money, reference=reference, by=by, now=now)
        if undone.written_off_cents > 0:
            _owe_again(session, row, undone, by=by, now=now)
        bank_receipts.add_application(session, row.id, application, at=now)
    if overpaid:
        entries = (
            Entry(Account.SUSPENSE, None, None, -overpaid),
            Entry(Account.WRITE_OFF, None, None, overpaid),
        )
        name = f"overpaid-{before.id}-returned"
        ledger.post(session, Posting(name, EntryKind.TOLERANCE, now, entries))
    held = before.suspense_cents + overpaid
    if held:
        suspend_within(session, -held, reference=str(row.id), by=by, now=now)
    before.suspense_cents, before.reason, before.state = 0, None, ReceiptState.RETURNED
    row.state, row.returns_id, row.matched_at = ReceiptState.RETURN, before.id, now
    session.add(before)
    session.add(row)
    detail = {"returns": before.id, "amount_cents": row.amount_cents}
    audit.add(session, by, "return", "receipt", row.id, at=now, detail=detail)
    session.flush()


def _owe_again(
    session: Session, row: BankReceipt, application: Application, *, by: Actor, now: datetime
) -> None:
    """Take back a write-off that went with a payment that was returned."""
    claim_id = application.claim_id
    claim = hold_claim(session, claim_id)
    posting = f"written-off-{claim_id}-{row.id}-returned"
    is_charge = application.reason is WrittenOff.BANK_CHARGES
    kind = SettlementKind.WRITE_OFF if is_charge else SettlementKind.TOLERANCE
    entries = tuple(write_off(payer_of(session, claim), -application.written_off_cents))
    ledger.post(session, Posting(posting, EntryKind(kind), now, entries))
    claims.unsettle(session, posting, claim_id=claim_id, kind=kind, note="the payment was returned")
    claims.follow(session, claim)
    detail = {"claim": name_of(claim), "posting": posting}
    audit.add(session, by, kind, "claim", claim_id, at=now, detail=detail)
