"""Find or set the repeated rows of one list, and collect what cannot be printed."""

from collections.abc import Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from service.engine.records import ListDocument
from service.engine.render.canvas import Canvas
from service.engine.render.contents import Row, RowStart
from service.engine.render.elements import Slot
from service.engine.render.fit import TooLarge
from service.engine.render.painter import Painter
from service.engine.render.plans import CellPlan
from service.engine.render.row_kinds import RowKind
from service.errors import Problem

OPS = attrgetter("ops")
_HEIGHT = attrgetter("height")
_OPS_BELOW = attrgetter("ops_below")


class RowPainter:
    """Paints the rows of one list; collects its problems and what its pages draw by name."""

    def __init__(self, painter: Painter, document: ListDocument, *, name: str) -> None:
        self.painter = painter
        self.document = document
        self.name = name
        self.language = painter.language(
            document.language,
            document.currency,
            is_draft=document.is_draft,
            has_offers=bool(document.offers),
            is_general=document.is_general,
        )
        self.problems: list[Problem] = []
        self.contents: list[Any] = []
        self.own_values = {"more": "", **painter.no_slots}
        """The values of the variables that may differ between lists of one cycle."""

    @property
    def all_values(self) -> Mapping[str, str]:
        """The values of all variables of the layout."""
        raise NotImplementedError

    def add_problem(self, element: str, error: Exception) -> None:
        """Record a text that cannot be printed."""
        remedy = "shorten the text" if isinstance(error, TooLarge) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def draw_slots(self, slots: Sequence[Slot], depth: float, canvas: Canvas) -> float:
        """Draw the slots of this page that begin at `depth` or below, in mm from its top.

        Returns where the first of those drawn begins; infinity if none is.
        """
        raise NotImplementedError

    def row_parts(
        self, plan: CellPlan, kind: RowKind, lines: Sequence[Any]
    ) -> tuple[Sequence[RowStart], Sequence[Row]]:
        """The start and the end of each row; they are the same if a row has no own texts."""
        starts = self.row_starts(plan, kind, lines)
        if not plan.own:
            return starts, starts
        keys = [*map(plan.own_key, lines)]
        ends: list[Any] = [start.find_tail(key) for start, key in zip(starts, keys, strict=True)]
        if not all(ends):
            setter, names = self.painter, plan.own_names
            for place, end in enumerate(ends):
                if end is None:
                    values = partial(self.values_of, names, kind, lines[place])
                    ends[place] = setter.row_tail(
                        plan, starts[place], keys[place], values, self.add_problem
                    )
        self.contents += ends
        return starts, ends

    def row_starts(self, plan: CellPlan, kind: RowKind, lines: Sequence[Any]) -> list[RowStart]:
        """The part of each row that is shared with other lists."""
        keys = [*map(plan.start_key, lines)]
        starts: list[Any] = [*map(plan.starts.get, keys)]
        if not all(starts):
            setter, names = self.painter, plan.start_names
            for place, start in enumerate(starts):
                if start is None:
                    values = partial(self.values_of, names, kind, lines[place])
                    starts[place] = setter.row_start(plan, keys[place], values, self.add_problem)
        self.contents += starts
        return starts

    def row_heights(self, plan: CellPlan, kind: RowKind, lines: Sequence[Any]) -> list[float]:
        """The height of each row in points, in a cell that is not drawn."""
        keys = [*map(plan.start_key, lines)]
        shapes: list[Any] = [*map(plan.measured.get, keys)]
        if not all(shapes):
            for place, shape in enumerate(shapes):
                if shape is None:
                    values = partial(self.values_of, plan.start_names, kind, lines[place])
                    shapes[place] = self.painter.measure_start(
                        plan, keys[place], values, self.add_problem
                    )
        if not plan.own:
            return [*map(_HEIGHT, shapes)]
        keys = [*map(plan.own_key, lines)]
        heights: list[Any] = [
            shape.heights.get(key) for shape, key in zip(shapes, keys, strict=True)
        ]
        if None in heights:
            for place, height in enumerate(heights):
                if height is None:
                    values = partial(self.values_of, plan.own_names, kind, lines[place])
                    heights[place] = self.painter.measure_tail(
                        plan, shapes[place], keys[place], values, self.add_problem
                    )
        return heights

    def values_of(self, names: Sequence[str], kind: RowKind, line: Any) -> Mapping[str, str]:
        """The values of these variables of a row."""
        language, shown = self.language, kind.shown
        return {name: shown[name](language, line) for name in names}


def rows_below(plan: CellPlan, starts: Sequence[RowStart], ends: Sequence[Row]) -> list[bytes]:
    """The operators that draw each row and move the origin below it."""
    if not plan.own:
        return [*map(_OPS_BELOW, starts)]
    return [*map(b" ".join, zip(map(OPS, starts), map(_OPS_BELOW, ends), strict=True))]
