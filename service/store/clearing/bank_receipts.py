"""Queries on what banks booked: files, receipts, advices, and which claims receipts settled."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from service.engine.clearing.matching import Application, PaidBefore, PayableClaim, WrittenOff
from service.engine.clearing.receipt import Advice, PaidPart, Receipt
from service.engine.clearing.standing import number_of
from service.store.clearing import agreements, claims
from service.store.tables.agreement import SupplierAccount
from service.store.tables.bank import (
    BankFile,
    BankReceipt,
    ReceiptApplication,
    ReceiptState,
    RemittanceAdvice,
)
from service.store.tables.claim import Claim
from service.store.tables.types import JsonObject

_AT_ONCE = 500
_SETTLED = (ReceiptState.MATCHED, ReceiptState.SUSPENDED)


class Added(NamedTuple):
    """How many receipts, or advices, were new, and how many are known from another file."""

    taken: int
    known: int


def file_of(session: Session, sha256: str) -> BankFile | None:
    """The file with these bytes, if it was loaded."""
    return session.exec(select(BankFile).where(BankFile.sha256 == sha256)).first()


def file(session: Session, file_id: int) -> BankFile | None:
    """A file that was loaded."""
    return session.get(BankFile, file_id)


def get(session: Session, receipt_id: int) -> BankReceipt | None:
    """A receipt."""
    return session.get(BankReceipt, receipt_id)


def add_file(session: Session, file: BankFile) -> BankFile:
    """Add a file; it has its id then."""
    session.add(file)
    session.flush()
    return file


def add_receipts(session: Session, receipts: Sequence[Receipt], file_id: int) -> Added:
    """Add the receipts of a file that are not known from another one.

    Nor are the parts of a booking that is known as one, or in other parts.
    """
    known = _known(session, BankReceipt.identity, [each.identity for each in receipts])
    booked = _known(session, BankReceipt.booking, [each.booking for each in receipts])
    fresh = [each for each in receipts if each.identity not in known and each.booking not in booked]
    session.add_all(_row(receipt, file_id) for receipt in fresh)
    session.flush()
    return Added(len(fresh), len(receipts) - len(fresh))


def add_advices(session: Session, advices: Iterable[Advice], file_id: int) -> Added:
    """Add the advices of a file that are not known from another one."""
    taken = known = 0
    for advice in advices:
        same = select(RemittanceAdvice.id).where(
            RemittanceAdvice.payer == advice.payer,
            RemittanceAdvice.trace == advice.trace,
            RemittanceAdvice.paid_on == advice.paid_on,
            RemittanceAdvice.total_cents == advice.total_cents,
        )
        if session.exec(same).first() is not None:
            known += 1
            continue
        taken += 1
        session.add(
            RemittanceAdvice(
                file_id=file_id,
                trace=advice.trace,
                paid_on=advice.paid_on,
                total_cents=advice.total_cents,
                currency=advice.currency,
                payer=advice.payer,
                parts=[part._asdict() for part in advice.parts],
                deducted_cents=advice.deducted_cents,
            )
        )
        session.flush()
    return Added(taken, known)


def new(session: Session) -> Sequence[BankReceipt]:
    """The receipts that are not in the ledger yet, in the order of their booking."""
    found = (
        select(BankReceipt)
        .where(BankReceipt.state == ReceiptState.NEW)
        .order_by(col(BankReceipt.booked_on), col(BankReceipt.is_return), col(BankReceipt.id))
    )
    return session.exec(found).all()


def hold(session: Session, receipt_id: int) -> BankReceipt | None:
    """A receipt, held until the transaction ends."""
    found = (
        select(BankReceipt)
        .where(BankReceipt.id == receipt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(found).first()


def advices(session: Session) -> list[Advice]:
    """All advices whose amount a receipt that waits has."""
    waiting = select(BankReceipt.amount_cents).where(
        col(BankReceipt.state).in_((ReceiptState.NEW, ReceiptState.SUSPENDED))
    )
    found = select(RemittanceAdvice).where(col(RemittanceAdvice.total_cents).in_(waiting))
    return [
        Advice(
            trace=row.trace,
            paid_on=row.paid_on,
            total_cents=row.total_cents,
            currency=row.currency,
            payer=row.payer,
            parts=_parts(row.parts),
            deducted_cents=row.deducted_cents,
        )
        for row in session.exec(found)
    ]


def payable(session: Session) -> list[PayableClaim]:
    """Every claim that was issued and not cancelled, with what is open of it."""
    found = (
        select(Claim, SupplierAccount.currency)
        .join(SupplierAccount, col(SupplierAccount.id) == col(Claim.account_id))
        .where(col(Claim.issued_at).is_not(None), col(Claim.cancelled_at).is_(None))
        .order_by(col(Claim.id))
    )
    rows = session.exec(found).all()
    settled: dict[int, claims.Settled] = {}
    ids = [claim.id for claim, _ in rows]
    for first in range(0, len(ids), _AT_ONCE):
        settled |= claims.settled(session, ids[first : first + _AT_ONCE])
    terms = agreements.get(session, {claim.agreement_id for claim, _ in rows})
    return [
        PayableClaim(
            claim_id=claim.id,
            number=number_of(claim.series, claim.serial) or "",
            currency=currency,
            open_cents=claim.total_cents - settled.get(claim.id, claims.Settled()).cents,
            tolerance_cents=terms[claim.agreement_id].tolerance_cents,
        )
        for claim, currency in rows
    ]


def open_of(session: Session, claim_ids: Collection[int]) -> dict[int, int]:
    """What is open of some claims that were issued and not cancelled, in cents."""
    found = select(Claim.id, Claim.total_cents).where(
        col(Claim.id).in_(claim_ids),
        col(Claim.issued_at).is_not(None),
        col(Claim.cancelled_at).is_(None),
    )
    settled = claims.settled(session, claim_ids)
    return {
        claim_id: total - settled.get(claim_id, claims.Settled()).cents
        for claim_id, total in session.exec(found)
    }


def paid_before(session: Session, amounts: Collection[int]) -> list[PaidBefore]:
    """Receipts of some amounts that are in the ledger, with what they settled."""
    found: list[PaidBefore] = []
    listed = sorted(amounts)
    for first in range(0, len(listed), _AT_ONCE):
        rows = session.exec(
            select(BankReceipt)
            .where(
                col(BankReceipt.amount_cents).in_(listed[first : first + _AT_ONCE]),
                col(BankReceipt.state).in_(_SETTLED),
            )
            .order_by(col(BankReceipt.id))
        ).all()
        applied = applications(session, [row.id for row in rows])
        found += [
            PaidBefore(row.id, receipt_of(row), tuple(applied.get(row.id, ()))) for row in rows
        ]
    return found


def applications(session: Session, receipt_ids: Sequence[int]) -> dict[int, list[Application]]:
    """What receipts settled, by receipt, in the order in which they did."""
    applied: dict[int, list[Application]] = {}
    for first in range(0, len(receipt_ids), _AT_ONCE):
        part = receipt_ids[first : first + _AT_ONCE]
        found = (
            select(ReceiptApplication)
            .where(col(ReceiptApplication.receipt_id).in_(part))
            .order_by(col(ReceiptApplication.id))
        )
        for row in session.exec(found):
            reason = None if row.reason is None else WrittenOff(row.reason)
            made = Application(row.claim_id, row.paid_cents, row.written_off_cents, reason)
            applied.setdefault(row.receipt_id, []).append(made)
    return applied


def add_application(
    session: Session, receipt_id: int, application: Application, *, at: datetime
) -> None:
    """Note what of a receipt settled a claim."""
    session.add(
        ReceiptApplication(
            receipt_id=receipt_id,
            claim_id=application.claim_id,
            paid_cents=application.paid_cents,
            written_off_cents=application.written_off_cents,
            reason=application.reason,
            applied_at=at,
        )
    )
    session.flush()


def page(
    session: Session,
    *,
    state: ReceiptState | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[BankReceipt]:
    """Receipts, the newest first."""
    found = select(BankReceipt).order_by(col(BankReceipt.id).desc()).limit(limit)
    if state is not None:
        found = found.where(BankReceipt.state == state)
    if before_id is not None:
        found = found.where(col(BankReceipt.id) < before_id)
    return session.exec(found).all()


def receipt_of(row: BankReceipt) -> Receipt:
    """A receipt as it was read."""
    return Receipt(
        account=row.account,
        reference=row.reference,
        booked_on=row.booked_on,
        amount_cents=row.amount_cents,
        currency=row.currency,
        payer=row.payer,
        payer_account=row.payer_account,
        text=row.text,
        end_to_end=row.end_to_end,
        parts=_parts(row.parts),
        is_return=row.is_return,
        return_reason=row.return_reason,
        charges_cents=row.charges_cents,
        identity=row.identity,
        booking=row.booking,
    )


def _known(session: Session, column: str, values: Sequence[str]) -> set[str]:
    """Which of some values a column has; `column` is one of the table, as its class names it."""
    known: set[str] = set()
    for first in range(0, len(values), _AT_ONCE):
        part = values[first : first + _AT_ONCE]
        known.update(session.exec(select(column).where(col(column).in_(part))))
    return known


def _row(receipt: Receipt, file_id: int) -> BankReceipt:
    return BankReceipt(
        identity=receipt.identity,
        booking=receipt.booking,
        file_id=file_id,
        account=receipt.account,
        reference=receipt.reference,
        end_to_end=receipt.end_to_end,
        booked_on=receipt.booked_on,
        amount_cents=receipt.amount_cents,
        charges_cents=receipt.charges_cents,
        currency=receipt.currency,
        payer=receipt.payer,
        payer_account=receipt.payer_account,
        text=receipt.text,
        parts=[part._asdict() for part in receipt.parts],
        is_return=receipt.is_return,
        return_reason=receipt.return_reason,
        state=ReceiptState.NEW,
    )


def _parts(found: Iterable[JsonObject]) -> tuple[PaidPart, ...]:
    return tuple(PaidPart(**part) for part in found)
