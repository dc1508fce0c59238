"""Disputes: a supplier does not agree with an amount of a line, and the retailer answers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from service.clearing.held import hold_claim, name_of, payer_of, require_owed
from service.engine.clearing.claim import (
    ClaimPart,
    Dispute,
    DisputeReason,
    DisputeState,
    SettlementKind,
)
from service.engine.clearing.postings import credit
from service.engine.clearing.standing import number_of, tax_on
from service.engine.ledger import EntryKind, Posting
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Cents, Count, Notice
from service.store import audit, ledger
from service.store.actor import Actor
from service.store.clearing import agreements, claims, disputes
from service.store.session import Database
from service.store.tables.claim import Claim, ClaimDispute, ClaimLine

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")
MOST_NOTE = 2_000


def open_dispute(
    database: Database,
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
    """Dispute an amount of a part of a claim's line, or all that is not disputed of it yet (None).

    The rest of the claim stays due. Raises NotFound, InvalidInput for an amount that the part does
    not have or a reason `other` without a note, and Conflict for a claim that is not owed or whose
    days for disputes are over.
    """
    _require_words(reason, note)

    def act(session: Session) -> Dispute:
        claim = hold_claim(session, named)
        require_owed(claim)
        if claim.dispute_until is not None and on > claim.dispute_until:
            raise Conflict(
                "Claim %(claim)s could be disputed until %(day)s.",
                claim=name_of(claim),
                day=claim.dispute_until,
            )
        found = disputes.line(session, claim.id, line)
        if found is None:
            raise NotFound("Claim %(claim)s has no line %(line)s.", claim=name_of(claim), line=line)
        left = amount_of(found, part) - disputes.taken(session, claim.id, line, part)
        wanted = left if cents is None else cents
        if not 0 < wanted <= left:
            raise InvalidInput(
                "Line %(line)s of claim %(claim)s has %(left)s of %(part)s that are not in "
                "dispute; %(wanted)s cannot be.",
                line=line,
                claim=name_of(claim),
                left=Cents(max(left, 0)),
                part=part,
                wanted=Cents(wanted),
            )
        agreement = agreements.get(session, [claim.agreement_id])[claim.agreement_id]
        row = ClaimDispute(
            claim_id=claim.id,
            line=line,
            part=part,
            reason=reason,
            claimed_cents=wanted,
            note=note.strip(),
            state=DisputeState.OPEN,
            opened_at=now,
            opened_by=by.name,
            person_id=by.person_id,
            answer_by=on + timedelta(days=agreement.dispute_days),
        )
        disputes.add(session, row)
        claims.follow(session, claim)
        _note(session, by, "open", row, claim, now)
        return record_of(row, claim)

    return database.settle(act, busy=_BUSY)


def answer_dispute(
    database: Database,
    number: int,
    *,
    accepted_cents: int,
    reason: DisputeReason | None,
    note: str,
    by: Actor,
    now: datetime,
) -> Dispute:
    """Accept all, a part or nothing of a dispute; what is accepted is credited, with its tax.

    Not to accept all needs a reason of the same list. Raises NotFound, InvalidInput, and Conflict
    for one that was decided.
    """

    def act(session: Session) -> Dispute:
        row, claim = _hold(session, number)
        if not 0 <= accepted_cents <= row.claimed_cents:
            raise InvalidInput(
                "Dispute %(dispute)s is about %(claimed)s; %(accepted)s cannot be accepted.",
                dispute=number,
                claimed=Cents(row.claimed_cents),
                accepted=Cents(accepted_cents),
            )
        if accepted_cents < row.claimed_cents:
            if reason is None:
                raise InvalidInput("Say with a reason why not all of it is accepted.")
            _require_words(reason, note)
        row.accepted_cents = accepted_cents
        row.answer_reason = reason
        row.state = (
            DisputeState.ACCEPTED
            if accepted_cents == row.claimed_cents
            else DisputeState.PARTLY_ACCEPTED
            if accepted_cents
            else DisputeState.REJECTED
        )
        _credit(session, row, claim, now)
        return _end(session, row, claim, "answer", note=note, by=by, now=now)

    return database.settle(act, busy=_BUSY)


def withdraw_dispute(
    database: Database, number: int, *, note: str, by: Actor, now: datetime
) -> Dispute:
    """The supplier gives a dispute up. Raises NotFound, and Conflict for one that was decided."""

    def act(session: Session) -> Dispute:
        row, claim = _hold(session, number)
        row.state = DisputeState.WITHDRAWN
        return _end(session, row, claim, "withdraw", note=note, by=by, now=now)

    return database.settle(act, busy=_BUSY)


def show_dispute(database: Database, number: int) -> Dispute:
    """A dispute by its number. Raises NotFound."""
    with database.read() as session:
        row = disputes.get(session, number)
        claim = None if row is None else claims.get(session, row.claim_id)
        if row is None or claim is None:
            raise NotFound("There is no dispute %(dispute)s.", dispute=number)
        return record_of(row, claim)


def list_disputes(
    database: Database,
    *,
    state: DisputeState | None = None,
    account_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Dispute]:
    """Disputes, the newest first."""
    with database.read() as session:
        found = disputes.page(
            session, state=state, account_id=account_id, before_id=before_id, limit=limit
        )
        return [record_of(row, claim) for row, claim in found]


def amount_of(line: ClaimLine, part: ClaimPart) -> int:
    """The cents of a part of a line, before tax."""
    return {
        ClaimPart.SHARE: line.share_cents,
        ClaimPart.FEE: line.fee_cents,
        ClaimPart.SLOTS: line.slot_cents,
    }[part]


def record_of(row: ClaimDispute, claim: Claim) -> Dispute:
    """A dispute as both sides see it."""
    return Dispute(
        id=row.id,
        claim_number=number_of(claim.series, claim.serial) or "",
        line=row.line,
        part=ClaimPart(row.part),
        reason=DisputeReason(row.reason),
        claimed_cents=row.claimed_cents,
        note=row.note,
        state=DisputeState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        answer_by=row.answer_by,
        accepted_cents=row.accepted_cents,
        answer_reason=DisputeReason(row.answer_reason) if row.answer_reason else None,
        answer_note=row.answer_note,
        answered_at=row.answered_at,
    )


def _require_words(reason: DisputeReason, note: str) -> None:
    if reason is DisputeReason.OTHER and not note.strip():
        raise InvalidInput("The reason `other` needs a note that says what it is.")
    if len(note) > MOST_NOTE:
        raise InvalidInput("A note has %(most)s characters at most.", most=Count(MOST_NOTE))


def _hold(session: Session, number: int) -> tuple[ClaimDispute, Claim]:
    """A dispute that is open, and its claim, with the account held."""
    row = disputes.get(session, number)
    if row is None:
        raise NotFound("There is no dispute %(dispute)s.", dispute=number)
    claim = hold_claim(session, row.claim_id)
    session.refresh(row)
    if row.state != DisputeState.OPEN:
        raise Conflict(
            "Dispute %(dispute)s is %(state)s.", dispute=number, state=DisputeState(row.state)
        )
    return row, claim


def _credit(session: Session, row: ClaimDispute, claim: Claim, now: datetime) -> None:
    tax = 0
    if row.part != ClaimPart.SHARE:
        agreement = agreements.get(session, [claim.agreement_id])[claim.agreement_id]
        tax = tax_on(row.accepted_cents, agreement)
    entries = tuple(credit(payer_of(session, claim), row.accepted_cents, tax_cents=tax))
    posting = f"dispute-{row.id}"
    ledger.post(session, Posting(posting, EntryKind.DISPUTE, now, entries))
    claims.settle(session, posting, claim_id=claim.id, kind=SettlementKind.DISPUTE, note=row.reason)


def _end(
    session: Session,
    row: ClaimDispute,
    claim: Claim,
    act: str,
    *,
    note: str,
    by: Actor,
    now: datetime,
) -> Dispute:
    row.answer_note = note.strip()
    row.answered_at, row.answered_by, row.second_person_id = now, by.name, by.person_id
    session.add(row)
    session.flush()
    claims.follow(session, claim)
    _note(session, by, act, row, claim, now)
    return record_of(row, claim)


def _note(
    session: Session, by: Actor, act: str, row: ClaimDispute, claim: Claim, now: datetime
) -> None:
    detail = {
        "claim": name_of(claim), "line": row.line, "part": row.part, "state": row.state,
        "claimed_cents": row.claimed_cents, "accepted_cents": row.accepted_cents,
    }  # fmt: skip
    audit.add(session, by, act, "dispute", row.id, at=now, detail=detail)
