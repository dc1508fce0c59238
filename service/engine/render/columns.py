"""Filling columns: departments flow down balanced columns and stay together when they can."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_EVEN_PT = 6.0
"""Columns of split departments are made even to this height."""
_SLACK = 0.01

Block = tuple[float, Sequence[float]]
"""A department: the height of its heading, and that of each of its lines."""


Span = tuple[int, int, int | None]
"""A block by its number, and its lines from the first until before another; None for the rest."""


def balance(
    blocks: Sequence[Block], *, columns: int, room: float, gap: float
) -> Sequence[Sequence[Span]] | None:
    """Place all blocks in at most `columns` columns as even in height as they can be.

    Whole departments move before one is split; a heading never stands alone at a column's foot,
    and a split department repeats its heading. None when it does not fit `room`.
    """
    if not blocks:
        return []
    wholes = tuple([head + sum(rows) for head, rows in blocks])
    placed = _whole(wholes, columns, room, gap)
    if placed is not None:
        return placed
    if not _fits(blocks, wholes, columns=columns, room=room, gap=gap):
        return None
    low, high = sum(wholes) / columns, room
    while high - low > _EVEN_PT:
        middle = (low + high) / 2
        if _fits(blocks, wholes, columns=columns, room=middle, gap=gap):
            high = middle
        else:
            low = middle
    return _pour(blocks, room=high, gap=gap)


@lru_cache(maxsize=4096)
def _whole(
    wholes: tuple[float, ...], columns: int, room: float, gap: float
) -> tuple[tuple[Span, ...], ...] | None:
    """The columns of blocks that all stay whole; None when they do not fit so."""
    high = _even(wholes, columns=columns, least=sum(wholes) / columns, room=room, gap=gap)
    if high is None:
        return None
    firsts = [0]
    used = 0.0
    for place, whole in enumerate(wholes):
        if used and used + gap + whole > high + _SLACK:
            firsts.append(place)
            used = 0.0
        used += (gap if used else 0.0) + whole
    return tuple(
        tuple((place, 0, None) for place in range(first, end))
        for first, end in pairwise((*firsts, len(wholes)))
    )


def _even(
    wholes: Sequence[float], *, columns: int, least: float, room: float, gap: float
) -> float | None:
    """The least height in which whole blocks fill so many columns; None beyond `room`.

    Each pass fills columns to a limit; when they are too many, the limit rises to the least
    height that would have taken one more block into some column.
    """
    limit = max(least, *wholes) if len(wholes) > 1 else wholes[0]
    while limit <= room + _SLACK:
        used, filled, raised = wholes[0], 1, float("inf")
        for whole in wholes[1:]:
            taken = used + gap + whole
            if taken <= limit + _SLACK:
                used = taken
                continue
            if taken < raised:
                raised = taken
            filled += 1
            used = whole
        if filled <= columns:
            return limit
        limit = raised
    return None


def _fits(
    blocks: Sequence[Block], wholes: Sequence[float], *, columns: int, room: float, gap: float
) -> bool:
    """Whether `_pour` of split blocks needs no more than so many columns."""
    used, filled = 0.0, 1
    room += _SLACK
    for (head, rows), whole in zip(blocks, wholes, strict=True):
        lead = gap if used else 0.0
        kept = head + rows[0]
        if used + lead + kept > room:
            filled += 1
            used, lead = 0.0, 0.0
            if kept > room:
                return False
        if used + lead + whole <= room:
            used += lead + whole
            continue
        used += lead + head
        for row in rows:
            if used + row > room:
                filled += 1
                used = head
                if used + row > room:
                    return False
            used += row
    return filled <= columns


def _pour(blocks: Sequence[Block], *, room: float, gap: float) -> list[list[Span]]:
    """Fill columns of height `room` in order, which `_fits` has found possible."""
    filled: list[list[Span]] = [[]]
    used = 0.0
    room += _SLACK
    for place, (head, rows) in enumerate(blocks):
        lead = gap if used else 0.0
        if used + lead + head + rows[0] > room:
            filled.append([])
            used, lead = 0.0, 0.0
        first = 0
        used += lead + head
        for at, row in enumerate(rows):
            if used + row > room:
                filled[-1].append((place, first, at))
                filled.append([])
                first, used = at, head
            used += row
        filled[-1].append((place, first, None))
    return filled
