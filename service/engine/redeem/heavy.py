"""Whether a basket may take long to settle, before it is."""

from collections.abc import Sequence

from service.engine.redeem.contender import OpenLine
from service.engine.redeem.units import PIECE, BasketLine

_CONTESTED = 110
"""Units, each by the pairs of offers that may want it, of which a search stays below 5 ms."""

_READ = 800
"""Units, each by the offers that read it, of which the offers by themselves stay below 5 ms."""


def is_heavy(lines: Sequence[BasketLine], open_lines: Sequence[OpenLine]) -> bool:
    """Whether the rules may take more than some 5 ms, from counts alone, in microseconds.

    Most of what is heavy by this is settled faster: what offers want of each other shows only in
    the search. Of contested baskets that are not, one in a hundred takes longer, up to 8 ms.
    """
    offers: dict[int, int] = {}
    for open_line in open_lines:
        sets = open_line.eligible
        for number in sets[0] if len(sets) == 1 else sets[0].union(*sets[1:]):
            offers[number] = offers.get(number, 0) + 1
    contested = read = 0
    for line in lines:
        if (named := offers.get(line.line, 0)) and line.quantity_milli > 0:
            units = max(1, line.quantity_milli // 1000) if line.unit == PIECE else 1
            read += units * named
            contested += units * named * (named - 1)
    return contested >= _CONTESTED or read >= _READ
