"""Filling columns: departments flow down balanced columns and stay together when they can."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Ready content drawn from its top left corner, and its height in points."""

    ops: bytes
    height: float


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
    tallest = max(head.height + sum([row.height for row in rows]) for head, rows in blocks)
    lines = sum([head.height + sum([row.height for row in rows]) for head, rows in blocks])
    for split in (False, True):
        least = lines / columns if split else max(lines / columns, tallest)
        best = _pour(blocks, columns=columns, room=room, gap=gap, split=split)
        low, high = least, room
        while best is not None and high - low > _EVEN_PT:
            middle = (low + high) / 2
            placed = _pour(blocks, columns=columns, room=middle, gap=gap, split=split)
            if placed is None:
                low = middle
            else:
                best, high = placed, max(map(_depth, placed))
        if best is not None:
            return best
    return None


def _depth(column: list[Placed]) -> float:
    offset, row, _ = column[-1]
    return offset + row.height


def _pour(
    blocks: Sequence[Block], *, columns: int, room: float, gap: float, split: bool
) -> list[list[Placed]] | None:
    """Fill greedily columns of height `room`; None when they do not suffice."""
    filled: list[list[Placed]] = [[]]
    used = 0.0
    for head, rows in blocks:
        lead = gap if filled[-1] else 0.0
        kept = rows[:1] if split else rows
        if used + lead + head.height + sum(row.height for row in kept) > room + 0.01:
            filled.append([])
            used, lead = 0.0, 0.0
        filled[-1].append((used + lead, head, True))
        used += lead + head.height
        for place, row in enumerate(rows):
            if used + row.height > room + 0.01:
                if not split or place == 0:
                    return None
                filled.append([(0.0, head, True)])
                used = head.height
                if used + row.height > room:
                    return None
            filled[-1].append((used, row, False))
            used += row.height
        if len(filled) > columns:
            return None
    return filled
