"""Queries on suppliers' accounts."""

from collections.abc import Collection, Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.engine.clearing.claim import Address, Channel
from service.engine.clearing.claim import SupplierAccount as AccountRecord
from service.store.tables.agreement import SupplierAccount
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer


def by_number(session: Session, numbers: Collection[str]) -> dict[str, SupplierAccount]:
    """Some accounts by the retailer's number for them."""
    found = select(SupplierAccount).where(col(SupplierAccount.number).in_(numbers))
    return {row.number: row for row in session.exec(found)}


def get(session: Session, account_id: int) -> SupplierAccount | None:
    """An account."""
    return session.get(SupplierAccount, account_id)


def every(session: Session) -> list[AccountRecord]:
    """All accounts with their brands, by number."""
    brands: dict[int, list[str]] = {}
    named = select(Supplier.account_id, Supplier.name).order_by(Supplier.name)
    for account_id, name in session.exec(named):
        if account_id is not None:
            brands.setdefault(account_id, []).append(name)
    rows = session.exec(select(SupplierAccount).order_by(SupplierAccount.number)).all()
    return [record(row, brands.get(row.id, ())) for row in rows]


def of_supplier(session: Session, supplier_id: int) -> AccountRecord | None:
    """The account that pays for a supplier, with all its brands; None where that is not agreed."""
    supplier = session.get(Supplier, supplier_id)
    if supplier is None or supplier.account_id is None:
        return None
    return next(each for each in every(session) if each.id == supplier.account_id)


def numbers(session: Session, account_ids: Collection[int]) -> list[str]:
    """The retailer's numbers for some accounts, in order."""
    found = select(SupplierAccount.number).where(col(SupplierAccount.id).in_(account_ids))
    return sorted(session.exec(found))


def record(row: SupplierAccount, brands: Sequence[str]) -> AccountRecord:
    """An account as documents show it."""
    return AccountRecord(
        id=row.id,
        number=row.number,
        legal_name=row.legal_name,
        address=Address(row.street, row.postcode, row.city, row.country, row.region),
        tax_number=row.tax_number,
        language=row.language,
        currency=row.currency,
        channel=Channel(row.channel),
        email=row.email,
        brands=tuple(brands),
    )


def lock(session: Session, account_id: int) -> SupplierAccount | None:
    """An account, held until the transaction ends: one act at a time for each."""
    statement = (
        select(SupplierAccount)
        .where(SupplierAccount.id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).first()


def lock_with_limits(session: Session, offer_ids: Collection[int]) -> None:
    """Hold the accounts that pay for offers, in order of id, until the transaction ends.

    Whoever issues copies does so after holding their offers, so that no two promise one credit.
    """
    payers = (
        select(Supplier.account_id)
        .join(Offer, col(Offer.supplier_id) == col(Supplier.id))
        .where(col(Offer.id).in_(offer_ids))
    )
    session.exec(
        select(SupplierAccount.id)
        .where(col(SupplierAccount.id).in_(payers))
        .order_by(col(SupplierAccount.id))
        .with_for_update()
    ).all()


def brands_of(session: Session, account_id: int) -> dict[int, str]:
    """The suppliers that an account pays for: names by id, the lowest id first."""
    statement = (
        select(Supplier.id, Supplier.name)
        .where(Supplier.account_id == account_id)
        .order_by(col(Supplier.id))
    )
    return dict(session.exec(statement).all())


def suppliers(session: Session, names: Collection[str]) -> dict[str, Supplier]:
    """Suppliers by name, as far as there are any."""
    found = select(Supplier).where(col(Supplier.name).in_(names))
    return {row.name: row for row in session.exec(found)}


def bind(session: Session, supplier_ids: Collection[int], account_id: int) -> None:
    """Let an account pay for suppliers."""
    session.execute(
        update(Supplier).where(col(Supplier.id).in_(supplier_ids)).values(account_id=account_id)
    )
