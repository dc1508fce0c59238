"""What a household asks the store about: an offer that did not come off."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class CaseState(StrEnum):
    """A case is `open` until somebody at the service desk answers it."""

    OPEN = "open"
    ANSWERED = "answered"


class HouseholdCase(SQLModel, table=True):
    """A line of a list that took nothing off in a sale, and the answer to why: one of each.

    `reason` is the till's (`RefusalReason`), `text` what is printed on the line. `answer` is what
    the household reads; `goodwill_id` what it got with it.
    """

    __tablename__ = "household_case"
    __table_args__ = (
        UniqueConstraint("redemption_id", "list_id", "list_line"),
        Index(None, "state", "asked_at"),
    )

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", index=True, sa_type=BigId)
    redemption_id: str = Field(foreign_key="redemption.id")
    list_id: int = Field(foreign_key="shopping_list.id", index=True, sa_type=BigId)
    list_line: int
    reason: str
    text: str
    state: str
    asked_at: datetime = Field(sa_type=UtcMoment)
    answered_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    answer: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    actor: str
    goodwill_id: int | None = Field(default=None, foreign_key="goodwill.id", sa_type=BigId)
