"""Units matched to product sets that overlap, each unit to one set."""

from collections.abc import Sequence
from functools import cache

from service.engine.redeem.units import first, last


class Matching:
    """A greedy matching of units to sets with limited room each; `left` is the unfilled room.

    Units that are in the same sets are one kind. Some units can be matched if and only if, for any
    union of sets, no more of them are in these alone than there is room (Hall 1935); so units are
    taken in order until some union is full, and the kinds that are in it alone are dropped. Each
    round drops a kind, so the work does not grow with the number of units.
    """

    __slots__ = ("_inside", "_masks", "_room", "left")

    def __init__(self, masks: Sequence[int], room: Sequence[int]) -> None:
        places = [place for place, count in enumerate(room) if count]
        self.left = sum(room)
        self._masks = [masks[place] for place in places]
        # A union of sets, and a kind by the sets it is in, are numbers with a bit for each set.
        self._inside = _inside(len(places))
        self._room = [0]
        for place in places:
            self._room += [each + room[place] for each in self._room]

    def add(self, units: int, *, cheapest: bool = False) -> int:
        """Match as many of `units` as possible, the dearest (or cheapest) first; returns them."""
        kinds, room, matched = self._kinds(units), self._room, 0
        while self.left:
            batch = 0
            for here in kinds:
                batch |= here
            if not batch:
                break
            for joined, members in self._inside:
                inside = 0
                for kind in members:
                    inside |= kinds[kind]
                inside &= batch
                if inside.bit_count() > room[joined]:
                    batch &= _through(inside, room[joined], cheapest=cheapest)
            matched |= batch
            self.left -= batch.bit_count()
            for joined, members in self._inside:
                for kind in members:
                    room[joined] -= (kinds[kind] & batch).bit_count()
            for joined, members in self._inside:
                for kind in members:
                    kinds[kind] = kinds[kind] & ~batch if room[joined] else 0
        return matched

    def _kinds(self, units: int) -> list[int]:
        """Units by the sets they are in, without those for which there is no room."""
        kinds = [units]
        for mask in self._masks:
            kinds = [here & ~mask for here in kinds] + [here & mask for here in kinds]
        kinds[0] = 0
        for joined, members in self._inside:
            if not self._room[joined]:
                for kind in members:
                    kinds[kind] = 0
        return kinds


@cache
def _inside(sets: int) -> list[tuple[int, list[int]]]:
    """All unions of so many sets, each with the kinds that are in these alone."""
    numbers = range(1, 1 << sets)
    return [(joined, [kind for kind in numbers if not kind & ~joined]) for joined in numbers]


def _through(units: int, count: int, *, cheapest: bool) -> int:
    """Everything up to the `count`-th of `units`, from the dearest (or cheapest) on."""
    if not cheapest:
        return (1 << first(units, count).bit_length()) - 1
    chosen = last(units, count)
    return -(chosen & -chosen)
