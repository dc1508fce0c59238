"""What households answered to questions about themselves."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class HouseholdAnswer(SQLModel, table=True):
    """A household answered a question (`engine.answers.Question`); the newest answer counts.

    `words` are parted by blanks, empty for none of the choices, and null where it would rather not
    say. A budget is in `amount_cents`, of a week. Answers stay, but for what it does not eat: of
    that only the newest is here, and none without the consent to it.
    """

    __tablename__ = "household_answer"
    __table_args__ = (Index(None, "household_id", "question", "id"),)

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    question: str
    words: str | None = None
    amount_cents: int | None = None
    said_on: date
    said_at: datetime = Field(sa_type=UtcMoment)
    channel: str
    actor: str
