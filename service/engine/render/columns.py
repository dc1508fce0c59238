"""Filling columns: departments flow down balanced columns and stay together when they can."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Ready content drawn from its top left corner, and its height in points."""

    ops: bytes
    height: float


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
    heights = [height for height in _candidates(blocks, gap) if height < room] + [room]
    for split in (False, True):
        best = None
        low, high = 0, len(heights) - 1
        while low <= high:
            middle = (low + high) // 2
            placed = _pour(blocks, columns=columns, room=heights[middle], gap=gap, split=split)
            if placed is None:
                low = middle + 1
            else:
                best, high = placed, middle - 1
        if best is not None:
            return best
    return None


def _height(blocks: Sequence[Block], gap: float) -> float:
    lines = sum(head.height + sum(row.height for row in rows) for head, rows in blocks)
    return lines + gap * (len(blocks) - 1)


def _candidates(blocks: Sequence[Block], gap: float) -> list[float]:
    """Column heights worth trying: a step of two points up to everything in one column."""
    whole = _height(blocks, gap)
    least = whole / 8
    return [least + 2 * step for step in range(int((whole - least) / 2) + 2)]


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
