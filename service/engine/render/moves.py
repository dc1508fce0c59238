"""PDF operators that move between columns and offers, cached for each arrangement."""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.render.contents import Row, down, move
from service.engine.render.grids import GridRow, PlacedRow
from service.engine.render.layout import MM, OfferGrid, Repeat, ShoppingListBox

_MAX_CACHED = 2_000


class GridMoves(NamedTuple):
    """The move to the first offer of a grid, and the move to the next one after each offer."""

    start: bytes
    moves: Sequence[bytes]


class Moves:
    """Moves on a page; `height_pt` is its height in points."""

    def __init__(self, height_pt: float) -> None:
        self.height_pt = height_pt
        self._column_starts: dict[ShoppingListBox | Repeat, tuple[bytes, ...]] = {}
        self._repeated: dict[tuple[ShoppingListBox, int, float, bytes, int], bytes] = {}
        self._grid_moves: dict[int, tuple[tuple[PlacedRow, ...], GridMoves]] = {}

    def column_starts(self, box: ShoppingListBox | Repeat) -> tuple[bytes, ...]:
        """Moves from the corner of the page to the top of each column of a list or repeat."""
        cached = self._column_starts.get(box)
        if cached is None:
            step = (box.w + box.gutter) / box.columns
            cached = self._column_starts[box] = tuple(
                self._start(box.x + place * step, box.y) for place in range(box.columns)
            )
        return cached

    def repeated(
        self, box: ShoppingListBox, column: int, depth: float, row: Row, count: int
    ) -> bytes:
        """Operators that draw a row so many times, from so many points down in a column."""
        key = (box, column, depth, row.ops, count)
        cached = self._repeated.get(key)
        if cached is None:
            if len(self._repeated) > _MAX_CACHED:
                self._repeated.clear()
            left = box.x + column * (box.w + box.gutter) / box.columns
            top = round(self.height_pt - box.y * MM, 1) - round(depth, 1)
            rows = down(row.height).join((b" %b " % row.ops,) * count)
            cached = b"q 1 0 0 1 %.2f %.1f cm%bQ" % (left * MM, top, rows)
            self._repeated[key] = cached
        return cached

    def grid_moves(
        self, grid: OfferGrid, arrangement: tuple[GridRow, ...], placed: tuple[PlacedRow, ...]
    ) -> GridMoves:
        """Moves between the offers of placed rows."""
        # What is placed is cached by its arrangement, so that its identity stands for it.
        cached = self._grid_moves.get(id(placed))
        if cached is None or cached[0] is not placed:
            if len(self._grid_moves) > _MAX_CACHED:
                self._grid_moves.clear()
            made = self._compute_grid_moves(grid, arrangement, placed)
            cached = self._grid_moves[id(placed)] = (placed, made)
        return cached[1]

    def _compute_grid_moves(
        self, grid: OfferGrid, arrangement: Sequence[GridRow], placed: Sequence[PlacedRow]
    ) -> GridMoves:
        moves: list[bytes] = []
        below = [*(place.above for place in placed[1:]), 0.0]
        for row, place, gap in zip(arrangement, placed, below, strict=True):
            right = (grid.w + grid.gutter) / row.offers * MM
            across = (move(right, 0.0),) * (row.offers - 1)
            moves += (*across, move(-right * (row.offers - 1), place.height + gap))
        return GridMoves(self._start(grid.x, grid.y), moves)

    def _start(self, x_mm: float, y_mm: float) -> bytes:
        return b"q 1 0 0 1 %.2f %.1f cm" % (x_mm * MM, self.height_pt - y_mm * MM)
