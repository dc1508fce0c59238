"""Paint the shopping list of one list: its lines by department, in columns."""

from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from service.engine.records import PARTNERS, Due, ListDocument, OfferLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.columns import Span, balance_columns
from service.engine.render.contents import Row, down
from service.engine.render.elements import ListRows, ShoppingListBox
from service.engine.render.fit import TooLarge
from service.engine.render.painter import Painter
from service.engine.render.parts import MM, holds
from service.engine.render.row_kinds import HEADING, OFFER, REMINDER
from service.engine.render.rows import RowPainter, rows_below

_DUE_PLACES = {due: place for place, due in enumerate(Due)}
_DUE, _ITEM, _DEPARTMENT = attrgetter("due"), attrgetter("item"), attrgetter("department")
_HEIGHT, _HEIGHTS, _FIRST = attrgetter("height"), attrgetter("heights"), itemgetter(0)


class _DepartmentLines(NamedTuple):
    """The lines of one department: operators that draw each and move below it, and heights."""

    ops: list[bytes]
    heights: list[float]


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

    def depths(self, first: int, count: int, gap: float) -> tuple[float, ...]:
        """How far down the lines of some columns reach, with the gap after them; 0 if it is
        empty."""
        heads, groups = self.heads, self.groups
        depths: list[float] = []
        for spans in self.columns[first : first + count]:
            depth = gap * len(spans)
            for block, begin, end in spans:
                heights = groups[block][1]
                if begin or end is not None:
                    heights = heights[begin:end]
                depth += heads[block].height + sum(heights)
            depths.append(depth)
        return (*depths, *(0.0,) * (count - len(depths)))


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
                line_ops = groups[block][0]
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
        depths = filled.depths((canvas.number - box.page) * box.columns, box.columns, gap)
        floor = box.y + box.h
        if box.slots:
            floor = min(floor, self.draw_slots(box.slots, box.y + (max(depths) - gap) / MM, canvas))
        if box.blank is None:
            return
        plan = self.painter.cell_plan(box.blank, self.language)
        blank = plan.starts.get(()) or self.row_starts(plan, HEADING, [""])[0]
        self.contents.append(blank)
        ops = self.painter.moves.blank_lines(
            box, blank, depths, room=(floor - box.y) * MM, from_right=self.language.from_right
        )
        if ops:
            canvas.add_tagged("Artifact", ops)

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
        names = [self._department(name) for name in names]
        heads = self.row_starts(self.painter.cell_plan(box.header, self.language), HEADING, names)
        blocks = [*zip(map(_HEIGHT, heads), map(_HEIGHTS, groups), strict=True)]
        gap = round(box.department_gap * MM, 1)
        for pages in range(1, box.over + 1):
            columns = balance_columns(blocks, columns=box.columns * pages, room=box.h * MM, gap=gap)
            if columns is not None:
                if len(columns) > box.columns:
                    self.own_values["more"] = "1"
                continued = self._continued(box, names, heads, columns)
                return _FilledColumns(heads, continued, groups, columns)
        count = sum(len(group.ops) for group in groups)
        self.add_problem(box.id, TooLarge(f"{count} lines do not fit {box.h:g} mm of height"))
        return _FilledColumns([], {}, [], [])

    def _department(self, name: str) -> str:
        """The name of a department as it is printed: that of partners in the list's language."""
        return self.language.phrases.texts["partners"] if name == PARTNERS else name

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
        find = groups.get
        for cell, kind, lines in (
            (rows.reminder, REMINDER, by_need(self.document.reminders)),
            (rows.offer, OFFER, _by_item(self.document.offers)),
        ):
            if cell is None or not lines:
                continue
            plan = self.painter.cell_plan(cell, self.language)
            starts, ends = self.row_parts(plan, kind, lines)
            drawn = rows_below(plan, starts, ends)
            for department, ops, height in zip(
                map(_DEPARTMENT, lines), drawn, map(_HEIGHT, ends), strict=True
            ):
                group = find(department)
                if group is None:
                    group = groups[department] = _DepartmentLines([], [])
                group[0].append(ops)
                group[1].append(height)
        return groups


def by_need(lines: Sequence[Any]) -> Sequence[Any]:
    """Lines by when they are needed; in their order where that is the same."""
    places = [*map(_DUE_PLACES.__getitem__, map(_DUE, lines))]
    if places == sorted(places):
        return lines
    return [line for _, line in sorted(zip(places, lines, strict=True), key=_FIRST)]


def _by_item(offers: Sequence[OfferLine]) -> Sequence[OfferLine]:
    """Offers on what the household is expected to buy, by when; then all others."""
    if not any(map(_ITEM, offers)):
        return offers
    joined = by_need([each for each in offers if each.item])
    return [*joined, *[each for each in offers if not each.item]]
