"""Find the units on which a percent, rounded for each basket line, takes off most."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from service.engine.money import BASIS_POINTS, basis_points_off
from service.engine.redeem.units import Units, bits, first, members, packed

MAX_SHARED = 2_000
"""Open units times how many of them are taken, up to which the choice is exact."""

_FINE = 1 << 12
_WIDE = 1 << 14


def best_by_line(units: Units, mask: int, count: int, basis_points: int) -> tuple[int, int]:
    """`count` units of `mask`, and how many cents at most they are short of the best ones.

    Rounding per line sometimes makes the dearest units a cent worse. But the worth of a unit is
    within a cent of its percent, so units that cost 2 cents' worth more than the `count`-th dearest
    are certainly in, those that cost as much less certainly out.
    """
    pool = first(mask, count)
    if count == 1 or pool == mask:
        return pool, 0
    last_price = units.price[pool.bit_length() - 1]
    width = -(-2 * BASIS_POINTS // basis_points)
    certain = mask & units.above(last_price + width - 1)
    open_units = mask & units.above(last_price - width) & ~certain
    left = count - certain.bit_count()
    if open_units.bit_count() == left:
        return certain | open_units, 0
    if open_units.bit_count() * left <= MAX_SHARED:
        units.steps += open_units.bit_count() * left >> 2
        if not open_units & ~units.masks[units.line[pool.bit_length() - 1]]:
            # All of one line: its dearest take off most.
            return pool, 0
        return certain | _shared(units, mask, certain, open_units, left, basis_points), 0
    found = _Relaxed.of(units, certain, open_units, left, basis_points)
    return certain | found.chosen, found.short


def _shared(
    units: Units, mask: int, certain: int, open_units: int, count: int, basis_points: int
) -> int:
    """The best `count` of `open_units`, divided among the lines by dynamic programming."""
    best: dict[int, tuple[int, int]] = {0: (0, 0)}
    for line_mask in sorted({units.masks[units.line[u]] & mask for u in bits(open_units)}):
        gross, chosen = units.gross(line_mask & certain), 0
        options = [(basis_points_off(gross, basis_points), 0)]
        for unit in bits(line_mask & open_units):
            gross += units.price[unit]
            chosen |= 1 << unit
            options.append((basis_points_off(gross, basis_points), chosen))
        after: dict[int, tuple[int, int]] = {}
        for taken, (worth, held) in best.items():
            for more, (cents, chosen) in enumerate(options[: count - taken + 1]):
                found = (worth + cents, held | chosen)
                if taken + more not in after or found[0] > after[taken + more][0]:
                    after[taken + more] = found
        best = after
    return best[count][1]


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """A choice with a price per unit in place of the number of units (Everett 1963).

    For any price each line chooses on its own the units that maximise its rounded percent less the
    price; the sum of that, plus the price of all units to be taken, is at least the best choice.
    At the right price the doubt is about a cent for any basket.
    """

    chosen: int
    short: int

    @classmethod
    def of(cls, units: Units, certain: int, open_units: int, count: int, basis_points: int) -> Self:
        """The choice of `count` of `open_units`, beside the units that are certain."""
        lines = _Lines(units, certain, open_units, basis_points)
        units.steps += 400 + (lines.worth.size >> 3)
        # The worth of an open unit is within 3 cents of the percent of any other.
        price = units.price[open_units.bit_length() - 1] * basis_points // BASIS_POINTS
        low, high = _FINE * max(0, price - 4), _FINE * (price + 8)
        while low < high:
            middle = (low + high) // 2
            if int(lines.best(middle)[0].sum()) <= count:
                high = middle
            else:
                low = middle + 1
        taken, gain = lines.best(high)
        bound = (int(gain.sum()) + high * count) // _FINE
        more = (lines.best(high - 1)[0] if high else lines.sizes) - taken
        before = np.cumsum(more) - more
        taken = taken + np.clip(count - int(taken.sum()) - before, 0, more)
        return cls(lines.packed(taken), bound - lines.cents(taken))


class _Lines:
    """Units by line, and the percent of the first units of each line, for any number of them."""

    def __init__(self, units: Units, certain: int, open_units: int, basis_points: int) -> None:
        ids = members(open_units)
        ranks = units.ranks[ids]
        order = np.argsort(ranks, kind="stable")
        self.ids = ids[order]
        ranks = ranks[order]
        self.starts = np.flatnonzero(np.concatenate(([True], ranks[1:] != ranks[:-1])))
        self.sizes = np.diff(np.append(self.starts, ids.size))
        sure = members(certain)
        base = np.bincount(units.ranks[sure], units.prices[sure], len(units.masks))
        base = base.astype(np.int64)[ranks[self.starts]]
        prices = units.prices[self.ids]
        upto = np.cumsum(prices)
        offset = base - (upto - prices)[self.starts]
        self.nth = np.arange(ids.size) - np.repeat(self.starts, self.sizes) + 1
        start = self._rounded(base, basis_points)
        self.worth = self._rounded(upto + np.repeat(offset, self.sizes), basis_points)
        self.worth -= np.repeat(start, self.sizes)

    @staticmethod
    def _rounded(gross: NDArray[np.int64], basis_points: int) -> NDArray[np.int64]:
        return (2 * basis_points * gross + BASIS_POINTS) // (2 * BASIS_POINTS)

    def best(self, price: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The fewest units of each line that gain most at a price, and that gain."""
        gains = (self.worth * _FINE - price * self.nth) * _WIDE - self.nth
        best = np.maximum(np.maximum.reduceat(gains, self.starts), 0)
        taken = -best % _WIDE
        return taken, (best + taken) // _WIDE

    def cents(self, taken: NDArray[np.int64]) -> int:
        """The percent in cents of the first `taken` units of each line."""
        some = taken > 0
        return int(self.worth[(self.starts + taken - 1)[some]].sum())

    def packed(self, taken: NDArray[np.int64]) -> int:
        """The set of those units."""
        flags = np.zeros(int(self.ids.max()) + 1, dtype=np.bool_)
        flags[self.ids[self.nth <= np.repeat(taken, self.sizes)]] = True
        return packed(flags)
