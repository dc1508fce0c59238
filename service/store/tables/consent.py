"""What households agreed to, and what they took back."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class Purpose(StrEnum):
    """What a household may agree to.

    `letter`, `email` and `sms`: lists and news on that way; `profile`: what it bought decides what
    is on its list; `partner_slots`: words of partners on its list; `diet`: allergies and diets are
    stored, and keep goods off its lists.
    """

    LETTER = "letter"
    EMAIL = "email"
    SMS = "sms"
    PROFILE = "profile"
    PARTNER_SLOTS = "partner_slots"
    DIET = "diet"


class ConsentChannel(StrEnum):
    """The way on which a household said so."""

    FILE = "file"
    DESK = "desk"
    API = "api"
    LETTER_CODE = "letter_code"
    PAGE = "page"


class Consent(SQLModel, table=True):
    """A household agreed to a purpose, or took it back (`granted` is false). Append-only.

    The newest row of a purpose counts; without one, the household never agreed. `wording` is what
    it was asked, in the words of `wording_version`; `said_at` is when and `place` where, as a store
    or a page, as far as a file said so. `actor` wrote the row, with the person behind it.
    """

    __table_args__ = (Index(None, "household_id", "purpose", "id"),)

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    purpose: str
    granted: bool
    channel: str
    wording: str
    wording_version: str
    said_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    recorded_at: datetime = Field(sa_type=UtcMoment)
    place: str
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
