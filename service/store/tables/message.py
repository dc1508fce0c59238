"""Messages to households, by e-mail or text message: the outbox."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class MessageWay(StrEnum):
    """On which way a message goes out."""

    EMAIL = "email"
    SMS = "sms"


class MessageState(StrEnum):
    """What became of a message.

    It is `waiting` until somebody takes it and `handing` while the channel has it. `refused`
    bounced; `expired` went out too late to be of use, so not at all; `unsure` was handed over by a
    process that did not live to hear the answer.
    """

    WAITING = "waiting"
    HANDING = "handing"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNSURE = "unsure"


class Message(SQLModel, table=True):
    """One message. `sealed` is where to and what, under `service.sealing`, until it has ended.

    `key` is its name for receivers; `held_until` is how long the process that has it may take.
    `problem` says why it did not go out, without an address.
    """

    __table_args__ = (Index(None, "state", "next_at"), Index(None, "household_id", "made_at"))

    id: int = row_id()
    key: str = Field(unique=True)
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    purpose: str
    way: str
    sealed: str
    state: str
    made_at: datetime = Field(sa_type=UtcMoment)
    expires_at: datetime = Field(sa_type=UtcMoment)
    next_at: datetime = Field(sa_type=UtcMoment)
    attempts: int
    held_until: datetime | None = Field(default=None, sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    problem: str
