"""What settles claims: money, set-off, small differences, write-offs, and money that goes back.

Each act posts once under its own name, so the same one sent again changes nothing, and leaves the
claim in the state that follows. `within` a unit of work they are for whoever matches many payments
together; they hold the claim's account.
"""

from datetime import datetime

from sqlmodel import Session

from service.clearing.held import hold_claim, name_of, payer_of, require_owed
from service.engine.clearing.claim import SettlementKind
from service.engine.clearing.postings import (
    clear_suspense,
    offset,
    receive,
    set_off,
    suspend,
    write_off,
)
from service.engine.ledger import Entry, EntryKind, Posting
from service.errors import Conflict, InvalidInput
from service.notice import Cents
from service.store import audit, ledger
from service.store.actor import Actor
from service.store.clearing import agreements, claims
from service.store.tables.claim import Claim


def receive_within(
    session: Session, named: str | int, cents: int, *, reference: str, by: Actor, now: datetime
) -> Claim:
    """Money came in for a claim, at most what is open of it; `reference` names it once for ever.

    What is less than the claim by no more than its tolerance is written off with it. Raises
    NotFound, InvalidInput for no money, and Conflict for more than is open: the rest belongs into
    suspense.
    """
    claim = _owed(session, named, cents)
    posting = f"receipt-{reference}"
    if ledger.entries_of(session, [posting]):
        return claim
    _require_open(session, claim, cents)
    _post(session, claim, posting, SettlementKind.RECEIPT, receive(payer_of(session, claim), cents),
          note=reference, by=by, now=now)  # fmt: skip
    write_off_within_tolerance(session, claim, by=by, now=now)
    return claim


def suspend_within(
    session: Session, cents: int, *, reference: str, by: Actor, now: datetime
) -> None:
    """Money came in that no claim is known for; negative cents when it goes back."""
    posting = f"suspense-{reference}"
    if not ledger.entries_of(session, [posting]):
        entries = tuple(suspend(cents))
        ledger.post(session, Posting(posting, EntryKind.SUSPENSE, now, entries))
        detail = {"amount_cents": cents}
        audit.add(session, by, "suspend", "receipt", reference, at=now, detail=detail)


def clear_within(
    session: Session, named: str | int, cents: int, *, reference: str, by: Actor, now: datetime
) -> Claim:
    """Money in suspense was for a claim. Raises as `receive_within` does."""
    claim = _owed(session, named, cents)
    posting = f"cleared-{reference}-{claim.id}"
    if ledger.entries_of(session, [posting]):
        return claim
    _require_open(session, claim, cents)
    entries = clear_suspense(payer_of(session, claim), cents)
    _post(session, claim, posting, SettlementKind.RECEIPT, entries, note=reference, by=by, now=now)
    write_off_within_tolerance(session, claim, by=by, now=now)
    return claim


def return_within(
    session: Session, named: str | int, cents: int, *, reference: str, by: Actor, now: datetime
) -> Claim:
    """The bank took money back that had come in for a claim: it is owed again.

    Raises Conflict for more than came in.
    """
    claim = _owed(session, named, cents)
    posting = f"receipt-{reference}-returned"
    if ledger.entries_of(session, [posting]):
        return claim
    received = claims.received(session, claim.id)
    if cents > received:
        raise Conflict(
            "Only %(received)s came in for claim %(claim)s.",
            received=Cents(received),
            claim=name_of(claim),
        )
    entries = receive(payer_of(session, claim), -cents)
    kind = SettlementKind.RECEIPT_RETURN
    _post(session, claim, posting, kind, entries, note=reference, by=by, now=now, again=True)
    return claim


def set_off_within(
    session: Session, named: str | int, cents: int, *, reference: str, by: Actor, now: datetime
) -> Claim:
    """A claim is kept back from what is paid for goods. Raises as `receive_within` does.

    Negative cents are paid with the goods: of a claim in credit, at most what it owes.
    """
    claim = hold_claim(session, named)
    require_owed(claim)
    posting = f"set-off-{reference}"
    if ledger.entries_of(session, [posting]):
        return claim
    if cents >= 0:
        _require_money(cents)
        _require_open(session, claim, cents)
    elif cents < open_cents(session, claim):
        raise Conflict(
            "Claim %(claim)s does not owe %(amount)s to the supplier.",
            claim=name_of(claim),
            amount=Cents(-cents),
        )
    entries = set_off(payer_of(session, claim), cents)
    _post(session, claim, posting, SettlementKind.SET_OFF, entries,
          note=reference, by=by, now=now, again=cents < 0)  # fmt: skip
    return claim


def offset_within(
    session: Session, named: str | int, by_claim: str | int, cents: int, *, by: Actor, now: datetime
) -> Claim:
    """A claim is settled by what another of the account owes to the supplier, below zero.

    Raises Conflict for claims of two accounts, or more than is open of either.
    """
    claim = _owed(session, named, cents)
    other = hold_claim(session, by_claim)
    require_owed(other)
    if other.account_id != claim.account_id:
        raise Conflict(
            "Claims %(claim)s and %(other)s are of two accounts.",
            claim=name_of(claim),
            other=name_of(other),
        )
    _require_open(session, claim, cents)
    if -open_cents(session, other) < cents:
        raise Conflict(
            "Claim %(claim)s does not owe %(amount)s to the supplier.",
            claim=name_of(other),
            amount=Cents(cents),
        )
    posting = f"offset-{other.id}-{claim.id}-{claims.settlements(session, claim.id) + 1}"
    entries = offset(payer_of(session, claim), cents)
    _post(session, claim, posting, SettlementKind.SET_OFF, entries,
          note=name_of(other), by=by, now=now)  # fmt: skip
    claims.unsettle(session, posting, claim_id=other.id, kind=SettlementKind.SET_OFF,
                    note=name_of(claim))  # fmt: skip
    claims.follow(session, other)
    return claim


def write_off_within(
    session: Session, named: str | int, cents: int, *, note: str, by: Actor, now: datetime
) -> Claim:
    """Somebody gives up what is open of a claim, with a reason. Raises as `receive_within` does."""
    if not note.strip():
        raise InvalidInput("Say why it is written off.")
    claim = _owed(session, named, cents)
    _require_open(session, claim, cents)
    made = claims.settlements(session, claim.id)
    _post(session, claim, f"write-off-{claim.id}-{made + 1}", SettlementKind.WRITE_OFF,
          write_off(payer_of(session, claim), cents), note=note.strip(),
          by=by, now=now)  # fmt: skip
    return claim


def write_off_within_tolerance(session: Session, claim: Claim, *, by: Actor, now: datetime) -> None:
    """Write off what is left of a claim that was paid, if that is no more than was agreed."""
    left = open_cents(session, claim)
    agreement = agreements.get(session, [claim.agreement_id])[claim.agreement_id]
    if not 0 < left <= agreement.tolerance_cents:
        return
    made = claims.settlements(session, claim.id)
    _post(session, claim, f"tolerance-{claim.id}-{made + 1}", SettlementKind.TOLERANCE,
          write_off(payer_of(session, claim), left), note="within the agreed tolerance",
          by=by, now=now)  # fmt: skip


def open_cents(session: Session, claim: Claim) -> int:
    """What is still owed of a claim that was issued."""
    return claim.total_cents - claims.settled(session, [claim.id]).get(
        claim.id, claims.Settled()
    ).cents  # fmt: skip


def _owed(session: Session, named: str | int, cents: int) -> Claim:
    claim = hold_claim(session, named)
    require_owed(claim)
    _require_money(cents)
    return claim


def _require_money(cents: int) -> None:
    if cents <= 0:
        raise InvalidInput("An amount is at least one cent.")


def _require_open(session: Session, claim: Claim, cents: int) -> None:
    left = open_cents(session, claim)
    if cents > left:
        raise Conflict(
            "Only %(left)s of claim %(claim)s can be settled, not %(wanted)s.",
            left=Cents(max(left, 0)),
            claim=name_of(claim),
            wanted=Cents(cents),
        )


def _post(
    session: Session,
    claim: Claim,
    posting: str,
    kind: SettlementKind,
    entries: list[Entry],
    *,
    note: str,
    by: Actor,
    now: datetime,
    again: bool = False,
) -> None:
    ledger.post(session, Posting(posting, EntryKind(kind), now, tuple(entries)))
    mark = claims.unsettle if again else claims.settle
    mark(session, posting, claim_id=claim.id, kind=kind, note=note)
    claims.follow(session, claim)
    detail = {"claim": name_of(claim), "posting": posting, "note": note}
    audit.add(session, by, kind, "claim", claim.id, at=now, detail=detail)
