"""What suppliers pay for: offers, their products, and the files they came in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class OfferState(StrEnum):
    """A replaced offer stays, because printed lists point at it."""

    RUNNING = "running"
    REPLACED = "replaced"


class Offer(SQLModel, table=True):
    """One revision of one deal. `terms` is the condition and benefit as JSON.

    `funding_share` is the supplier's per cent of the discount; the retailer bears the rest.
    `price_cents` is the median price of its products, `private_label` whether most are the store's.
    `control_share` is the per cent of households that never get it, so that its effect shows.
    A null budget or circulation limit means there is none.
    """

    __table_args__ = (UniqueConstraint("supplier_id", "deal_ref", "revision"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    supplier_id: int = Field(foreign_key="supplier.id", index=True, sa_type=BigId)
    deal_ref: str
    revision: int
    state: str
    upload_id: int = Field(foreign_key="upload.id", index=True, sa_type=BigId)
    digest: str
    title: str
    category_id: int = Field(foreign_key="category.id", index=True, sa_type=BigId)
    terms: str = Field(sa_type=Text)
    private_label: bool
    price_cents: int
    face_value_cents: int
    limit_per_household: int
    funding_share: int
    control_share: int = 0
    handling_fee_cents: int
    budget_cents: int | None = Field(default=None, sa_type=BigId)
    circulation_max: int | None = None
    circulation_min: int | None = None
    mail_from: date
    mail_to: date
    redeem_from: date
    redeem_to: date
    legal: str = ""


class OfferProduct(SQLModel, table=True):
    """A product that counts for an offer, in one of its product sets (numbered from 0)."""

    __tablename__ = "offer_product"

    offer_id: int = Field(
        foreign_key="offer.id",
        primary_key=True,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )
    set_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    gtin: int = Field(
        foreign_key="product.gtin",
        primary_key=True,
        index=True,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )


class Upload(SQLModel, table=True):
    """One file of deals, known again by its SHA-256."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    sha256: str = Field(unique=True)
    uploaded_at: datetime = Field(sa_type=UtcMoment)
    uploaded_by: str
    rows: int
