"""Queries on agreements: the revisions in force, and the parties that offers take from them."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import exists, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.engine.clearing.claim import Agreement as AgreementRecord
from service.engine.clearing.claim import NamedParty, Party, Settlement, TaxCode
from service.engine.clearing.parties import encode
from service.store.tables.agreement import Agreement, AgreementParty
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer
from service.store.tables.shopping_list import ListLine


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


def covering(session: Session, offers: Sequence[tuple[int, date]]) -> dict[int, Agreement]:
    """The agreement of each supplier's day: (place in `offers`) of those that have one.

    `offers` are (supplier, first day of redemption).
    """
    owners = select(Supplier.id, Supplier.account_id).where(
        col(Supplier.id).in_({supplier_id for supplier_id, _ in offers})
    )
    account_of = dict(session.exec(owners).all())
    of_account: dict[int, list[Agreement]] = {}
    for row in in_force(session, {each for each in account_of.values() if each is not None}):
        of_account.setdefault(row.account_id, []).append(row)
    found = {}
    for place, (supplier_id, day) in enumerate(offers):
        for row in of_account.get(account_of.get(supplier_id) or 0, ()):
            if row.valid_from <= day <= row.valid_to:
                found[place] = row
    return found


def _party(row: AgreementParty) -> Party:
    return Party(row.supplier_id, row.rank, row.share_basis_points, row.use_cents, row.cap_cents)
