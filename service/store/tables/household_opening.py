"""Who opened a household's page, when, and why."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class HouseholdOpening(SQLModel, table=True):
    """A person opened a household, for a reason. Append-only."""

    __tablename__ = "household_opening"
    __table_args__ = (Index(None, "household_id", "person_id", "opened_at"),)

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigId)
    actor: str
    opened_at: datetime = Field(sa_type=UtcMoment)
    reason: str
    note: str
