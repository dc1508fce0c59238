"""Whom suppliers are as payers, and what they agreed to."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class SupplierAccount(SQLModel, table=True):
    """One legal person that pays for one or several suppliers (`supplier.account_id`).

    `number` is the retailer's name for it. Documents are in `language`; `channel` says how they get
    there.
    """

    __tablename__ = "supplier_account"

    id: int = row_id()
    number: str = Field(unique=True)
    legal_name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    tax_number: str
    language: str
    currency: str
    channel: str
    email: str


class Agreement(SQLModel, table=True):
    """One revision of an agreement; the highest of a `ref` is in force, the others are kept.

    `fee_cents` is the handling fee a use; `tax_code` and `tax_basis_points` hold for fees and
    slots. A null `credit_limit_cents` is no limit.
    """

    __table_args__ = (UniqueConstraint("account_id", "ref", "revision"),)

    id: int = row_id()
    account_id: int = Field(foreign_key="supplier_account.id", sa_type=BigId)
    ref: str
    revision: int
    valid_from: date
    valid_to: date
    fee_cents: int = Field(sa_type=BigId)
    tax_code: str
    tax_basis_points: int
    tolerance_cents: int = Field(sa_type=BigId)
    grace_days: int
    payment_days: int
    dispute_days: int
    credit_limit_cents: int | None = Field(default=None, sa_type=BigId)
    settlement: str
    loaded_at: datetime = Field(sa_type=UtcMoment)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)


class AgreementParty(SQLModel, table=True):
    """Who bears part of what an agreement's suppliers bear: a share, or cents of a use."""

    __tablename__ = "agreement_party"

    agreement_id: int = key_part("agreement.id")
    rank: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    supplier_id: int = Field(foreign_key="supplier.id", index=True, sa_type=BigId)
    share_basis_points: int | None = None
    use_cents: int | None = Field(default=None, sa_type=BigId)
    cap_cents: int | None = Field(default=None, sa_type=BigId)
