"""The records that are printed: the list document, and the mailpiece that carries it."""

import json
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from service.engine.content import Content, Pictogram, content_from
from service.errors import NotFound


class DealKind(StrEnum):
    """What a deal is for: products that the till knows, or a slot that a partner pays for."""

    PRODUCT = "product"
    PARTNER = "partner"


PARTNERS = "Partners"
"""The department of partners' slots, which letters name in their language."""


class Due(StrEnum):
    """When an item of a list is needed, from the first day of the list; in the order of need.

    `open` promises no day. An empty one is of a list that was made before lists said this.
    """

    UNSAID = ""
    NOW = "now"
    NEXT_WEEK = "next_week"
    LATER = "later"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer on a list. `face_value_cents` is what it is worth to the household, as printed.

    `item` is the one that the household is reminded of by this offer, in place of a reminder, and
    `due` when it is needed; both are empty where the household is not expected to buy it.
    `picture`, `size` and `price_cents` (on the shelf, before the offer) are of the product that
    stands for the offer: of those that count, the one that the household buys most often.
    `picture` is the digest of a prepared picture; where it is None the `pictogram` is drawn.
    `goods` is said after `detail`: how many products count, what they hold, and what they cost with
    the offer and without, as far as all have it.
    """

    line: int
    offer_id: int
    title: str
    detail: str
    face_value_cents: int
    value_text: str
    department: str
    legal: str
    picture: str | None = None
    pictogram: Pictogram = Pictogram.GENERIC
    size: str = ""
    price_cents: int | None = None
    item: str = ""
    due: Due = Due.UNSAID
    goods: str = ""


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """One item that the household is expected to need.

    `price_cents` is the shelf price of a unit, None if the catalogue has none; `paid_cents` is then
    what the household last paid for one. On lists made before they said when items are `due`, the
    first may be either. `expected_on` is None for a discovery, an item that
    the household never bought. `picture`, `pictogram` and `size` are as on an offer.
    """

    line: int
    item_id: int
    item: str
    product: str
    department: str
    price_cents: int | None
    expected_on: date | None
    reason: str
    due: Due = Due.UNSAID
    paid_cents: int | None = None
    picture: str | None = None
    pictogram: Pictogram = Pictogram.GENERIC
    size: str = ""


@dataclass(frozen=True, slots=True)
class ListDocument:
    """A shopping list exactly as printed. It does not change once issued.

    `list_code` is a GS1 element string: 255, 13-digit coupon number (GCN), 12-digit serial, without
    FNC1. `worth_cents` is the sum of the face values. Line numbers are unique within the list.

    A draft has no code: `list_code` is empty. `page_url` opens the list on a phone; whoever has it
    sees the list, so it is as secret as the letter. It is empty on drafts and where the retailer
    has no public address. `logo` is the digest of a prepared picture, `colour` is "#rrggbb"; both
    are the retailer's, and empty for those of the layout. `is_general` is a list that follows from
    nothing its household bought, because it did not agree to that.
    """

    list_code: str
    language: str
    currency: str
    retailer: str
    greeting: str
    issued_on: date
    valid_from: date
    valid_to: date
    offers: tuple[OfferLine, ...]
    reminders: tuple[ReminderLine, ...]
    worth_cents: int
    tip: str
    legal: str
    logo: str | None = None
    colour: str = ""
    content: Content = field(default_factory=Content)
    page_url: str = ""
    is_general: bool = False

    @property
    def is_draft(self) -> bool:
        """Whether this is what a next list would be, which no till knows."""
        return not self.list_code

    def as_draft(self) -> "ListDocument":
        """The same as a draft; the tip on lists says what is only true of an issued one."""
        return replace(self, list_code="", tip="", page_url="")

    def to_json(self) -> str:
        """Write canonical JSON: the same document always gives the same bytes."""
        return json.dumps(
            self, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str) -> "ListDocument":
        """Read what `to_json` wrote. Raises NotFound for what is kept no more."""
        if not text:
            raise NotFound("What was on this list is kept no more.")
        raw: dict[str, Any] = json.loads(text)
        for name in ("issued_on", "valid_from", "valid_to"):
            raw[name] = date.fromisoformat(raw[name])
        raw["offers"] = tuple(OfferLine(**_line(line)) for line in raw["offers"])
        raw["reminders"] = tuple(
            ReminderLine(**{**_line(line), "expected_on": _day(line["expected_on"])})
            for line in raw["reminders"]
        )
        raw["content"] = content_from(raw.get("content", {}))
        return cls(**raw)


def _plain(value: Any) -> Any:
    """A record by the names of its fields, which `asdict` would copy to the last text; a day."""
    names = _names(type(value))  # type: ignore[arg-type]  # a class has a hash
    return str(value) if names is None else {name: getattr(value, name) for name in names}


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The names of a record's fields; None of what is no record."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else None


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        **line,
        "due": Due(line.get("due", Due.UNSAID)),
        "pictogram": Pictogram(line.get("pictogram", Pictogram.GENERIC)),
    }


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in its parts; `country` is an ISO 3166-1 alpha-2 code."""

    name: str
    street: str
    extra: str
    postcode: str
    city: str
    region: str
    country: str


@dataclass(frozen=True, slots=True)
class Mailpiece:
    """One envelope: a list and its recipient's address. `seq` counts from 1 within the batch.

    `serial` is its number in the barcode of the post, which no two letters have at a time.
    """

    piece_id: str
    seq: int
    address: Address
    document: ListDocument
    serial: int = 0
