"""What stands behind a claim's lines: each event by product, without a household or a time of day.

An event (a sale, a return, what undid one) is what a supplier is charged for at once; its cents are
those of the ledger, split over the products that they were given on, to the cent.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from service.engine.clearing.claim import EvidenceLine
from service.engine.money import spread

UNKNOWN_GTIN = 0
"""Stands for goods of which the till said no number, or whose basket is gone."""


class Given(NamedTuple):
    """What an event gave on one product: units, and the discount as it was stored."""

    gtin: int
    units: int
    discount_cents: int


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """An event in a line of a claim: what the account owes for it, as the ledger has it.

    `given` are the products it is about; their signs do not matter, those of the cents do. `name`
    is the event's own, which leaves only as a digest.
    """

    line: int
    name: str
    business_date: date
    store_id: str
    discount_cents: int
    share_cents: int
    given: tuple[Given, ...]


class LineEvidence(NamedTuple):
    """A line's number and an event behind it."""

    line: int
    evidence: EvidenceLine


def evidence_of(
    events: Iterable[ClaimedEvent], digest: Callable[[str], str]
) -> tuple[LineEvidence, ...]:
    """The evidence of a claim, by line, day, store, product and digest.

    The shares of a line sum to what it claims. The order says nothing of the order of events on a
    day.
    """
    found = [LineEvidence(event.line, each) for event in events for each in _split(event, digest)]
    return tuple(sorted(found, key=_place))


def _place(found: LineEvidence) -> tuple[int, date, str, int, str]:
    each = found.evidence
    return found.line, each.business_date, each.store_id, each.gtin, each.digest


def _split(event: ClaimedEvent, digest: Callable[[str], str]) -> Iterable[EvidenceLine]:
    given = _by_product(event.given)
    weights = [abs(each.discount_cents) for each in given]
    if not any(weights):
        weights = [1] * len(given)
    shares = spread(event.share_cents, weights)
    discounts = spread(event.discount_cents, weights)
    sign = -1 if event.discount_cents < 0 or event.share_cents < 0 else 1
    name = digest(event.name)
    for each, share, discount in zip(given, shares, discounts, strict=True):
        yield EvidenceLine(
            business_date=event.business_date,
            store_id=event.store_id,
            gtin=each.gtin,
            units=sign * abs(each.units),
            discount_cents=discount,
            share_cents=share,
            digest=name,
        )


def _by_product(given: Sequence[Given]) -> list[Given]:
    """One of each product, the lowest number first; an unknown one where nothing is known."""
    sums: dict[int, tuple[int, int]] = {}
    for each in given:
        units, cents = sums.get(each.gtin, (0, 0))
        sums[each.gtin] = (units + abs(each.units), cents + abs(each.discount_cents))
    found = [Given(gtin, *sums[gtin]) for gtin in sorted(sums)]
    return found or [Given(UNKNOWN_GTIN, 0, 0)]
