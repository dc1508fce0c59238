"""An open line put against a basket: which units it may hold and how often it can be used."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple

from service.engine.redeem.terms import BuyGet, FixedPrice, FreeItem, Terms
from service.engine.redeem.units import MEASURES, PIECE, Units, bits

MAX_USES = 100
"""Uses of one open line in one basket, however many are left."""


class OpenLine(NamedTuple):
    """A funded line of a presented list, as the database knows it.

    `eligible[i]` are the basket line numbers in product set `i` of the terms, `excluded` those
    that would belong but for an exclusion. `limit` is how often the line may be used in its life
    and `uses_left` what remains; `voided` is true when the list or its batch was withdrawn,
    `stopped` when its deal was.
    Valid on `valid_from` and `valid_to` themselves.
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


class Contender:
    """What the rules need to know of an open line, worked out once per basket.

    `masks[i]` are the units of product set `i`; `pieces[i]` and `weights[i]` what one use takes of
    it, one of them 0; `weighed` whether any set goes by weight; `reach` all units; `base` those
    that count towards a minimum spend.
    """

    __slots__ = (
        "base",
        "benefit",
        "masks",
        "max_uses",
        "open_line",
        "overlapping",
        "pieces",
        "reach",
        "spend",
        "units",
        "weighed",
        "weights",
    )

    def __init__(self, open_line: OpenLine, units: Units) -> None:
        terms = open_line.terms
        needs = terms.condition.needs
        self.open_line = open_line
        self.units = units
        self.benefit = terms.benefit
        self.spend = terms.condition.minimum_spend_cents
        self.max_uses = min(open_line.uses_left, MAX_USES)
        if terms.uses_per_basket is not None and terms.uses_per_basket < self.max_uses:
            self.max_uses = terms.uses_per_basket
        self.pieces, self.weights = terms.pieces, terms.weights
        self.weighed = any(self.weights)
        self.masks = self._masks(open_line)
        self.reach, self.overlapping = self.masks[0], False
        for mask in self.masks[1:]:
            self.overlapping = self.overlapping or bool(self.reach & mask)
            self.reach |= mask
        self.base = self.reach
        if self.spend and len(needs) > 1 and isinstance(self.benefit, BuyGet | FreeItem):
            self.base = 0
            for place, mask in enumerate(self.masks):
                self.base |= 0 if place == self.benefit.on else mask

    def _masks(self, open_line: OpenLine) -> tuple[int, ...]:
        of_line, measured = self.units.masks, self.units.measured
        pieces_only = self.weighed or isinstance(self.benefit, FixedPrice)
        masks, taken = [], 0
        for need, eligible in zip(open_line.terms.condition.needs, open_line.eligible, strict=True):
            dimension = None if need.unit == PIECE else MEASURES[need.unit][0]
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


class Draw(NamedTuple):
    """An offer applied: cents off, uses made, units held, points given.

    `groups` are the parts of the sum with the units each is spread over by price.
    """

    cents: int = 0
    uses: int = 0
    held: int = 0
    groups: tuple[tuple[int, tuple[int, ...]], ...] = ()
    points: int = 0


NOTHING = Draw()


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
