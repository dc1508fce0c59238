"""The units of a basket that count for one offer, and how often they meet its condition."""

from collections.abc import Collection, Iterable, Sequence

from service.engine.redeem.condition import Requirement
from service.engine.redeem.units import Units, bits, first, last


class EligibleUnits:
    """What a benefit needs to know of a basket, worked out once per offer and basket.

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
            mask = 0
            for line in eligible:
                units = of_line.get(line, 0)
                if dimension is None:
                    if pieces_only and line in measured:
                        continue
                elif measured.get(line) != dimension:
                    continue
                mask |= units
            if dimension is not None:
                # A weighed line cannot be shared out: it counts for the first set that names it.
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
                measure = self.units.measure
                most = min(most, sum(measure[u] for u in bits(mask & held)) // weight)
        if self.spend and most > 0:
            most = min(most, self.units.gross(mask & self.base) // self.spend)
        return max(most, 0)

    def pool(self, uses: int, mask: int, *, cheapest: bool = False) -> int | None:
        """The dearest (or cheapest) units of `mask` that meet the needs `uses` times, or None.

        All units of a weighed set. With overlapping sets the units of a maximum-weight matching of
        units to sets, found greedily because such unit sets form a matroid.
        """
        if self.overlapping:
            order: Iterable[int] = bits(mask & self.reach)
            if cheapest:
                order = reversed(list(order))
            rest = 0
            for held, weight in zip(self.masks, self.weights, strict=True):
                rest |= mask & held if weight else 0
            matched = match(order, self.masks, [uses * count for count in self.pieces])
            return None if matched is None else matched | rest
        pool = 0
        for place, held in enumerate(self.masks):
            here = mask & held
            if count := self.pieces[place] * uses:
                spare = here.bit_count() - count
                if spare < 0:
                    return None
                pool |= last(here, count) if cheapest else first(here, count)
            elif self.weights[place]:
                pool |= here
        return pool

    def most_uses(self, mask: int) -> int:
        """How often `mask` meets the condition, with overlapping sets shared out."""
        most = self.uses(mask)
        while most and self.overlapping and self.pool(most, mask) is None:
            most -= 1
        return most


def match(order: Iterable[int], masks: Sequence[int], room: Sequence[int]) -> int | None:
    """Units matched to sets, set `i` taking exactly `room[i]`, preferring the earlier in `order`.

    None when the sets cannot all be filled. Augmenting paths (Kuhn 1955).
    """
    holders: list[list[int]] = [[] for _ in masks]

    def place(unit: int, seen: set[int]) -> bool:
        for number, mask in enumerate(masks):
            if number in seen or not mask >> unit & 1:
                continue
            seen.add(number)
            if len(holders[number]) < room[number]:
                holders[number].append(unit)
                return True
            for spot, other in enumerate(holders[number]):
                if place(other, seen):
                    holders[number][spot] = unit
                    return True
        return False

    left, matched = sum(room), 0
    for unit in order:
        if left and place(unit, set()):
            left -= 1
            matched |= 1 << unit
    return None if left else matched
