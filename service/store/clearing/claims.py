"""Queries on claims: their rows, numbers, lines, and what settled them."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, func, select

from service.engine.clearing.claim import Claim as ClaimRecord
from service.engine.clearing.claim import ClaimLine as LineRecord
from service.engine.clearing.claim import ClaimState, DisputeState, SettlementKind
from service.engine.clearing.standing import number_of, state_of
from service.engine.ledger import EntryKind
from service.store.clearing import accounts, agreements
from service.store.offers.goods import stage_goods
from service.store.tables.agreement import Agreement, SupplierAccount
from service.store.tables.catalogue import Supplier
from service.store.tables.claim import Claim, ClaimDispute, ClaimLine, ClaimSettlement
from service.store.tables.ledger import LedgerEntry
from service.store.tables.offer import Offer

PAYING = (EntryKind.RECEIPT, EntryKind.RECEIPT_RETURN, EntryKind.SET_OFF)
"""The kinds of settlement that are money."""


_AT_ONCE = 10_000
_LINE = tuple(ClaimLine.__table__.columns)  # type: ignore[attr-defined]
"""The columns of lines: a claim may have a thousand, of which no row is changed."""


class Settled(NamedTuple):
    """What made a claim smaller, and how much of that was money, in cents."""

    cents: int = 0
    paid_cents: int = 0


class SettledBy(NamedTuple):
    """One thing that made a claim smaller, or larger again where the cents are negative."""

    kind: SettlementKind
    cents: int
    note: str
    at: datetime


class Summary(NamedTuple):
    """A claim in a list of claims."""

    id: int
    account: str
    legal_name: str
    number: str | None
    state: ClaimState
    drawn_to: date
    issued_on: date | None
    due_on: date | None
    total_cents: int
    open_cents: int


def get(session: Session, claim_id: int) -> Claim | None:
    """A claim's row."""
    return session.get(Claim, claim_id)


def by_number(session: Session, series: str, serial: int) -> Claim | None:
    """The claim with a number."""
    return session.exec(select(Claim).where(Claim.series == series, Claim.serial == serial)).first()


def drawn_to(session: Session, agreement: Agreement) -> date:
    """The day up to which an agreement's claims were drawn; the first of all days without any."""
    statement = (
        select(func.max(Claim.drawn_to))
        .join(Agreement, col(Agreement.id) == col(Claim.agreement_id))
        .where(
            Claim.account_id == agreement.account_id,
            Agreement.ref == agreement.ref,
            col(Claim.cancelled_at).is_(None),
        )
    )
    return session.exec(statement).one() or date.min


def add(session: Session, claim: Claim) -> Claim:
    """Add a claim; it has its id then."""
    session.add(claim)
    session.flush()
    return claim


def next_serial(session: Session, series: str) -> int:
    """The next number of a series; whoever wants the one after it waits for this transaction.

    A number that is given in a transaction that fails is given again, so that there is no gap.
    """
    serial = session.execute(
        text(
            """INSERT INTO claim_series (series, last_serial) VALUES (:series, 1)
               ON CONFLICT (series)
               DO UPDATE SET last_serial = claim_series.last_serial + 1 RETURNING last_serial"""
        ),
        {"series": series},
    ).scalar_one()
    return int(serial)


def taxable_cents(session: Session, claim_id: int) -> int:
    """The fees and slots of a claim."""
    statement = select(
        func.coalesce(func.sum(col(ClaimLine.fee_cents) + col(ClaimLine.slot_cents)), 0)
    ).where(ClaimLine.claim_id == claim_id)
    return int(session.exec(statement).one())


def settled(session: Session, claim_ids: Collection[int]) -> dict[int, Settled]:
    """What made claims smaller so far, by claim; those with nothing are left out."""
    rows = session.execute(
        text(
            f"""SELECT s.claim_id, -sum(e.amount_cents),
                       -sum(CASE WHEN s.kind IN ({", ".join(f"'{kind}'" for kind in PAYING)})
                                 THEN e.amount_cents ELSE 0 END)
                FROM claim_settlement s JOIN ledger_entry e ON e.id = s.entry_id
                WHERE s.claim_id IN :claims GROUP BY s.claim_id"""
        ).bindparams(bindparam("claims", expanding=True)),
        {"claims": list(claim_ids)},
    )
    return {claim_id: Settled(int(cents), int(paid)) for claim_id, cents, paid in rows}


def received(session: Session, claim_id: int) -> int:
    """The money that came in for a claim, less what the bank took back."""
    kinds = (EntryKind.RECEIPT, EntryKind.RECEIPT_RETURN)
    statement = (
        select(func.coalesce(-func.sum(LedgerEntry.amount_cents), 0))
        .join(ClaimSettlement, col(ClaimSettlement.entry_id) == col(LedgerEntry.id))
        .where(ClaimSettlement.claim_id == claim_id, col(ClaimSettlement.kind).in_(kinds))
    )
    return int(session.exec(statement).one())


def open_of_account(session: Session, account_id: int, *, but: int) -> int:
    """What is owed of the issued claims of an account, `but` one aside."""
    owed, paid = session.execute(
        text(
            """SELECT coalesce(sum(c.total_cents), 0), coalesce(sum(
                   (SELECT sum(e.amount_cents) FROM claim_settlement s
                    JOIN ledger_entry e ON e.id = s.entry_id WHERE s.claim_id = c.id)), 0)
               FROM claim c WHERE c.account_id = :account AND c.id <> :but
                 AND c.issued_at IS NOT NULL AND c.cancelled_at IS NULL"""
        ),
        {"account": account_id, "but": but},
    ).one()
    return int(owed) + int(paid)


def is_owed(claim: Claim) -> bool:
    """Whether a claim was issued and not cancelled."""
    return claim.issued_at is not None and claim.cancelled_at is None


def follow(session: Session, claim: Claim) -> ClaimState:
    """Put an issued claim into the state that what happened to it makes."""
    [(_, state)] = states_now(session, claim.id)
    claim.state = state
    session.add(claim)
    session.flush()
    return state


def states_now(session: Session, claim_id: int | None = None) -> list[tuple[Claim, ClaimState]]:
    """Issued claims, or one, each with the state that what happened to it makes."""
    session.flush()
    owed = select(Claim).where(col(Claim.issued_at).is_not(None), col(Claim.cancelled_at).is_(None))
    counts = select(ClaimDispute.claim_id, ClaimDispute.state, func.count()).group_by(
        col(ClaimDispute.claim_id), col(ClaimDispute.state)
    )
    if claim_id is not None:
        owed = owed.where(Claim.id == claim_id)
        counts = counts.where(ClaimDispute.claim_id == claim_id)
    rows = session.exec(owed.order_by(col(Claim.id))).all()
    made: dict[int, Settled] = {}
    ids = [row.id for row in rows]
    for first in range(0, len(ids), _AT_ONCE):
        made |= settled(session, ids[first : first + _AT_ONCE])
    disputes: dict[int, dict[str, int]] = {}
    for key, state, count in session.exec(counts):
        disputes.setdefault(key, {})[state] = count
    return [
        (
            row,
            state_of(
                total_cents=row.total_cents,
                settled_cents=made.get(row.id, Settled()).cents,
                paid_cents=made.get(row.id, Settled()).paid_cents,
                disputes=sum(disputes.get(row.id, {}).values()),
                open_disputes=disputes.get(row.id, {}).get(DisputeState.OPEN, 0),
            ),
        )
        for row in rows
    ]


def page(
    session: Session,
    *,
    account_id: int | None = None,
    state: ClaimState | None = None,
    is_issued: bool = False,
    before_id: int | None = None,
    claim_ids: Collection[int] | None = None,
    limit: int = 50,
) -> list[Summary]:
    """Claims, the newest first; with `is_issued` none that are or were only drafts."""
    statement = (
        select(Claim, SupplierAccount.number, SupplierAccount.legal_name)
        .join(SupplierAccount, col(SupplierAccount.id) == col(Claim.account_id))
        .order_by(col(Claim.id).desc())
        .limit(limit)
    )
    if account_id is not None:
        statement = statement.where(Claim.account_id == account_id)
    if state is not None:
        statement = statement.where(Claim.state == state)
    if is_issued:
        statement = statement.where(col(Claim.issued_at).is_not(None))
    if before_id is not None:
        statement = statement.where(col(Claim.id) < before_id)
    if claim_ids is not None:
        statement = statement.where(col(Claim.id).in_(claim_ids))
    rows = session.exec(statement).all()
    made = settled(session, [claim.id for claim, _, _ in rows])
    return [
        Summary(
            claim.id,
            account,
            legal_name,
            number_of(claim.series, claim.serial),
            ClaimState(claim.state),
            claim.drawn_to,
            claim.issued_on,
            claim.due_on,
            claim.total_cents,
            claim.total_cents - made.get(claim.id, Settled()).cents if is_owed(claim) else 0,
        )
        for claim, account, legal_name in rows
    ]


def record(session: Session, claim: Claim) -> ClaimRecord:
    """A claim with its account, agreement and lines, as documents show it."""
    account = session.get(SupplierAccount, claim.account_id)
    assert account is not None, "the database refers to it"
    brands = accounts.brands_of(session, account.id)
    return ClaimRecord(
        id=claim.id,
        number=number_of(claim.series, claim.serial),
        state=ClaimState(claim.state),
        account=accounts.record(account, sorted(brands.values())),
        agreement=agreements.get(session, [claim.agreement_id])[claim.agreement_id],
        drawn_to=claim.drawn_to,
        first_day=claim.first_day,
        last_day=claim.last_day,
        drawn_at=claim.drawn_at,
        issued_on=claim.issued_on,
        due_on=claim.due_on,
        dispute_until=claim.dispute_until,
        opening_cents=claim.opening_cents,
        closing_cents=claim.opening_cents + claim.total_cents,
        tax_cents=claim.tax_cents,
        settled_cents=settled(session, [claim.id]).get(claim.id, Settled()).cents,
        credit_number=number_of(claim.credit_series, claim.credit_serial),
        cancelled_on=claim.cancelled_on,
        lines=tuple(lines_of(session, claim.id)),
    )


def lines_of(session: Session, claim_id: int) -> list[LineRecord]:
    """The lines of a claim, by number."""
    earlier = select(Claim.id, Claim.series, Claim.serial).where(
        col(Claim.id).in_(
            select(ClaimLine.late_of).where(
                ClaimLine.claim_id == claim_id, col(ClaimLine.late_of).is_not(None)
            )
        )
    )
    numbers = {key: number_of(*named) for key, *named in session.execute(earlier)}
    statement = (
        select(*_LINE, Supplier.name)  # type: ignore[call-overload]
        .join(Supplier, col(Supplier.id) == col(ClaimLine.supplier_id))
        .where(ClaimLine.claim_id == claim_id)
        .order_by(col(ClaimLine.line))
    )
    rows = session.execute(statement).all()
    offer_ids = {row.offer_id for row in rows}
    found = session.exec(select(Offer).where(col(Offer.id).in_(offer_ids)))
    offers = {offer.id: offer for offer in found}
    products = _products(session, offer_ids)
    return [
        LineRecord(
            line=line.line,
            supplier_id=line.supplier_id,
            supplier=line.name,
            deal_ref=offer.deal_ref,
            revision=offer.revision,
            title=offer.title,
            store_id=line.store_id,
            late_of=numbers.get(line.late_of),
            circulation=line.circulation,
            redemptions=line.uses,
            redeemed_cents=line.discount_cents,
            share_cents=line.share_cents,
            fee_cents=line.fee_cents,
            slots=line.slot_cents // offer.copy_fee_cents if offer.copy_fee_cents else 0,
            slot_cents=line.slot_cents,
            adjustment_cents=line.adjustment_cents,
            products=products.get(offer.id, ()),
        )
        for line in rows
        for offer in [offers[line.offer_id]]
    ]


def _products(session: Session, offer_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The products that offers are for now, by offer."""
    stage_goods(session, [*offer_ids])
    rows = session.execute(
        text("SELECT DISTINCT offer_id, gtin FROM staged_goods ORDER BY offer_id, gtin")
    )
    found: dict[int, list[int]] = {}
    for offer_id, gtin in rows:
        found.setdefault(offer_id, []).append(gtin)
    return {offer_id: tuple(gtins) for offer_id, gtins in found.items()}


def hold_entries(session: Session, claim_id: int, posting: str) -> None:
    """Put what a posting says is owed into line 0 of a claim: its tax."""
    session.execute(
        text(
            """INSERT INTO claim_entry (entry_id, claim_id, line)
               SELECT id, :claim, 0 FROM ledger_entry
               WHERE posting = :posting AND account = 'supplier_receivable'"""
        ),
        {"claim": claim_id, "posting": posting},
    )


def settle(session: Session, posting: str, *, claim_id: int, kind: str, note: str) -> None:
    """Note that what a posting took off a receivable settles a claim."""
    _settle(session, posting, "amount_cents < 0", claim_id=claim_id, kind=kind, note=note)


def unsettle(session: Session, posting: str, *, claim_id: int, kind: str, note: str) -> None:
    """Note that what a posting put onto a receivable is owed of a claim again."""
    _settle(session, posting, "amount_cents > 0", claim_id=claim_id, kind=kind, note=note)


def _settle(
    session: Session, posting: str, which: str, *, claim_id: int, kind: str, note: str
) -> None:
    session.execute(
        text(
            f"""INSERT INTO claim_settlement (entry_id, claim_id, kind, note)
                SELECT id, :claim, :kind, :note FROM ledger_entry
                WHERE posting = :posting AND account = 'supplier_receivable' AND {which}"""
        ),
        {"claim": claim_id, "kind": kind, "note": note, "posting": posting},
    )


def settled_by(session: Session, claim_id: int) -> list[SettledBy]:
    """What settled a claim, the oldest first."""
    statement = (
        select(ClaimSettlement.kind, ClaimSettlement.note, LedgerEntry.amount_cents,
               LedgerEntry.posted_at)
        .join(LedgerEntry, col(LedgerEntry.id) == col(ClaimSettlement.entry_id))
        .where(ClaimSettlement.claim_id == claim_id)
        .order_by(col(LedgerEntry.id))
    )  # fmt: skip
    return [
        SettledBy(SettlementKind(kind), -cents, note, at)
        for kind, note, cents, at in session.execute(statement)
    ]


def settlements(session: Session, claim_id: int) -> int:
    """How many entries settle a claim."""
    statement = select(func.count()).where(ClaimSettlement.claim_id == claim_id)
    return session.exec(statement).one()
