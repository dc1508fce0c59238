"""Pending work, stored in the database so that no process can lose it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import UtcMoment, key_part


class Due(SQLModel, table=True):
    """A household whose next list must be written. A newer basket raises `marked_at`."""

    household_id: int = key_part("household.id")
    marked_at: datetime = Field(sa_type=UtcMoment, index=True)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcMoment)


class JobSlot(SQLModel, table=True):
    """One planned moment of one job; whoever inserts it runs it."""

    __tablename__ = "job_slot"

    job: str = Field(primary_key=True)
    slot: datetime = Field(primary_key=True, sa_type=UtcMoment)
    claimed_until: datetime = Field(sa_type=UtcMoment)
    finished_at: datetime | None = Field(default=None, sa_type=UtcMoment)
