"""Fill columns with departments: of even height, and without splitting one if possible."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_EVEN_PT = 6.0
"""The precision to which columns of split departments are made even."""
_SLACK = 0.01

Block = tuple[float, Sequence[float]]
"""A department: the height of its heading, and the height of each line."""


Span = tuple[int, int, int | None]
"""The number of a block, and its lines from a first to a last, excluded; None means to the end."""


def balance_columns(
    blocks: Sequence[Block], *, columns: int, room: float, gap: float
) -> Sequence[Sequence[Span]] | None:
    """Place the blocks, in order, in at most `columns` columns of about the same height.

    A department is split only if it cannot be avoided; then its heading is repeated. A heading is
    never the last line of a column. Returns the spans of each column, or None if a column would be
    higher than `room`. `gap` is the space between departments.
    """
    if not blocks:
        return []
    heights = tuple([head + sum(rows) for head, rows in blocks])
    placed = _fill_whole(heights, columns, room, gap)
    if placed is not None:
        return placed
    if not _fits(blocks, heights, columns=columns, room=room, gap=gap):
        return None
    low, high = sum(heights) / columns, room
    while high - low > _EVEN_PT:
        middle = (low + high) / 2
        if _fits(blocks, heights, columns=columns, room=middle, gap=gap):
            high = middle
        else:
            low = middle
    return _fill_split(blocks, room=high, gap=gap)


@lru_cache(maxsize=4096)
def _fill_whole(
    heights: tuple[float, ...], columns: int, room: float, gap: float
) -> tuple[tuple[Span, ...], ...] | None:
    """Fill the columns without splitting a block; None if they do not fit."""
    high = _least_height(heights, columns=columns, least=sum(heights) / columns, room=room, gap=gap)
    if high is None:
        return None
    firsts = [0]
    used = 0.0
    for place, height in enumerate(heights):
        if used and used + gap + height > high + _SLACK:
            firsts.append(place)
            used = 0.0
        used += (gap if used else 0.0) + height
    return tuple(
        tuple((place, 0, None) for place in range(first, end))
        for first, end in pairwise((*firsts, len(heights)))
    )


def _least_height(
    heights: Sequence[float], *, columns: int, least: float, room: float, gap: float
) -> float | None:
    """The least height at which whole blocks fit so many columns; None if it is above `room`.

    Each pass fills columns up to a limit. If it needs too many columns, the limit is raised to the
    least height at which some column would have held one more block.
    """
    limit = max(least, *heights) if len(heights) > 1 else heights[0]
    while limit <= room + _SLACK:
        used, filled, raised = heights[0], 1, float("inf")
        for height in heights[1:]:
            taken = used + gap + height
            if taken <= limit + _SLACK:
                used = taken
                continue
            if taken < raised:
                raised = taken
            filled += 1
            used = height
        if filled <= columns:
            return limit
        limit = raised
    return None


def _fits(
    blocks: Sequence[Block], heights: Sequence[float], *, columns: int, room: float, gap: float
) -> bool:
    """Whether `_fill_split` needs at most so many columns."""
    used, filled = 0.0, 1
    room += _SLACK
    for (head, rows), height in zip(blocks, heights, strict=True):
        lead = gap if used else 0.0
        first_row = head + rows[0]
        if used + lead + first_row > room:
            filled += 1
            used, lead = 0.0, 0.0
            if first_row > room:
                return False
        if used + lead + height <= room:
            used += lead + height
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


def _fill_split(blocks: Sequence[Block], *, room: float, gap: float) -> list[list[Span]]:
    """Fill columns of height `room`, splitting blocks. `_fits` must have returned True."""
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
