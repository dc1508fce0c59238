"""How strong the sample's deals are: as measured, large, or by the cell of the household.

The values are invented, and never above two thirds of the price of the goods.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bench.sample import fiction
from bench.sample.discounts import Discount
from service.engine.allocate.value import CELLS
from service.engine.segment import HEAVY, LIGHT, MEDIUM, NATIONAL, STORE

LARGE_LEAST_CENTS, LARGE_MOST_CENTS = 250, 500
LEAST_CENTS = 25
_LARGE_STEP_CENTS = 50
_CELL_STEP_CENTS = 5
_MOST_OF_PRICE = 2 / 3
_MOST_UNITS = 3

# Of the strongest value, by whose brand the household buys in the category and how much.
_OF_RIVALS = {LIGHT: 0.5, MEDIUM: 0.75, HEAVY: 1.0}
_OF_OWN = {LIGHT: 0.4, MEDIUM: 0.3, HEAVY: 0.2}


class Strength(StrEnum):
    """How a deal's value is made."""

    MEASURED = "measured"
    LARGE = "large"
    BY_CELL = "by_cell"


@dataclass(frozen=True, slots=True)
class Value:
    """What a deal gives: one discount, or with `by_cell` nine amounts of which it is the most."""

    discount: Discount
    by_cell: Mapping[str, int]


def valued(
    discount: Discount, *, key: int, strength: Strength, price_cents: float, own_brand: bool
) -> Value:
    """A discount made as strong as stated, as far as the price of the goods allows.

    `price_cents` is of one unit, `own_brand` whether the deal is the store brand's: its rivals are
    then the national brands. What cannot be made stronger stays as measured.
    """
    if strength == Strength.LARGE:
        return Value(_large(discount, key=key, price_cents=price_cents) or discount, {})
    strongest = _allowed(price_cents * discount.quantity, step=_CELL_STEP_CENTS)
    if strength == Strength.MEASURED or strongest <= discount.face_cents:
        return Value(discount, {})
    amounts = _by_cell(strongest, own=STORE if own_brand else NATIONAL)
    return Value(replace(discount, percent=0, face_cents=strongest), amounts)


def _large(discount: Discount, *, key: int, price_cents: float) -> Discount | None:
    """An amount of 2.50 to 5.00 off the fewest units that allow it; None if they are too many."""
    for units in range(discount.quantity, max(_MOST_UNITS, discount.quantity) + 1):
        allowed = _allowed(price_cents * units, step=_LARGE_STEP_CENTS)
        if allowed >= LARGE_LEAST_CENTS:
            steps = (LARGE_MOST_CENTS - LARGE_LEAST_CENTS) // _LARGE_STEP_CENTS + 1
            wanted = LARGE_LEAST_CENTS + _LARGE_STEP_CENTS * fiction.draw("large", key, steps)
            return replace(discount, percent=0, face_cents=min(wanted, allowed), quantity=units)
    return None


def _allowed(price_cents: float, *, step: int) -> int:
    """The most that may come off goods of this price together, in whole steps."""
    return min(step * math.floor(price_cents * _MOST_OF_PRICE / step), LARGE_MOST_CENTS)


def _by_cell(strongest_cents: int, *, own: str) -> dict[str, int]:
    """Nine amounts: the strongest for heavy buyers of rivals, the weakest for loyal ones."""
    amounts = {}
    for cell in CELLS:
        brand, usage = cell.rsplit("_", 1)
        share = (_OF_OWN if brand == own else _OF_RIVALS)[usage]
        cents = _CELL_STEP_CENTS * round(strongest_cents * share / _CELL_STEP_CENTS)
        amounts[cell] = max(cents, LEAST_CENTS)
    return amounts
