"""Queries on agreements: the revisions in force, and the parties that offers take from them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import exists, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.engine.clearing.claim import Agreement as AgreementRecord
from service.engine.clearing.claim import NamedParty, Party, Settlement, TaxCode
from service.engine.clearing.parties import encode
from service.engine.offers.credit import CREDIT
from service.store.bulk import day_value
from service.store.tables.agreement import Agreement, AgreementParty
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer
from service.store.tables.shopping_list import ListLine

TERMS: dict[str, Any] = {
    "supplier_id": pl.Int64, "valid_from": pl.Date, "valid_to": pl.Date, "fee_cents": pl.Int64,
    "parties": pl.String,
}  # fmt: skip
"""The columns of `terms`: the days of an agreement, its fee, and its parties as stored."""


def in_force(session: Session, account_ids: Collection[int] | None = None) -> list[Agreement]:
    """The newest revision of every agreement, or of those of some accounts, by account and day."""
    later = aliased(Agreement)
    newer = (
        select(later.id)
        .where(
            later.account_id == Agreement.account_id,
            later.ref == Agreement.ref,
            later.revision > Agreement.revision,
        )
        .exists()
    )
    statement = select(Agreement).where(~newer)
    if account_ids is not None:
        statement = statement.where(col(Agreement.account_id).in_(account_ids))
    return list(
        session.exec(statement.order_by(col(Agreement.account_id), col(Agreement.valid_from)))
    )


def revisions(session: Session, account_id: int) -> list[Agreement]:
    """Every revision of an account's agreements, the newest first."""
    statement = select(Agreement).where(Agreement.account_id == account_id)
    return list(session.exec(statement.order_by(col(Agreement.id).desc())))


def get(session: Session, agreement_ids: Collection[int]) -> dict[int, AgreementRecord]:
    """Some revisions with their parties, by id."""
    parties: dict[int, list[NamedParty]] = {}
    named = (
        select(AgreementParty, Supplier.name)
        .join(Supplier, col(Supplier.id) == col(AgreementParty.supplier_id))
        .where(col(AgreementParty.agreement_id).in_(agreement_ids))
        .order_by(col(AgreementParty.rank))
    )
    for row, name in session.exec(named):
        parties.setdefault(row.agreement_id, []).append(NamedParty(name, _party(row)))
    rows = session.exec(select(Agreement).where(col(Agreement.id).in_(agreement_ids))).all()
    return {row.id: record(row, parties.get(row.id, ())) for row in rows}


def record(row: Agreement, parties: Sequence[NamedParty]) -> AgreementRecord:
    """A revision as documents show it."""
    return AgreementRecord(
        id=row.id,
        account_id=row.account_id,
        ref=row.ref,
        revision=row.revision,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        fee_cents=row.fee_cents,
        tax_code=TaxCode(row.tax_code),
        tax_basis_points=row.tax_basis_points,
        tolerance_cents=row.tolerance_cents,
        grace_days=row.grace_days,
        payment_days=row.payment_days,
        dispute_days=row.dispute_days,
        credit_limit_cents=row.credit_limit_cents,
        settlement=Settlement(row.settlement),
        parties=tuple(parties),
    )


def parties_of(session: Session, agreement_id: int) -> tuple[Party, ...]:
    """The parties of a revision, in order of rank."""
    statement = (
        select(AgreementParty)
        .where(AgreementParty.agreement_id == agreement_id)
        .order_by(col(AgreementParty.rank))
    )
    return tuple([_party(row) for row in session.exec(statement)])


def add(session: Session, row: Agreement, parties: Sequence[Party]) -> None:
    """Add a revision with its parties."""
    session.add(row)
    session.flush()
    session.add_all([AgreementParty(agreement_id=row.id, **party._asdict()) for party in parties])
    session.flush()


def give_parties(session: Session, agreement: Agreement, parties: Sequence[Party]) -> int:
    """Give an agreement's parties to the offers that it covers; how many got others than they had.

    Offers of which a copy was printed keep theirs: what was redeemed must come back as it was
    split. They are locked, so that nobody issues a copy meanwhile.
    """
    covered = (
        select(Offer.id)
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .where(
            Supplier.account_id == agreement.account_id,
            Offer.redeem_from >= agreement.valid_from,
            Offer.redeem_from <= agreement.valid_to,
            Offer.parties != encode(parties),
        )
        .order_by(col(Offer.id))
        .with_for_update(of=Offer)
    )
    found = session.exec(covered).all()
    printed = exists().where(col(ListLine.offer_id) == col(Offer.id))
    changed = session.execute(
        update(Offer)
        .where(col(Offer.id).in_(found), ~printed)
        .values(parties=encode(parties))
        .returning(col(Offer.id))
    ).all()
    return len(changed)


def terms(session: Session) -> pl.DataFrame:
    """What is agreed with each supplier of an account, for deals: see `TERMS`."""
    suppliers = select(Supplier.account_id, Supplier.id).where(
        col(Supplier.account_id).is_not(None)
    )
    of_account: dict[int | None, list[int]] = {}
    for account_id, supplier_id in session.exec(suppliers):
        of_account.setdefault(account_id, []).append(supplier_id)
    rows = [
        (supplier_id, row.valid_from, row.valid_to, row.fee_cents, stored)
        for row in in_force(session)
        for stored in [encode(parties_of(session, row.id))]
        for supplier_id in of_account.get(row.account_id, ())
    ]
    return pl.DataFrame(rows, TERMS, orient="row")


def credit(session: Session, *, on: date) -> pl.DataFrame:
    """What accounts with a limit on a day may still come to owe: see `engine.offers.credit`.

    That is the limit less what they owe, claimed or not, and less what copies out may still cost.
    """
    rows = session.execute(
        text(
            """SELECT s.id, a.account_id, max(a.credit_limit_cents) - coalesce((
                   SELECT sum(e.amount_cents) FROM ledger_entry e JOIN supplier o
                     ON o.id = e.supplier_id
                   WHERE o.account_id = a.account_id
                     AND e.account IN ('supplier_receivable', 'offer_reserved')), 0)
               FROM agreement a JOIN supplier s ON s.account_id = a.account_id
               WHERE a.credit_limit_cents IS NOT NULL
                 AND a.valid_from <= :day AND a.valid_to >= :day
                 AND NOT EXISTS (SELECT 1 FROM agreement n WHERE n.account_id = a.account_id
                                   AND n.ref = a.ref AND n.revision > a.revision)
               GROUP BY s.id, a.account_id ORDER BY s.id"""
        ),
        {"day": day_value(session, on)},
    )
    return pl.DataFrame([tuple(map(int, row)) for row in rows], CREDIT, orient="row")


def _party(row: AgreementParty) -> Party:
    return Party(row.supplier_id, row.rank, row.share_basis_points, row.use_cents, row.cap_cents)
