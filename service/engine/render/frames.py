"""Where columns and offers stand: the moves between them, worked out once for each arrangement."""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.render.fit import DoesNotFit
from service.engine.render.layout import MM, OfferGrid, ShoppingList
from service.engine.render.plans import move

_FRAMES_KEPT = 2_000


class Frame(NamedTuple):
    """The move to the first offer of a grid, and after each offer the move to the next one."""

    start: bytes
    moves: Sequence[bytes]


class Frames:
    """The moves on a page of this height in points."""

    def __init__(self, height_pt: float) -> None:
        self.height_pt = height_pt
        self._starts: dict[ShoppingList, tuple[bytes, ...]] = {}
        self._frames: dict[tuple[OfferGrid, tuple[float, ...]], Frame] = {}

    def starts(self, box: ShoppingList) -> tuple[bytes, ...]:
        """Moves from the page's corner to the top of each column of a list."""
        found = self._starts.get(box)
        if found is None:
            step = (box.w + box.gutter) / box.columns
            found = self._starts[box] = tuple(
                self._start(box.x + place * step, box.y) for place in range(box.columns)
            )
        return found

    def frame(self, grid: OfferGrid, heights: tuple[float, ...]) -> Frame:
        """The moves between offers of these heights in points; `DoesNotFit` without room."""
        found = self._frames.get((grid, heights))
        if found is None:
            if len(self._frames) > _FRAMES_KEPT:
                self._frames.clear()
            found = self._frames[grid, heights] = self._framed(grid, heights)
        return found

    def _framed(self, grid: OfferGrid, heights: Sequence[float]) -> Frame:
        columns = grid.columns
        rows = [max(heights[at : at + columns]) for at in range(0, len(heights), columns)]
        spare = grid.h * MM - sum(rows)
        if spare < -0.01:
            raise DoesNotFit(f"{len(heights)} offers need {-spare / MM:.1f} mm more height")
        right = (grid.w + grid.gutter) / columns * MM
        across = (move(right, 0.0),) * (columns - 1)
        moves: list[bytes] = []
        for least in rows:
            fall = max(least, min(least + spare / len(rows), grid.row_max * MM))
            moves += (*across, move(-right * (columns - 1), fall))
        return Frame(self._start(grid.x, grid.y), moves[: len(heights)])

    def _start(self, x_mm: float, y_mm: float) -> bytes:
        return b"q 1 0 0 1 %.2f %.1f cm" % (x_mm * MM, self.height_pt - y_mm * MM)
