"""Households that were erased: who must not come back, without a name."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class Erasure(SQLModel, table=True):
    """A household was erased. Append-only, but for `finished_at`: its files are gone, too, by then.

    `reference` is what the household is called since, at random. `ref_digest` is the keyed digest
    of the retailer's number for it, by which files that name it again are known.
    """

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", unique=True, sa_type=BigId)
    reference: str = Field(unique=True)
    ref_digest: str = Field(index=True)
    erased_at: datetime = Field(sa_type=UtcMoment)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    finished_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class ErasedIdentity(SQLModel, table=True):
    """A card of an erased household, as the digest it was stored under: it makes nobody known."""

    __tablename__ = "erased_identity"

    kind: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    erasure_id: int = Field(foreign_key="erasure.id", index=True, sa_type=BigId)
