"""A basket taken apart into units, the smallest things an offer can hold.

A line of whole pieces is as many units; a weighed line, or a part of a piece, is one unit. Units
are numbered from the dearest down, and a set of units is an integer whose bit `u` stands for unit
`u`: the rules ask for unions and differences thousands of times, and integers are quickest.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

Unit: TypeAlias = Literal["each", "kg", "g", "lb", "oz", "l", "ml"]
PIECE: Final = "each"
MAX_UNITS = 10_000
"""Units of one basket that offers may look at; lines beyond take no discount, the longest first."""

_SHORT = 256

# Dimension and size of a thousandth of each unit, in a base fine enough to keep all of them whole
# (1 lb = 0.45359237 kg exactly; 1 lb = 16 oz).
MEASURES: dict[str, tuple[str, int]] = {
    "kg": ("mass", 1_600_000_000),
    "g": ("mass", 1_600_000),
    "lb": ("mass", 725_747_792),
    "oz": ("mass", 45_359_237),
    "l": ("volume", 1000),
    "ml": ("volume", 1),
}


class BasketLine(NamedTuple):
    """One line of the till's basket.

    `quantity_milli` is in thousandths of `unit` (`each`, or a unit of weight or volume);
    `amount_cents` is the whole line before list discounts. A line with either at zero or below is
    a return or a deposit and takes no discount.
    """

    line: int
    gtin: int
    quantity_milli: int
    unit: str
    amount_cents: int


class Units:
    """The units of those basket lines that some offer asks for.

    `price[u]` in cents, `line[u]` the basket line's number, `measure[u]` the line's size in the
    base of `MEASURES` (0 for pieces), `masks[line]` the units of a line, `measured[line]` the
    dimension of a weighed line.
    """

    __slots__ = ("line", "masks", "measure", "measured", "price")

    def __init__(self, lines: Sequence[BasketLine], wanted: Collection[int]) -> None:
        found: list[tuple[int, int, int, int]] = []
        self.measured: dict[int, str] = {}
        if sum([max(line.quantity_milli, 0) for line in lines]) > MAX_UNITS * 1000:
            # Which lines are left out must not depend on the order they were scanned in.
            lines = sorted(lines, key=lambda line: (line.quantity_milli, line.line))
        for line in lines:
            number = line.line
            quantity, amount = line.quantity_milli, line.amount_cents
            if number not in wanted or quantity <= 0 or amount <= 0:
                continue
            if line.unit == PIECE:
                pieces, part = divmod(quantity, 1000)
                if pieces == 1 or part:
                    found.append((-amount, number, 0, 0))
                    continue
                if len(found) + pieces > MAX_UNITS:
                    continue
                # The line's odd cents go to its first units: spread() with equal weights.
                price, odd = divmod(amount, pieces)
                found.extend((-price - (i < odd), number, i, 0) for i in range(pieces))
            else:
                dimension, size = MEASURES.get(line.unit, (line.unit, 1))
                self.measured[number] = dimension
                found.append((-amount, number, 0, quantity * size))
        found.sort()
        self.price = [-unit[0] for unit in found]
        self.line = [unit[1] for unit in found]
        self.measure = [unit[3] for unit in found]
        self.masks: dict[int, int] = {}
        bit = 1
        for number in self.line:
            self.masks[number] = self.masks.get(number, 0) | bit
            bit += bit

    def gross(self, mask: int) -> int:
        """The price in cents of a set of units."""
        price = self.price
        return sum([price[unit] for unit in bits(mask)])


def bits(mask: int) -> Iterator[int]:
    """The units of a set, dearest first."""
    if mask.bit_length() > _SHORT:
        # Taking bits off a long integer one by one would be quadratic.
        digits = bin(mask)[:1:-1]
        unit = digits.find("1")
        while unit >= 0:
            yield unit
            unit = digits.find("1", unit + 1)
        return
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def first(mask: int, count: int) -> int:
    """The `count` dearest units of a set (all of it when it has fewer)."""
    if mask.bit_count() <= count:
        return mask
    if count <= 1:
        return mask & -mask if count else 0
    last_unit = next(islice(bits(mask), count - 1, None))
    return mask & ((2 << last_unit) - 1)


def last(mask: int, count: int) -> int:
    """The `count` cheapest units of a set (all of it when it has fewer)."""
    spare = mask.bit_count() - count
    return mask & ~first(mask, spare) if spare > 0 else mask
