"""What a household agrees to, where it may be written to, and its erasure, as shown."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from service.api.deps import MAX_ID
from service.engine.wishes import WishAct
from service.members.consents import MOST_PLACE, MOST_VERSION, MOST_WORDING, Said
from service.members.wishes import Wished
from service.store.tables.consent import ConsentChannel, Purpose
from service.store.wishes import SaidOf

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


class WishIn(BaseModel):
    """What a household says of an item, a brand (by name) or a deal (by an offer): one of them."""

    model_config = ConfigDict(extra="forbid")

    act: WishAct
    item: Annotated[str, Field(max_length=200, pattern=_TEXT)] = ""
    brand: Annotated[str, Field(max_length=200, pattern=_TEXT)] = ""
    offer_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    until: date | None = None

    def wished(self) -> Wished:
        """The same as an act takes it."""
        return Wished(self.act, self.item, self.brand, self.offer_id, self.until)


class WishOut(BaseModel):
    """What a household says of something now; `deal` is the deal's own number."""

    item: str
    brand: str
    deal: str
    act: WishAct
    until: date | None
    said_at: datetime
    channel: ConsentChannel

    @classmethod
    def of(cls, said: SaidOf) -> Self:
        """What is stored."""
        row = said.row
        return cls(
            item=said.item, brand=row.brand or "", deal=said.deal, act=WishAct(row.act),
            until=row.until, said_at=row.said_at, channel=ConsentChannel(row.channel),
        )  # fmt: skip


class WishesOut(BaseModel):
    """What a household says of everything now, the newest first."""

    household_id: str
    wishes: list[WishOut]


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
    `batches_waiting` go once they are printed, or the mailing house that fetches them has them.
    """

    reference: str
    lists: int
    released_cents: int
    batches_removed: list[int]
    batches_again: list[int]
    batches_waiting: list[int]
