"""A sale as a till sent it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from service.engine.redeem import BasketLine
from service.store.till import Presented, Reference


@dataclass(frozen=True, slots=True)
class TillBasket:
    """A basket as a till sent it. `digest` is that of the whole body: same digest, same request.

    `key_id` is the API key that sent it.
    """

    reference: Reference
    at: datetime
    presented: tuple[Presented, ...]
    lines: tuple[BasketLine, ...]
    digest: str
    key_id: int | None = None


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
