"""What a till transaction asks of the database, and what it is told."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeAlias


class Reference(NamedTuple):
    """What names a till transaction."""

    store_id: str
    terminal: str
    business_date: date
    number: str


class Prior(NamedTuple):
    """An earlier redemption under a reference."""

    id: str
    digest: str
    answer: str
    state: str


class PresentedList(NamedTuple):
    """A list the till found; `reopenings` counts how often its uses were given back."""

    id: int
    code: str
    household_id: int
    state: str
    valid_from: date
    valid_to: date
    reopenings: int


class PresentedLine(NamedTuple):
    """An offer line of such a list with the terms it was printed under.

    `uses` may be made in all, `used` are made and live, `last_use` is the highest number any use
    of it ever had, undone ones included. `funding_cap_cents` is the most the supplier bears of one
    use, null without one; `stopped_at` the moment its deal was stopped, in microseconds since 1970.
    """

    list_id: int
    line: int
    offer_id: int
    text: str
    uses: int
    used: int
    last_use: int
    reserved_cents: int
    terms: str
    supplier_id: int
    funding_share: int
    handling_fee_cents: int
    face_value_cents: int
    funding_cap_cents: int | None
    stopped_at: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """What to look up for a basket: list codes, (kind, digest) of cards and phones, GTINs."""

    reference: Reference
    codes: tuple[str, ...]
    identities: tuple[tuple[str, str], ...]
    gtins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, as of one moment.

    `lists` are those with the codes (never drafts) and the issued ones, usable on the business
    date, of the households identified; `lines` their offer lines in order of list and line;
    `products` say which GTINs count: (offer, set number, GTIN).
    """

    store_known: bool
    prior: Prior | None
    households: dict[str, int]
    lists: tuple[PresentedList, ...]
    lines: tuple[PresentedLine, ...]
    products: tuple[tuple[int, int, int], ...]


UseRow: TypeAlias = tuple[int, int, int, int, bool, int, int, int, int, int, int, str]


class Dispute(NamedTuple):
    """A row of `till_conflict`."""

    list_id: int | None
    list_line: int | None
    offer_id: int | None
    reason: str
    amount_cents: int
    borne_by: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything one transaction writes. Rows are tuples in the order of the names given here.

    `held` are the lists used, with the reopenings that were seen; nothing is written when one was
    reopened or ended since. `basket_lines`: line, gtin, quantity_milli, unit, amount_cents. `uses`:
    list_id, list_line, use_number, uses, live, offer_id, units, amount_cents, supplier_cents,
    retailer_cents, reserved_cents, parts. `refusals`: list_line, offer_id, reason, detail.
    `entries`: account, offer_id, amount_cents.
    """

    redemption_id: str
    reference: Reference
    household_id: int | None
    purchased_at: datetime
    digest: str
    state: str
    total_discount_cents: int
    answer: str
    now: datetime
    key_id: int | None
    held: tuple[tuple[int, int], ...]
    basket_lines: list[tuple[int, int, int, str, int]]
    uses: list[UseRow]
    refusals: list[tuple[int | None, int | None, str, str]]
    entries: list[tuple[str, int, int]]


Steps: TypeAlias = Generator["Look | Effect", "Seen | bool", str]
"""Asks for `Look`s and `Effect`s and is sent `Seen`s and whether the effect was written.

An effect is not written when another transaction came between; look again then.
"""
