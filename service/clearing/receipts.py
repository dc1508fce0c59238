"""Receipts as acts: load a bank's file, match what it says with claims, and decide the rest.

A receipt is posted once, in one transaction with all that it settles; a run that is cut off goes on
where it stopped.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from service.clearing.apply_receipt import apply_match, state_of
from service.clearing.held import find_claim, name_of
from service.clearing.settle import clear_within
from service.engine.clearing.matching import Application, Match, Matcher, Suspended, WrittenOff
from service.engine.clearing.receipt import Advice, Receipt
from service.errors import Busy, Conflict, InvalidInput, NotFound
from service.files.names import file_name
from service.files.notes import Note
from service.notice import Cents, Notice
from service.store import audit
from service.store.actor import Actor
from service.store.clearing import bank_receipts
from service.store.clearing.bank_receipts import Added
from service.store.session import Database
from service.store.tables.bank import BankFile, BankReceipt, ReceiptState

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a file had: new receipts or advices, known ones, and what was noted in reading."""

    added: Added
    is_advice: bool
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Matched:
    """What became of the receipts of a run: how many in each state, and how many why suspended.

    `waiting` could not be decided now, because claims changed meanwhile; the next run takes them.
    """

    states: Counter[ReceiptState] = field(default_factory=Counter)
    reasons: Counter[Suspended] = field(default_factory=Counter)
    waiting: int = 0


def load_receipts(
    database: Database,
    path: Path,
    kind: str,
    receipts: tuple[Receipt, ...],
    *,
    currency: str,
    notes: tuple[Note, ...] = (),
    by: Actor,
    now: datetime,
) -> LoadedFile:
    """Keep the receipts of a file that was read; those known from another file are not added.

    Raises InvalidInput for one in another currency than that of the books.
    """
    others = sorted({receipt.currency for receipt in receipts} - {currency})
    if others:
        raise InvalidInput(
            "%(name)s has bookings in %(others)s; the books are in %(currency)s. Nothing of it was "
            "loaded: load accounts in that currency only.",
            name=path.name,
            others=", ".join(others),
            currency=currency,
        )
    added = _load(
        database, path, kind, len(receipts), by=by, now=now,
        add=lambda session, file_id: bank_receipts.add_receipts(session, receipts, file_id),
    )  # fmt: skip
    return LoadedFile(added, is_advice=False, notes=notes)


def load_advices(
    database: Database, path: Path, advices: tuple[Advice, ...], *, by: Actor, now: datetime
) -> LoadedFile:
    """Keep the remittance advices of a file that was read."""
    added = _load(
        database, path, "x12_820", len(advices), by=by, now=now,
        add=lambda session, file_id: bank_receipts.add_advices(session, advices, file_id),
    )  # fmt: skip
    return LoadedFile(added, is_advice=True)


def match_receipts(database: Database, *, by: Actor, now: datetime) -> Matched:
    """Match every receipt that is new: with claims, or into suspense with the reason."""
    made = Matched()
    waiting, matcher = _read(database)
    for row in waiting:
        for is_last in (False, True):
            receipt = bank_receipts.receipt_of(row)
            match = matcher.match(receipt, key=row.id)
            try:
                is_done = _apply(database, row.id, match, matcher, by=by, now=now)
            except (Busy, Conflict):
                # Claims changed meanwhile: once more, as they are now.
                _, matcher = _read(database)
                made.waiting += is_last
                continue
            if is_done:
                made.states[state_of(match)] += 1
                made.reasons.update(filter(None, (match.reason,)))
            break
    return made


def apply_suspense(
    database: Database,
    receipt_id: int,
    claim: str,
    cents: int | None = None,
    *,
    by: Actor,
    now: datetime,
) -> BankReceipt:
    """Somebody decides that money in suspense is for a claim: all of it, or so many cents.

    Raises NotFound; InvalidInput for a receipt that has no money in suspense; Conflict for more
    than is in suspense or open.
    """

    def act(session: Session) -> BankReceipt:
        row = bank_receipts.hold(session, receipt_id)
        if row is None:
            raise NotFound("There is no receipt %(receipt)s.", receipt=receipt_id)
        if row.suspense_cents <= 0:
            raise InvalidInput(
                "Receipt %(receipt)s is %(state)s: none of it is in suspense.",
                receipt=receipt_id,
                state=ReceiptState(row.state),
            )
        wanted = row.suspense_cents if cents is None else cents
        if wanted > row.suspense_cents:
            raise Conflict(
                "Only %(left)s of receipt %(receipt)s can be assigned, not %(wanted)s.",
                left=Cents(row.suspense_cents),
                receipt=receipt_id,
                wanted=Cents(wanted),
            )
        found = find_claim(session, claim)
        before = bank_receipts.open_of(session, [found.id]).get(found.id, 0)
        clear_within(
            session, found.id, wanted, reference=f"{row.id}-{row.suspense_cents}", by=by, now=now
        )
        after = bank_receipts.open_of(session, [found.id])[found.id]
        written_off = before - after - wanted
        reason = WrittenOff.TOLERANCE if written_off else None
        application = Application(found.id, wanted, written_off, reason)
        bank_receipts.add_application(session, row.id, application, at=now)
        row.suspense_cents -= wanted
        if not row.suspense_cents:
            row.state, row.reason = ReceiptState.MATCHED, None
        session.add(row)
        detail = {"claim": name_of(found), "amount_cents": wanted}
        audit.add(session, by, "apply", "receipt", row.id, at=now, detail=detail)
        session.flush()
        session.expunge(row)
        return row

    return database.settle(act, busy=_BUSY)


def show_receipts(
    database: Database, *, state: ReceiptState | None = None, limit: int = 50
) -> list[BankReceipt]:
    """Receipts, the newest first."""
    with database.read() as session:
        return list(bank_receipts.page(session, state=state, limit=limit))


def _read(database: Database) -> tuple[Sequence[BankReceipt], Matcher]:
    """The receipts that are new, and a matcher that knows the claims as they are now."""
    with database.read() as session:
        waiting = bank_receipts.new(session)
        returned = {-row.amount_cents for row in waiting if row.amount_cents < 0}
        matcher = Matcher(
            bank_receipts.payable(session),
            advices=bank_receipts.advices(session),
            paid_before=bank_receipts.paid_before(session, returned),
        )
    return waiting, matcher


def _apply(
    database: Database,
    receipt_id: int,
    match: Match,
    matcher: Matcher,
    *,
    by: Actor,
    now: datetime,
) -> bool:
    """Post a match; False where another run has done so.

    Raises Conflict where what is open afterwards is not what the match was made for.
    """

    def act(session: Session) -> bool:
        row = bank_receipts.hold(session, receipt_id)
        if row is None or row.state != ReceiptState.NEW:
            return False
        apply_match(session, row, match, by=by, now=now)
        settled = {each.claim_id for each in match.applications}
        for claim_id, cents in bank_receipts.open_of(session, settled).items():
            if cents != matcher.open_cents(claim_id):
                raise Conflict("Somebody settled a claim of this receipt meanwhile.")
        return True

    return database.settle(act, busy=_BUSY)


def _load(
    database: Database,
    path: Path,
    kind: str,
    count: int,
    *,
    by: Actor,
    now: datetime,
    add: Callable[[Session, int], Added],
) -> Added:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    def act(session: Session) -> Added:
        if bank_receipts.file_of(session, sha256) is not None:
            return Added(0, count)
        file = BankFile(
            name=file_name(path.name),
            sha256=sha256,
            kind=kind,
            loaded_at=now,
            actor=by.name,
            person_id=by.person_id,
        )
        added = add(session, bank_receipts.add_file(session, file).id)
        detail = {"name": file.name, "taken": added.taken, "known": added.known}
        audit.add(session, by, "load", "bank_file", file.id, at=now, detail=detail)
        return added

    return database.settle(act, busy=Notice("Another file is being loaded right now; try again."))
