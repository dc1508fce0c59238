"""Filling columns: departments flow down balanced columns and stay together when they can."""

from collections.abc import Sequence

from service.engine.render.plans import Row

_EVEN_PT = 6.0
"""Columns are made even to this height."""

Placed = tuple[float, Row, bool]
"""Distance from the column's top, the row, and whether it is a department's heading."""
Block = tuple[Row, tuple[Row, ...]]
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
    heights = [
        (head.height, [row.height for row in rows], head.height + sum([r.height for r in rows]))
        for head, rows in blocks
    ]
    lines = sum([whole for _, _, whole in heights])
    for split in (False, True):
        tallest = lines / columns if split else max([whole for _, _, whole in heights])
        low, high = max(lines / columns, tallest), room
        if not _fits(heights, columns=columns, room=high, gap=gap, split=split):
            continue
        while high - low > _EVEN_PT:
            middle = (low + high) / 2
            if _fits(heights, columns=columns, room=middle, gap=gap, split=split):
                high = middle
            else:
                low = middle
        return _pour(blocks, room=high, gap=gap, split=split)
    return None


def _fits(
    heights: Sequence[tuple[float, list[float], float]],
    *,
    columns: int,
    room: float,
    gap: float,
    split: bool,
) -> bool:
    """Whether `_pour` needs no more than so many columns; the same rules, without the rows."""
    used, filled = 0.0, 1
    room += 0.01
    for head, rows, whole in heights:
        lead = gap if used else 0.0
        kept = head + rows[0] if split else whole
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


def _pour(blocks: Sequence[Block], *, room: float, gap: float, split: bool) -> list[list[Placed]]:
    """Fill columns of height `room` in order, which `_fits` has found possible."""
    room += 0.01
    filled: list[list[Placed]] = [[]]
    used = 0.0
    for head, rows in blocks:
        lead = gap if used else 0.0
        kept = rows[:1] if split else rows
        if used + lead + head.height + sum([row.height for row in kept]) > room:
            filled.append([])
            used, lead = 0.0, 0.0
        filled[-1].append((used + lead, head, True))
        used += lead + head.height
        for row in rows:
            if used + row.height > room:
                filled.append([(0.0, head, True)])
                used = head.height
            filled[-1].append((used, row, False))
            used += row.height
    return filled
