"""Goodwill: what the service desk gave a household that no supplier pays for."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class GoodwillState(StrEnum):
    """Only what is `given` is posted; `waiting` needs a second person."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"
    VOIDED = "voided"


_HOLDS = "state IN ('waiting', 'given')"


class Goodwill(SQLModel, table=True):
    """One amount for one receipt, list, or line of either, which `subject` names.

    `request` is chosen by who asks: the same one is never given twice. While it waits or is given,
    nothing else is given for the same subject. `given_on` is the day in the retailer's time zone
    that the giver's limit counts; `person_id` is the giver, `second_person_id` whoever approved or
    declined it.
    """

    __table_args__ = (
        Index(
            "ux_goodwill_subject",
            "subject",
            unique=True,
            postgresql_where=text(_HOLDS),
            sqlite_where=text(_HOLDS),
        ),
        Index(None, "person_id", "given_on"),
        Index(None, "state", "id"),
    )

    id: int = row_id()
    request: str = Field(unique=True)
    subject: str
    state: str
    amount_cents: int = Field(sa_type=BigId)
    reason: str
    note: str
    redemption_id: str | None = Field(default=None, foreign_key="redemption.id", index=True)
    list_id: int | None = Field(
        default=None, foreign_key="shopping_list.id", index=True, sa_type=BigId
    )
    list_line: int | None = None
    household_id: int | None = Field(
        default=None, foreign_key="household.id", index=True, sa_type=BigId
    )
    store_id: str | None = None
    person_id: int = Field(foreign_key="person.id", sa_type=BigId)
    actor: str
    asked_at: datetime = Field(sa_type=UtcMoment)
    given_on: date
    second_person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    second_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    voided_at: datetime | None = Field(default=None, sa_type=UtcMoment)
