"""Who buys: the household, its contact data, and what identifies it at a till."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class IdentityKind(StrEnum):
    """What a household can present beside its list."""

    CARD = "card"
    PHONE = "phone"


class Household(SQLModel, table=True):
    """The buying unit; `ref` is the retailer's own number for it."""

    id: int = row_id()
    ref: str = Field(unique=True)
    language: str


class Contact(SQLModel, table=True):
    """Name, address and consent to letters; kept apart from what the household buys.

    `mail_consent` repeats the newest row of `consent` on letters. `email` and `phone_sealed` (the
    number to write to, under `service.sealing`) are there only with the consent to use them.

    `carrier_order` is the place of the house on its carrier's round, if the retailer knows it.
    Returned mail sets `undeliverable_at`; another address clears it.
    """

    household_id: int = key_part("household.id")
    name: str
    street: str
    extra: str = ""
    postcode: str
    city: str
    region: str = ""
    country: str
    mail_consent: bool
    consent_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    consent_source: str = ""
    carrier_order: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    undeliverable_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    email: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    phone_sealed: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class HouseholdIdentity(SQLModel, table=True):
    """A card or phone as a keyed digest: enough to recognise it, not to read it.

    `key_mark` is that of the key (`digests.key_mark`), empty where it was not stored yet.
    """

    __tablename__ = "identity"

    kind: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    household_id: int = Field(foreign_key="household.id", index=True, sa_type=BigId)
    key_mark: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
