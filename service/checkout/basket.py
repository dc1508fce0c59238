"""A basket as a till sent it."""

from dataclasses import dataclass, field
from datetime import datetime

from service.engine.redeem import BasketLine
from service.store.till import Reference


@dataclass(frozen=True, slots=True)
class Presented:
    """One thing the customer showed: kind `list`, `card` or `phone`, and its value."""

    kind: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TillBasket:
    """A basket as a till sent it. `digest` stands for the whole body: same digest, same request.

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
    """A discount the till gave offline, as it would stand in an answer.

    `units` of the basket line shared `amount_cents`; `uses` of the list line were made, None when
    the till does not know.
    """

    line: int
    list_code: str = field(repr=False)
    list_line: int
    units: int
    amount_cents: int
    uses: int | None = None
