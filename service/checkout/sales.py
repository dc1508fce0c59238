"""A sale as a till sent it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from service.engine.redeem import BasketLine
from service.store.till import Presented, Reference

DIGEST_VERSION = "2:"
"""What a stored digest of values begins with."""


@dataclass(frozen=True, slots=True)
class BodyDigest:
    """What tells one body from another: `text` of its values; `earlier` makes what was stored
    before there were versions, of its JSON as it came."""

    text: str
    earlier: Callable[[], str]

    def is_of(self, stored: str) -> bool:
        """Whether a stored digest is that of this body."""
        return stored == (self.text if stored.startswith(DIGEST_VERSION) else self.earlier())


class ClockSkew(NamedTuple):
    """A moment that could not be, as the till sent it, and the moment it is taken for."""

    sent_at: datetime
    taken_as: datetime


@dataclass(frozen=True, slots=True)
class TillBasket:
    """A basket as a till sent it. `digest` is that of the whole body: same digest, same request.

    `at` is its moment within its day and before now; `sent_at` what the till said where that could
    not be. `codes` are what was scanned in the lines whose GTIN does not say it, `unnamed_cents`
    what lines without one add to a minimum spend. `key_id` is the API key that sent it.
    """

    reference: Reference
    at: datetime
    presented: tuple[Presented, ...]
    lines: tuple[BasketLine, ...]
    digest: BodyDigest
    key_id: int | None = None
    sent_at: datetime | None = None
    codes: Mapping[int, str] = field(default_factory=dict)
    unnamed_cents: int = 0

    @property
    def clock_skew(self) -> ClockSkew | None:
        """What to say of the till's clock."""
        return None if self.sent_at is None else ClockSkew(self.sent_at, self.at)


@dataclass(frozen=True, slots=True)
class Honoured:
    """A discount the till gave offline, as it would be in an answer.

    `units` of the basket line shared `amount_cents`; `uses` of the list line were made, None when
    the till does not know.
    """

    line: int
    list_code: str = field(repr=False)
    list_line: int
    units: int
    amount_cents: int
    uses: int | None = None


class ReturnedLine(NamedTuple):
    """How much of a basket line is brought back."""

    line: int
    quantity_milli: int
