"""PDF operators that move between columns and offers, cached for each arrangement."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from service.engine.render.contents import Row, down, move
from service.engine.render.elements import OfferGrid, Repeat, ShoppingListBox
from service.engine.render.grids import GridRow, PlacedRow
from service.engine.render.parts import MM

_MAX_CACHED = 2_000
_SLACK = 0.01


class GridMoves(NamedTuple):
    """The move to the first offer of a grid, and after each offer that to the next one, if any."""

    start: bytes
    moves: Sequence[bytes]


class Moves:
    """Moves on a page, whose height in points is `height_pt`.

    With `from_right`, columns and the offers of a row are in order from right to left.
    """

    def __init__(self, height_pt: float) -> None:
        self.height_pt = height_pt
        self._column_starts: dict[tuple[ShoppingListBox | Repeat, bool], tuple[bytes, ...]] = {}
        self._blank_lines: dict[Any, bytes] = {}
        self._grid_moves: dict[tuple[int, bool], tuple[tuple[PlacedRow, ...], GridMoves]] = {}

    def column_starts(
        self, box: ShoppingListBox | Repeat, *, from_right: bool
    ) -> tuple[bytes, ...]:
        """Moves from the corner of the page to the top of each column of a list or repeat."""
        cached = self._column_starts.get((box, from_right))
        if cached is None:
            cached = self._column_starts[box, from_right] = tuple(
                self._start(left, box.y) for left in _column_lefts(box, from_right)
            )
        return cached

    def blank_lines(
        self,
        box: ShoppingListBox,
        row: Row,
        depths: tuple[float, ...],
        *,
        room: float,
        from_right: bool,
    ) -> bytes:
        """Operators that draw a row in each column as often as there is room below its lines,
        which reach so many points down; empty if there is room in none."""
        if len(self._blank_lines) > _MAX_CACHED:
            self._blank_lines.clear()
        ops: list[bytes] = []
        for column, depth in enumerate(depths):
            key = (box, from_right, column, depth, room, row.ops)
            cached = self._blank_lines.get(key)
            if cached is None:
                cached = self._blank_lines[key] = self._blanks(*key[:5], row)
            if cached:
                ops.append(cached)
        return b"\n".join(ops)

    def _blanks(
        self,
        box: ShoppingListBox,
        from_right: bool,
        column: int,
        depth: float,
        room: float,
        row: Row,
    ) -> bytes:
        """The operators for one column."""
        count = min(box.blanks, int((room + _SLACK - depth) / row.height))
        if count <= 0:
            return b""
        left = _column_lefts(box, from_right)[column]
        top = round(self.height_pt - box.y * MM, 1) - round(depth, 1)
        rows = down(row.height).join((b" %b " % row.ops,) * count)
        return b"q 1 0 0 1 %.2f %.1f cm%bQ" % (left * MM, top, rows)

    def grid_moves(
        self,
        grid: OfferGrid,
        arrangement: tuple[GridRow, ...],
        placed: tuple[PlacedRow, ...],
        *,
        from_right: bool,
    ) -> GridMoves:
        """Moves between the offers of placed rows."""
        # What is placed is cached by its arrangement, so that its identity stands for it.
        cached = self._grid_moves.get((id(placed), from_right))
        if cached is None or cached[0] is not placed:
            if len(self._grid_moves) > _MAX_CACHED:
                self._grid_moves.clear()
            made = self._compute_grid_moves(grid, arrangement, placed, from_right)
            cached = self._grid_moves[id(placed), from_right] = (placed, made)
        return cached[1]

    def _compute_grid_moves(
        self,
        grid: OfferGrid,
        arrangement: Sequence[GridRow],
        placed: Sequence[PlacedRow],
        from_right: bool,
    ) -> GridMoves:
        lefts: list[float] = []
        drops: list[float] = []
        below = [*(place.above for place in placed[1:]), 0.0]
        for row, place, gap in zip(arrangement, placed, below, strict=True):
            step = (grid.w + grid.gutter) / row.offers
            order = range(row.offers)
            lefts += [step * number for number in (reversed(order) if from_right else order)]
            drops += (0.0,) * (row.offers - 1) + (place.height + gap,)
        moves = [
            move((right - left) * MM, drop)
            for (left, right), drop in zip(pairwise(lefts), drops, strict=False)
        ]
        return GridMoves(self._start(grid.x + lefts[0], grid.y), (*moves, b""))

    def _start(self, x_mm: float, y_mm: float) -> bytes:
        return b"q 1 0 0 1 %.2f %.1f cm" % (x_mm * MM, self.height_pt - y_mm * MM)


def _column_lefts(box: ShoppingListBox | Repeat, from_right: bool) -> Sequence[float]:
    """The left edges of columns in mm, in their order."""
    step = (box.w + box.gutter) / box.columns
    order = range(box.columns)
    return [box.x + place * step for place in (reversed(order) if from_right else order)]
