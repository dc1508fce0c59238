"""Filling columns: departments flow down balanced columns and stay together when they can."""

from collections.abc import Sequence

from service.engine.render.plans import Drawn, Row

_EVEN_PT = 6.0
"""Columns of split departments are made even to this height."""
_SLACK = 0.01

Placed = tuple[float, Drawn | Row, bool]
"""Distance from the column's top, the row, and whether it is a department's heading."""
Block = tuple[Drawn, Sequence[Drawn | Row]]
"""A department: heading and lines."""


def balance(
    blocks: Sequence[Block], *, columns: int, room: float, gap: float
) -> list[list[Placed]] | None:
    """Place all blocks in at most `columns` columns as even in height as they can be.

    Whole departments move before one is split; a heading never stands alone at a column's foot,
    and a split department repeats its heading. None when it does not fit `room`.
    """
    if not blocks:
        return []
    wholes = [head.height + sum([row.height for row in rows]) for head, rows in blocks]
    least = sum(wholes) / columns
    high = _even(wholes, columns=columns, least=least, room=room, gap=gap)
    if high is not None:
        return _stack(blocks, wholes, room=high, gap=gap)
    heights = [
        (head.height, [row.height for row in rows], whole)
        for (head, rows), whole in zip(blocks, wholes, strict=True)
    ]
    if not _fits(heights, columns=columns, room=room, gap=gap):
        return None
    low, high = least, room
    while high - low > _EVEN_PT:
        middle = (low + high) / 2
        if _fits(heights, columns=columns, room=middle, gap=gap):
            high = middle
        else:
            low = middle
    return _pour(blocks, room=high, gap=gap)


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
    heights: Sequence[tuple[float, list[float], float]], *, columns: int, room: float, gap: float
) -> bool:
    """Whether `_pour` of split blocks needs no more than so many columns, without the rows."""
    used, filled = 0.0, 1
    room += _SLACK
    for head, rows, whole in heights:
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


def _stack(
    blocks: Sequence[Block], wholes: Sequence[float], *, room: float, gap: float
) -> list[list[Placed]]:
    """Fill columns of height `room` with whole blocks in order."""
    column: list[Placed] = []
    filled = [column]
    used = 0.0
    for (head, rows), whole in zip(blocks, wholes, strict=True):
        if used:
            used += gap
            if used + whole > room + _SLACK:
                column = []
                filled.append(column)
                used = 0.0
        column.append((used, head, True))
        used += head.height
        for row in rows:
            column.append((used, row, False))
            used += row.height
    return filled


def _pour(blocks: Sequence[Block], *, room: float, gap: float) -> list[list[Placed]]:
    """Fill columns of height `room` in order, which `_fits` has found possible."""
    filled: list[list[Placed]] = [[]]
    used = 0.0
    for head, rows in blocks:
        lead = gap if used else 0.0
        if used + lead + head.height + rows[0].height > room + _SLACK:
            filled.append([])
            used, lead = 0.0, 0.0
        filled[-1].append((used + lead, head, True))
        used += lead + head.height
        for row in rows:
            if used + row.height > room + _SLACK:
                filled.append([(0.0, head, True)])
                used = head.height
            filled[-1].append((used, row, False))
            used += row.height
    return filled
