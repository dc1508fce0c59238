"""PDF operators that move between columns and offers, cached for each arrangement."""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.render.fit import TooLarge
from service.engine.render.layout import MM, OfferGrid, ShoppingListBox
from service.engine.render.plans import move

_MAX_CACHED = 2_000


class GridMoves(NamedTuple):
    """The move to the first offer of a grid, and the move to the next one after each offer."""

    start: bytes
    moves: Sequence[bytes]


class Moves:
    """Moves on a page; `height_pt` is its height in points."""

    def __init__(self, height_pt: float) -> None:
        self.height_pt = height_pt
        self._column_starts: dict[ShoppingListBox, tuple[bytes, ...]] = {}
        self._grid_moves: dict[tuple[OfferGrid, tuple[float, ...]], GridMoves] = {}

    def column_starts(self, box: ShoppingListBox) -> tuple[bytes, ...]:
        """Moves from the corner of the page to the top of each column of a list."""
        cached = self._column_starts.get(box)
        if cached is None:
            step = (box.w + box.gutter) / box.columns
            cached = self._column_starts[box] = tuple(
                self._start(box.x + place * step, box.y) for place in range(box.columns)
            )
        return cached

    def grid_moves(self, grid: OfferGrid, heights: tuple[float, ...]) -> GridMoves:
        """Moves between offers of these heights in points. Raises `TooLarge`."""
        cached = self._grid_moves.get((grid, heights))
        if cached is None:
            if len(self._grid_moves) > _MAX_CACHED:
                self._grid_moves.clear()
            cached = self._grid_moves[grid, heights] = self._compute_grid_moves(grid, heights)
        return cached

    def _compute_grid_moves(self, grid: OfferGrid, heights: Sequence[float]) -> GridMoves:
        columns = grid.columns
        rows = [max(heights[at : at + columns]) for at in range(0, len(heights), columns)]
        spare = grid.h * MM - sum(rows)
        if spare < -0.01:
            raise TooLarge(f"{len(heights)} offers need {-spare / MM:.1f} mm more height")
        right = (grid.w + grid.gutter) / columns * MM
        across = (move(right, 0.0),) * (columns - 1)
        moves: list[bytes] = []
        for least in rows:
            row_height = max(least, min(least + spare / len(rows), grid.row_max * MM))
            moves += (*across, move(-right * (columns - 1), row_height))
        return GridMoves(self._start(grid.x, grid.y), moves[: len(heights)])

    def _start(self, x_mm: float, y_mm: float) -> bytes:
        return b"q 1 0 0 1 %.2f %.1f cm" % (x_mm * MM, self.height_pt - y_mm * MM)
