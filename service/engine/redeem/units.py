"""The units of a basket, the smallest things an offer can hold.

A line of whole pieces is as many units; a weighed line, or a part of a piece, is one unit. Units
are numbered from the dearest down, those of one price by product. A set of units is an integer
whose bit `u` is unit `u`: the rules compute unions and differences thousands of times, and integers
are fastest.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import neg
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.engine.money import BASIS_POINTS, basis_points_off

Unit: TypeAlias = Literal["each", "kg", "g", "lb", "oz", "l", "ml"]
PIECE: Final = "each"
MAX_UNITS = 10_000
"""Units of one basket that offers may use; the longest lines beyond take no discount."""

SHORT = 128
"""Sets with units above this are processed as arrays."""

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


_Run: TypeAlias = tuple[int, int, int, int, str, int, int, int]


class Units:
    """The units of those basket lines that some offer may use.

    `price[u]` in cents, `line[u]` the basket line's number, `measure[u]` the line's size in the
    base of `MEASURES` (0 for pieces), `masks[line]` the units of a line, `measured[line]` the
    dimension of a weighed line. `steps` counts the work done on them.
    """

    __slots__ = ("_prices", "_ranks", "line", "masks", "measure", "measured", "price", "steps")

    def __init__(self, lines: Sequence[BasketLine], wanted: Collection[int]) -> None:
        self.measured: dict[int, str] = {}
        self.price: list[int] = []
        self.line: list[int] = []
        self.measure: list[int] = []
        self.masks: dict[int, int] = {}
        self.steps = 0
        self._prices: NDArray[np.int64] | None = None
        self._ranks: NDArray[np.int64] | None = None
        # The number of a line decides only between lines that are equal in all else.
        start = 0
        for price, _, _, _, _, number, count, measure in sorted(self._runs(lines, wanted)):
            self.price += [-price] * count
            self.line += [number] * count
            self.measure += [measure] * count
            self.masks[number] = self.masks.get(number, 0) | ((1 << count) - 1) << start
            start += count

    def _runs(self, lines: Sequence[BasketLine], wanted: Collection[int]) -> list[_Run]:
        """Units of one line and one price, as what they are sorted by, their number and size."""
        if sum([max(line.quantity_milli, 0) for line in lines]) > MAX_UNITS * 1000:
            # Which lines are left out must not depend on the order of scanning.
            lines = sorted(lines, key=_length)
        runs: list[_Run] = []
        found = 0
        for line in lines:
            number, gtin, quantity, unit, amount = line
            if number not in wanted or quantity <= 0 or amount <= 0:
                continue
            if unit == PIECE:
                pieces, part = divmod(quantity, 1000)
                if part:
                    pieces = 1
                if pieces > 1 and found + pieces > MAX_UNITS:
                    continue
                found += pieces
                # The line's odd cents go to its first units: spread() with equal weights.
                price, odd = divmod(amount, pieces)
                if odd:
                    runs.append((-price - 1, gtin, quantity, amount, unit, number, odd, 0))
                runs.append((-price, gtin, quantity, amount, unit, number, pieces - odd, 0))
            else:
                found += 1
                dimension, size = MEASURES.get(unit, (unit, 1))
                self.measured[number] = dimension
                measure = quantity * size
                runs.append((-amount, gtin, quantity, amount, unit, number, 1, measure))
        return runs

    @property
    def prices(self) -> NDArray[np.int64]:
        """`price` as an array."""
        if self._prices is None:
            self._prices = np.array(self.price, dtype=np.int64)
        return self._prices

    @property
    def ranks(self) -> NDArray[np.int64]:
        """The place of each unit's line among the lines, by their dearest units."""
        if self._ranks is None:
            rank = {number: place for place, number in enumerate(self.masks)}
            self._ranks = np.array([rank[number] for number in self.line], dtype=np.int64)
        return self._ranks

    def of_lines(self, lines: Collection[int]) -> int:
        """The units of some lines."""
        among = frozenset(lines)
        wanted = np.array([number in among for number in self.masks], dtype=np.bool_)
        return packed(wanted[self.ranks])

    def gross(self, mask: int, *, at_most: int | None = None) -> int:
        """The price in cents of a set of units, each counted with at most `at_most` cents."""
        if mask.bit_length() <= SHORT:
            price = self.price
            found = [price[unit] for unit in bits(mask)]
            self.steps += len(found) >> 3
            return sum(found if at_most is None else [min(each, at_most) for each in found])
        self.steps += 16 + (mask.bit_length() >> 8)
        prices = self.prices[members(mask)]
        return int((prices if at_most is None else np.minimum(prices, at_most)).sum())

    def above(self, cents: int) -> int:
        """The units that cost more than `cents`."""
        return (1 << bisect_left(self.price, -cents, key=neg)) - 1

    def weight(self, mask: int) -> int:
        """The size of a set of units of weighed lines."""
        measure, units = self.measure, listed(mask)
        self.steps += len(units) >> 3
        return sum([measure[unit] for unit in units])

    def percents(self, units: Sequence[int], basis_points: int) -> list[int]:
        """What a percent takes off each unit by itself."""
        if len(units) <= SHORT:
            price = self.price
            return [basis_points_off(price[unit], basis_points) for unit in units]
        self.steps += len(units) >> 3
        cents = 2 * basis_points * self.prices[units] + BASIS_POINTS
        found: list[int] = (cents // (2 * BASIS_POINTS)).tolist()
        return found

    def line_percents(self, mask: int, basis_points: int) -> int:
        """What a percent takes off a set of units, rounded for each line's part of it."""
        if mask.bit_length() > SHORT:
            self.steps += 30 + (mask.bit_length() >> 7)
            units = members(mask)
            # The prices of a line add up to less than 2**53, so floats hold them to the cent.
            gross = np.bincount(self.ranks[units], self.prices[units]).astype(np.int64)
            cents = (2 * basis_points * gross + BASIS_POINTS) // (2 * BASIS_POINTS)
            return int(cents.sum())
        price, line = self.price, self.line
        by_line: dict[int, int] = {}
        for unit in bits(mask):
            number = line[unit]
            by_line[number] = by_line.get(number, 0) + price[unit]
        return sum([basis_points_off(gross, basis_points) for gross in by_line.values()])


def _length(line: BasketLine) -> tuple[int, int, int, str, int]:
    return line.quantity_milli, line.gtin, line.amount_cents, line.unit, line.line


def members(mask: int) -> NDArray[np.int64]:
    """The units of a set as an array, dearest first."""
    octets = np.frombuffer(mask.to_bytes((mask.bit_length() + 7) // 8, "little"), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(octets, bitorder="little"))


def packed(flags: NDArray[np.bool_]) -> int:
    """The set of the units whose flag is set."""
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def bits(mask: int) -> Iterator[int]:
    """The units of a set, dearest first."""
    if mask.bit_length() > SHORT:
        # Taking bits off a long integer one by one would be quadratic.
        yield from members(mask).tolist()
        return
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def listed(mask: int) -> list[int]:
    """The units of a set as a list, dearest first."""
    if mask.bit_length() > SHORT:
        found: list[int] = members(mask).tolist()
        return found
    return list(bits(mask))


def first(mask: int, count: int) -> int:
    """The `count` dearest units of a set (all of it when it has fewer)."""
    if mask.bit_count() <= count:
        return mask
    if count <= 1:
        return mask & -mask if count else 0
    if mask.bit_length() > SHORT:
        last_unit = int(members(mask)[count - 1])
    else:
        last_unit = next(islice(bits(mask), count - 1, None))
    return mask & ((2 << last_unit) - 1)


def last(mask: int, count: int) -> int:
    """The `count` cheapest units of a set (all of it when it has fewer)."""
    spare = mask.bit_count() - count
    return mask & ~first(mask, spare) if spare > 0 else mask
