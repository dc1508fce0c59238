"""An open line applied to a basket."""

from datetime import date
from typing import NamedTuple

from service.engine.redeem.draw import NOTHING, Draw
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.terms import Terms
from service.engine.redeem.units import Units

MAX_USES = 100
"""Uses of one open line in one basket, however many are left."""


class OpenLine(NamedTuple):
    """A funded line of a presented list, as read from the database.

    `eligible[i]` are the basket line numbers in product set `i` of the terms, `excluded` those
    that an exclusion removes from it. `limit` is how often the line may be used in total and
    `uses_left` how often it still may; `deal_left` is how often the household still may use the
    deal, over all its lists, None where that has no limit; lines of one `deal_id` share it.
    `voided` is true when the list or its batch was withdrawn, `stopped` when its deal was stopped.
    `valid_from` and `valid_to` are included.
    """

    list_code: str
    list_line: int
    offer_id: int
    terms: Terms
    text: str
    eligible: tuple[frozenset[int], ...]
    uses_left: int
    valid_from: date
    valid_to: date
    limit: int = 1
    voided: bool = False
    excluded: frozenset[int] = frozenset()
    stopped: bool = False
    deal_id: int | None = None
    deal_left: int | None = None

    @property
    def usable(self) -> int:
        """How often the line may be used now."""
        return self.uses_left if self.deal_left is None else min(self.uses_left, self.deal_left)


class Contender(EligibleUnits):
    """An open line with the units that count for it and what it may draw on them."""

    __slots__ = ("benefit", "open_line")

    def __init__(self, open_line: OpenLine, units: Units) -> None:
        terms = open_line.terms
        self.open_line = open_line
        self.benefit = terms.benefit
        max_uses = min(open_line.usable, MAX_USES)
        if terms.uses_per_basket is not None and terms.uses_per_basket < max_uses:
            max_uses = terms.uses_per_basket
        super().__init__(units, terms.requires, lines=open_line.eligible, max_uses=max_uses)

    def draw(self, mask: int) -> Draw:
        """The best draw on units `mask`; `NOTHING` when nothing is met or saved.

        For any set of units it returns the most the benefit allows on some part of them, with the
        fewest uses that reach it, so that more units never give less. The choice among competing
        offers depends on that.
        """
        mask &= self.reach
        if not mask:
            return NOTHING
        self.units.steps += 12
        return self.benefit.draw(self, mask)
