"""What a household agrees to, where it may be written to, and its erasure, as shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.members.consents import MOST_PLACE, MOST_VERSION, MOST_WORDING, Said
from service.store.tables.consent import ConsentChannel, Purpose

_TEXT = r"^[^\x00-\x1f]*$"


class ConsentIn(BaseModel):
    """What a household says of a purpose; a yes needs the words that it answers, with version."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    granted: bool
    wording: Annotated[str, Field(max_length=MOST_WORDING, pattern=_TEXT)] = ""
    wording_version: Annotated[str, Field(max_length=MOST_VERSION, pattern=_TEXT)] = ""
    place: Annotated[str, Field(max_length=MOST_PLACE, pattern=_TEXT)] = ""

    def said(self) -> Said:
        """The same as an act takes it."""
        return Said(
            self.purpose, self.granted, ConsentChannel.API, self.wording, self.wording_version,
            self.place,
        )  # fmt: skip


class ConsentOut(BaseModel):
    """One thing that a household said: yes or no, when, on which way, in answer to which words."""

    model_config = ConfigDict(from_attributes=True)

    purpose: Purpose
    granted: bool
    channel: ConsentChannel
    wording: str
    wording_version: str
    said_at: datetime | None
    recorded_at: datetime
    place: str
    actor: str


class ConsentsOut(BaseModel):
    """All that a household said, the newest first; the newest of each purpose counts."""

    household_id: str
    consents: list[ConsentOut]


class ContactIn(BaseModel):
    """Where a household may be written to; what is left out stays, and an empty text removes it."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254, pattern=_TEXT)] | None = None
    phone: Annotated[str, Field(max_length=40, pattern=_TEXT)] | None = None


class ContactOut(BaseModel):
    """Where a household may be written to; empty where it may not."""

    household_id: str
    email: str
    phone: str


class ErasureOut(BaseModel):
    """An erased household: what it is called since, and what became of lists and packages.

    `batches_removed` lost their files, `batches_again` of them are printed again without it;
    `batches_waiting` go when the mailing house that fetches them has them all.
    """

    reference: str
    lists: int
    released_cents: int
    batches_removed: list[int]
    batches_again: list[int]
    batches_waiting: list[int]
