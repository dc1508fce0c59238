"""Paint the shopping list of one list: its lines by department, in columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.engine.records import Due, ListDocument, OfferLine, ReminderLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.columns import Span, balance_columns
from service.engine.render.contents import Row, down
from service.engine.render.elements import LayoutCell, ListRows, ShoppingListBox
from service.engine.render.fit import TooLarge
from service.engine.render.painter import Painter
from service.engine.render.parts import MM, holds
from service.engine.render.row_kinds import HEADING, OFFER, REMINDER, RowKind
from service.engine.render.rows import RowPainter, rows_below

_SLACK = 0.01
_DUE_PLACES = {due: place for place, due in enumerate(Due)}


def _due_place(line: ReminderLine | OfferLine) -> int:
    return _DUE_PLACES[line.due]


class _DepartmentLines:
    """The lines of one department: operators that draw each and move below it, and heights."""

    __slots__ = ("heights", "line_ops")

    def __init__(self) -> None:
        self.line_ops: list[bytes] = []
        self.heights: list[float] = []


class _FilledColumns:
    """The lines of a list, distributed over columns."""

    __slots__ = ("columns", "continued", "groups", "heads")

    def __init__(
        self,
        heads: Sequence[Row],
        continued: Mapping[int, Row],
        groups: Sequence[_DepartmentLines],
        columns: Sequence[Sequence[Span]],
    ) -> None:
        self.heads = heads
        self.continued = continued
        """The headings of departments that go on in another column, by their numbers."""
        self.groups = groups
        self.columns = columns

    def depth(self, index: int, gap: float) -> float:
        """How far down the lines of a column reach, with the gap after them; 0 if it is empty."""
        if index >= len(self.columns):
            return 0.0
        depth = 0.0
        heads, groups = self.heads, self.groups
        for block, first, end in self.columns[index]:
            heights = groups[block].heights
            if first or end is not None:
                heights = heights[first:end]
            depth += heads[block].height + sum(heights) + gap
        return depth


class ShoppingListPainter(RowPainter):
    """Paints the lines of one list by department."""

    def __init__(self, painter: Painter, document: ListDocument, *, name: str) -> None:
        super().__init__(painter, document, name=name)
        self._filled: dict[ShoppingListBox, _FilledColumns] = {}

    def draw_shopping_list(self, box: ShoppingListBox, canvas: Canvas) -> None:
        """Draw the part of the shopping list that is on this page."""
        if box.conditions and not holds(box.conditions, self.all_values):
            return
        filled = self._filled.get(box)
        if filled is None:
            filled = self._filled[box] = self._fill_columns(box)
        if not box.page <= canvas.number < box.page + box.over:
            self.draw_slots(box.slots, 0.0, canvas)
            return
        gap = down(round(box.department_gap * MM, 1))
        first = (canvas.number - box.page) * box.columns
        heads, groups = filled.heads, filled.groups
        columns: list[LayoutColumn] = []
        for start, spans in zip(
            self.painter.moves.column_starts(box, from_right=self.language.from_right),
            filled.columns[first:],
            strict=False,
        ):
            ops: list[bytes] = []
            roles: list[str] = []
            for block, begin, end in spans:
                if ops:
                    ops.append(gap)
                    roles.append("")
                head = filled.continued[block] if begin else heads[block]
                line_ops = groups[block].line_ops
                if begin or end is not None:
                    line_ops = line_ops[begin:end]
                ops.append(head.ops_below)
                ops += line_ops
                if canvas.by_line:
                    roles += ("H3", *("LI",) * len(line_ops))
            columns.append(LayoutColumn(start, roles, ops))
        canvas.add_columns(columns)
        if box.slots or box.blank is not None:
            self._draw_below(box, filled, canvas)

    def _draw_below(self, box: ShoppingListBox, filled: _FilledColumns, canvas: Canvas) -> None:
        """Draw the slots below the list, and empty lines to write on where there is room."""
        gap = round(box.department_gap * MM, 1)
        first = (canvas.number - box.page) * box.columns
        depths = [filled.depth(first + place, gap) for place in range(box.columns)]
        floor = box.y + box.h
        if box.slots:
            floor = min(floor, self.draw_slots(box.slots, box.y + (max(depths) - gap) / MM, canvas))
        if box.blank is None:
            return
        plan = self.painter.cell_plan(box.blank, self.language)
        blank = plan.starts.get(()) or self.row_starts(plan, HEADING, [""])[0]
        self.contents.append(blank)
        room = (floor - box.y) * MM + _SLACK
        ops: list[bytes] = []
        for place, depth in enumerate(depths):
            count = min(box.blanks, int((room - depth) / blank.height))
            if count > 0:
                repeated = self.painter.moves.repeated(
                    box,
                    blank,
                    count,
                    column=place,
                    depth=depth,
                    from_right=self.language.from_right,
                )
                ops.append(repeated)
        if ops:
            canvas.add_tagged("Artifact", b"\n".join(ops))

    def _fill_columns(self, box: ShoppingListBox) -> _FilledColumns:
        """Fill the columns with the first kind of rows that fits."""
        before = len(self.problems)
        first = self._filled_with(box, box.rows[0])
        said = self.problems[before:]
        for rows in box.rows[1:] if said else ():
            del self.problems[before:]
            filled = self._filled_with(box, rows)
            if len(self.problems) == before:
                return filled
        self.problems[before:] = said
        return first

    def _filled_with(self, box: ShoppingListBox, rows: ListRows) -> _FilledColumns:
        by_department = self._group_by_department(rows)
        names: Sequence[str] = [*by_department]
        order = self.painter.order
        if order:
            names = sorted(names, key=lambda name: order.get(name, len(order)))
        groups = [by_department[name] for name in names]
        heads = self.row_starts(self.painter.cell_plan(box.header, self.language), HEADING, names)
        blocks = [(head.height, group.heights) for head, group in zip(heads, groups, strict=True)]
        gap = round(box.department_gap * MM, 1)
        for pages in range(1, box.over + 1):
            columns = balance_columns(blocks, columns=box.columns * pages, room=box.h * MM, gap=gap)
            if columns is not None:
                if len(columns) > box.columns:
                    self.own_values["more"] = "1"
                continued = self._continued(box, names, heads, columns)
                return _FilledColumns(heads, continued, groups, columns)
        count = sum(len(group.line_ops) for group in groups)
        self.add_problem(box.id, TooLarge(f"{count} lines do not fit {box.h:g} mm of height"))
        return _FilledColumns([], {}, [], [])

    def _continued(
        self,
        box: ShoppingListBox,
        names: Sequence[str],
        heads: Sequence[Row],
        columns: Sequence[Sequence[Span]],
    ) -> Mapping[int, Row]:
        """Headings that say that a department goes on; the same again where that has no room."""
        if sum(map(len, columns)) == len(heads):
            return {}
        split = sorted({block for spans in columns for block, first, _ in spans if first})
        plan = self.painter.cell_plan(box.header, self.language)
        phrase = self.language.phrases.texts["continued"]
        made: dict[int, Row] = {}
        for block in split:
            before = len(self.problems)
            (head,) = self.row_starts(plan, HEADING, [phrase.format(department=names[block])])
            is_fitting = len(self.problems) == before and head.height == heads[block].height
            made[block] = head if is_fitting else heads[block]
            del self.problems[before:]
        return made

    def _group_by_department(self, rows: ListRows) -> dict[str, _DepartmentLines]:
        """Group the lines by department, in the order of appearance; what is due first leads."""
        groups: dict[str, _DepartmentLines] = {}
        kinds: list[tuple[LayoutCell, RowKind, Sequence[Any]]] = [
            (rows.reminder, REMINDER, sorted(self.document.reminders, key=_due_place))
        ]
        if rows.offer is not None:
            kinds += [(rows.offer, OFFER, lines) for lines in self._offers_by_item()]
        for cell, kind, lines in kinds:
            plan = self.painter.cell_plan(cell, self.language)
            starts, ends = self.row_parts(plan, kind, lines)
            drawn = rows_below(plan, starts, ends)
            for line, ops, row in zip(lines, drawn, ends, strict=True):
                group = groups.get(line.department)
                if group is None:
                    group = groups[line.department] = _DepartmentLines()
                group.line_ops.append(ops)
                group.heights.append(row.height)
        return groups

    def _offers_by_item(self) -> tuple[Sequence[OfferLine], Sequence[OfferLine]]:
        """Offers on what the household is expected to buy, by when; and all others."""
        joined = sorted([each for each in self.document.offers if each.item], key=_due_place)
        return joined, [each for each in self.document.offers if not each.item]
