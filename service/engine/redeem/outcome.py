"""The outcome of a basket: discounts, refusals with one reason each, points."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class RefusalReason(StrEnum):
    """Why an open line, or something presented, took nothing off. Closed; see docs/refusals.md."""

    UNKNOWN_CODE = "unknown_code"
    HOUSEHOLD_MISMATCH = "household_mismatch"
    VOIDED = "voided"
    ALREADY_REDEEMED = "already_redeemed"
    LIMIT_REACHED = "limit_reached"
    OFFER_STOPPED = "offer_stopped"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    EXCLUDED_PRODUCT = "excluded_product"
    NOT_IN_BASKET = "not_in_basket"
    QUANTITY_SHORT = "quantity_short"
    SPEND_SHORT = "spend_short"
    NO_SAVING = "no_saving"
    BETTER_OFFER_USED = "better_offer_used"


class Shown(NamedTuple):
    """A thing that was presented: its kind, and its place among those of the kind, from 0."""

    kind: str
    place: int


class Refusal(NamedTuple):
    """One open line, or one thing presented, that was refused; `detail` is for the cashier."""

    list_code: str | None
    list_line: int | None
    offer_id: int | None
    reason: RefusalReason
    detail: str
    presented: Shown | None = None


class Discount(NamedTuple):
    """What one open line takes off one basket line.

    `unit_cents` has one entry per discounted unit, in the order of returns; they add up to
    `amount_cents`. A weighed line is one unit.
    """

    list_code: str
    list_line: int
    offer_id: int
    text: str
    line: int
    units: int
    amount_cents: int
    unit_cents: tuple[int, ...]


class Share(NamedTuple):
    """The share of an open line that belongs to one basket line when it is returned, by unit.

    `points` has as many entries as `unit_cents`, or none where there are no points.
    """

    line: int
    unit_cents: tuple[int, ...]
    points: tuple[int, ...] = ()


class Applied(NamedTuple):
    """A used open line: its uses, the amount it takes off and its points.

    `shares` cover all units that were taken or that earned the points; empty where these are the
    units of its discounts.
    """

    list_code: str
    list_line: int
    offer_id: int
    text: str
    uses: int
    amount_cents: int
    points: int
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a basket; every open line is in `applied` or in `refusals`, exactly once.

    No combination takes off more than `total_cents + short_by_at_most_cents`; that is 0 unless the
    search for the best one was cut short. `steps` is the work counted.
    """

    discounts: tuple[Discount, ...]
    applied: tuple[Applied, ...]
    refusals: tuple[Refusal, ...]
    points: int
    total_cents: int
    short_by_at_most_cents: int = 0
    steps: int = 0

    @property
    def proven(self) -> bool:
        """Whether no combination takes off more."""
        return not self.short_by_at_most_cents
