"""What an offer takes off a basket when it is applied."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Groups: TypeAlias = tuple[tuple[int, tuple[int, ...]], ...]
"""Parts of a sum with the units each is spread over by price."""


class Draw(NamedTuple):
    """An offer applied: cents off, uses made, units held, points given.

    `groups` returns the parts of the sum with the units each is spread over by price; it is called
    only for chosen draws. `short` is the most that a better draw on the same units could take off
    beyond `cents`: 0 where the draw is proven the best.
    """

    cents: int = 0
    uses: int = 0
    held: int = 0
    groups: Callable[[], Groups] = tuple
    points: int = 0
    short: int = 0


NOTHING = Draw()


def find_fewest_uses(most: int, rule: Callable[[int], Draw]) -> Draw:
    """The draw with the fewest uses among those of the best sum, for a non-decreasing rule."""
    best = rule(most)
    if not best.cents:
        return best if best.short else NOTHING
    if most == 1 or rule(most - 1).cents < best.cents:
        return best
    low, high = 1, most - 1
    while low < high:
        middle = (low + high) // 2
        if rule(middle).cents < best.cents:
            low = middle + 1
        else:
            high = middle
    found = rule(low)
    return found._replace(short=max(0, best.cents + best.short - found.cents))


def find_peak(most: int, rule: Callable[[int], Draw]) -> Draw:
    """The draw with the fewest uses among those of the best sum, for a concave rule.

    Each further use adds less than the one before, so the search ends at the first that adds
    nothing.
    """
    best = rule(most)
    if most > 1:
        before = rule(most - 1)
        if before.cents >= best.cents:
            low, high, best = 1, most - 1, before
            while low < high:
                middle = (low + high) // 2
                found = rule(middle)
                if rule(middle + 1).cents <= found.cents:
                    high, best = middle, found
                else:
                    low = middle + 1
    return best if best.cents > 0 else NOTHING
