"""What an offer takes off a basket when it is applied."""

from collections.abc import Callable
from typing import NamedTuple


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


def fewest(most: int, rule: Callable[[int], Draw]) -> Draw:
    """The draw with the fewest uses among those of the best sum, for a rule that never falls."""
    best = rule(most)
    if not best.cents:
        return NOTHING
    if most == 1 or rule(most - 1).cents < best.cents:
        return best
    low, high = 1, most - 1
    while low < high:
        middle = (low + high) // 2
        if rule(middle).cents < best.cents:
            low = middle + 1
        else:
            high = middle
    return rule(low)
