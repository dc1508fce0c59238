"""The units of a basket that count for one offer, and how often they meet its condition."""

from collections.abc import Collection, Sequence

from service.engine.redeem.condition import Requirement
from service.engine.redeem.matching import Matching
from service.engine.redeem.units import Units, first, last

_FEW = 32
"""Up to so many lines of a set are combined one by one."""


class EligibleUnits:
    """What a benefit needs to know about a basket, computed once per offer and basket.

    `masks[i]` are the units of product set `i`; `pieces[i]` and `weights[i]` what one use takes of
    it, one of them 0; `weighed` whether any set goes by weight; `reach` all units; `base` those
    that count towards the minimum spend `spend`; `max_uses` the most uses that may be made.
    """

    __slots__ = (
        "base",
        "masks",
        "max_uses",
        "overlapping",
        "pieces",
        "reach",
        "requires",
        "spend",
        "units",
        "weighed",
        "weights",
    )

    def __init__(
        self,
        units: Units,
        requires: Requirement,
        *,
        lines: Sequence[Collection[int]],
        max_uses: int,
    ) -> None:
        """`lines[i]` are the basket lines of product set `i`."""
        self.units = units
        self.requires = requires
        self.spend = requires.spend
        self.max_uses = max_uses
        self.pieces, self.weights = requires.pieces, requires.weights
        self.weighed = requires.weighed
        self.masks = masks = self._masks(lines)
        self.overlapping = False
        reach = masks[0]
        for mask in masks[1:]:
            if reach & mask:
                self.overlapping = True
            reach |= mask
        self.reach = self.base = reach
        if requires.not_spent is not None:
            self.base = 0
            for place, mask in enumerate(masks):
                self.base |= 0 if place == requires.not_spent else mask

    def _masks(self, lines: Sequence[Collection[int]]) -> tuple[int, ...]:
        of_line, measured = self.units.masks, self.units.measured
        pieces_only = self.requires.pieces_only
        masks, taken = [], 0
        for dimension, eligible in zip(self.requires.dimensions, lines, strict=True):
            counted = eligible
            if dimension is not None:
                counted = [line for line in eligible if measured.get(line) == dimension]
            elif pieces_only and measured:
                counted = [line for line in eligible if line not in measured]
            if len(counted) > _FEW:
                mask = self.units.of_lines(counted)
            else:
                mask = 0
                for line in counted:
                    mask |= of_line.get(line, 0)
            if dimension is not None:
                # A weighed line cannot be divided: it counts for the first set that names it.
                mask &= ~taken
                taken |= mask
            masks.append(mask)
        return tuple(masks)

    def uses(self, mask: int) -> int:
        """How often `mask` meets the condition, by counts alone; overlapping sets may do less."""
        most = self.max_uses
        for place, held in enumerate(self.masks):
            if count := self.pieces[place]:
                most = min(most, (mask & held).bit_count() // count)
            elif weight := self.weights[place]:
                most = min(most, self.units.weight(mask & held) // weight)
        if self.spend and most > 0:
            most = min(most, self.units.gross(mask & self.base) // self.spend)
        return max(most, 0)

    def pool(self, uses: int, mask: int, *, cheapest: bool = False) -> int | None:
        """The dearest (or cheapest) units of `mask` that meet the needs `uses` times, or None.

        A weighed set gives all its units. With overlapping sets they are the units of a
        maximum-weight matching of units to sets, found greedily because such sets form a matroid.
        """
        pool = 0
        if self.overlapping:
            for held, weight in zip(self.masks, self.weights, strict=True):
                pool |= mask & held if weight else 0
            matching = self.matching(uses)
            matched = matching.add(mask, cheapest=cheapest)
            return None if matching.left else matched | pool
        for place, held in enumerate(self.masks):
            here = mask & held
            if count := self.pieces[place] * uses:
                spare = here.bit_count() - count
                if spare < 0:
                    return None
                pool |= last(here, count) if cheapest else first(here, count)
                self.units.steps += here.bit_length() >> 9
            elif self.weights[place]:
                pool |= here
        return pool

    def matching(self, uses: int) -> Matching:
        """An empty matching of units to sets, each with room for the pieces of `uses` uses."""
        self.units.steps += 16 << len(self.masks)
        return Matching(self.masks, [uses * count for count in self.pieces])

    def most_uses(self, mask: int, pieces: Sequence[int] | None = None) -> int:
        """How often `mask` meets the condition, with each unit in one of overlapping sets.

        `pieces` are the pieces per set and use, by default those that one use buys. By Hall's
        theorem the sets can be filled if and only if any of them together have enough units.
        """
        most = self.uses(mask)
        if pieces is None:
            if not self.overlapping:
                return most
            pieces = self.pieces
        if most:
            # All unions of sets, by doubling: the units they have and the pieces they need.
            together = [(0, 0)]
            for held, count in zip(self.masks, pieces, strict=True):
                if count:
                    together += [(units | held, wanted + count) for units, wanted in together]
            for units, wanted in together[1:]:
                most = min(most, (mask & units).bit_count() // wanted)
        return most
