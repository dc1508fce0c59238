"""Estimate whether a basket may take long to settle."""

from collections.abc import Sequence

from service.engine.redeem.contender import OpenLine
from service.engine.redeem.units import PIECE, BasketLine

_CONTESTED = 110
"""Units times the pairs of offers that may use each, up to which a search stays below 5 ms."""

_READ = 800
"""Units times the offers that read each, up to which the offers alone stay below 5 ms."""


def is_heavy(lines: Sequence[BasketLine], open_lines: Sequence[OpenLine]) -> bool:
    """Whether the rules may take more than about 5 ms; decided by counts alone, in microseconds.

    Most heavy baskets are settled faster, because real conflicts show only in the search. Of
    contested baskets that are not heavy, one in a hundred takes longer, up to 8 ms.
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
