"""Who may call: API keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class Role(StrEnum):
    """What a key is for; admin may do everything."""

    POS = "pos"
    MARKETING = "marketing"
    MAILING = "mailing"
    FINANCE = "finance"
    SUPPLIER = "supplier"
    ADMIN = "admin"


class ApiKey(SQLModel, table=True):
    """A key as a digest; the key itself is shown once and never stored.

    What is done with a key that is bound to a person counts as done by that person. `key_mark` is
    that of the secret key its digest is under, empty where it was not stored yet.
    """

    __tablename__ = "api_key"

    id: int = row_id()
    digest: str = Field(unique=True)
    hint: str
    role: str
    store_id: str | None = Field(default=None, foreign_key="store.id")
    supplier_id: int | None = Field(default=None, foreign_key="supplier.id", sa_type=BigId)
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    created_at: datetime = Field(sa_type=UtcMoment)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    key_mark: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
