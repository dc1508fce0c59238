"""Paint the repeated rows of one list: its lines by department, cached or set now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from service.engine.compose import PARTED
from service.engine.records import Due, ListDocument, OfferLine, ReminderLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.columns import Span, balance_columns
from service.engine.render.fit import TooLarge
from service.engine.render.joins import join_counts
from service.engine.render.language import Language
from service.engine.render.layout import (
    MM,
    LayoutCell,
    ListRows,
    ShoppingListBox,
    Slot,
    holds,
)
from service.engine.render.painter import Painter
from service.engine.render.plans import CellPlan, Content, RowStart, down
from service.errors import Problem


class RowKind(NamedTuple):
    """A kind of row, with a function for each variable, from language and line to text."""

    shown: Mapping[str, Callable[[Language, Any], str]]


def _what(line: OfferLine) -> str:
    """What an offer is on, below the item that it belongs to: its title, if that is not the item;
    its condition on its own."""
    if not line.item or line.item.casefold() == line.title.casefold():
        return join_counts(line.detail)
    return ", ".join(filter(None, (line.title, join_counts(line.detail))))


def _detail(line: OfferLine) -> str:
    """The condition of an offer, and which goods count."""
    return PARTED.join(filter(None, (join_counts(line.detail), join_counts(line.goods))))


OFFER = RowKind(
    {
        "title": lambda _, line: line.title,
        "detail": lambda _, line: _detail(line),
        "value": lambda _, line: join_counts(line.value_text),
        "line": lambda _, line: str(line.line),
        "item": lambda _, line: line.item or line.title,
        "what": lambda _, line: _what(line),
        "due": lambda language, line: language.due(line.due),
        "size": lambda _, line: line.size,
        "price": lambda language, line: language.price(line.price_cents),
        "picture": lambda _, line: line.picture or "",
        "pictogram": lambda _, line: line.pictogram.value,
    },
)
_REMINDER = RowKind(
    {
        "item": lambda _, line: line.item,
        "product": lambda _, line: line.product,
        "price": lambda language, line: language.price(line.price_cents),
        "expected": lambda language, line: language.expected(line),
        "need": lambda language, line: language.need(line),
        "due": lambda language, line: language.due(line.due),
        "size": lambda _, line: line.size,
        "picture": lambda _, line: line.picture or "",
        "pictogram": lambda _, line: line.pictogram.value,
        "reason": lambda _, line: join_counts(line.reason),
        "why": lambda language, line: language.why(line),
        "line": lambda _, line: str(line.line),
    },
)
_HEADING = RowKind({"department": lambda _, name: name})


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
        heads: Sequence[Content],
        continued: Mapping[int, Content],
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
        )
        self.problems: list[Problem] = []
        self.contents: list[Content] = []
        self.own_values = {"more": "", **painter.no_slots}
        """The values of the variables that may differ between lists of one cycle."""
        self._filled: dict[ShoppingListBox, _FilledColumns] = {}

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
        columns: list[LayoutColumn] = []
        for start, spans in zip(
            self.painter.moves.column_starts(box), filled.columns[first:], strict=False
        ):
            ops: list[bytes] = []
            roles: list[str] = []
            for block, begin, end in spans:
                if ops:
                    ops.append(gap)
                    roles.append("")
                head = (filled.continued if begin else filled.heads)[block]
                line_ops = filled.groups[block].line_ops[begin:end]
                ops.append(b"%b %b" % (head.ops, head.move_below))
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
        blank = plan.starts.get(()) or self._starts(plan, _HEADING, [""])[0]
        self.contents.append(blank)
        room = (floor - box.y) * MM + _SLACK
        ops: list[bytes] = []
        for depth, start in zip(depths, self.painter.moves.column_starts(box), strict=True):
            count = min(box.blanks, int((room - depth) / blank.height))
            if count > 0:
                ops += (start, down(round(depth, 1)))
                ops += (blank.ops, blank.move_below) * count
                ops.append(b"Q")
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
        heads = self._starts(self.painter.cell_plan(box.header, self.language), _HEADING, names)
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
        heads: Sequence[Content],
        columns: Sequence[Sequence[Span]],
    ) -> Mapping[int, Content]:
        """Headings that say that a department goes on; the same again where that has no room."""
        split = sorted({block for spans in columns for block, first, _ in spans if first})
        plan = self.painter.cell_plan(box.header, self.language)
        phrase = self.language.phrases.texts["continued"]
        made: dict[int, Content] = {}
        for block in split:
            before = len(self.problems)
            (head,) = self._starts(plan, _HEADING, [phrase.format(department=names[block])])
            is_fitting = len(self.problems) == before and head.height == heads[block].height
            made[block] = head if is_fitting else heads[block]
            del self.problems[before:]
        return made

    def _group_by_department(self, rows: ListRows) -> dict[str, _DepartmentLines]:
        """Group the lines by department, in the order of appearance; what is due first leads."""
        groups: dict[str, _DepartmentLines] = {}
        kinds: list[tuple[LayoutCell, RowKind, Sequence[Any]]] = [
            (rows.reminder, _REMINDER, sorted(self.document.reminders, key=_due_place))
        ]
        if rows.offer is not None:
            kinds += [(rows.offer, OFFER, lines) for lines in self._offers_by_item()]
        for cell, kind, lines in kinds:
            plan = self.painter.cell_plan(cell, self.language)
            starts, ends = self.row_parts(plan, kind, lines)
            for line, ops, row in zip(lines, row_ops(plan, starts, ends), ends, strict=True):
                group = groups.get(line.department)
                if group is None:
                    group = groups[line.department] = _DepartmentLines()
                group.line_ops.append(b"%b %b" % (ops, row.move_below))
                group.heights.append(row.height)
        return groups

    def _offers_by_item(self) -> tuple[Sequence[OfferLine], Sequence[OfferLine]]:
        """Offers on what the household is expected to buy, by when; and all others."""
        joined = sorted([each for each in self.document.offers if each.item], key=_due_place)
        return joined, [each for each in self.document.offers if not each.item]

    def row_parts(
        self, plan: CellPlan, kind: RowKind, lines: Sequence[Any]
    ) -> tuple[Sequence[Content], Sequence[Content]]:
        """The start and the end of each row; they are the same if a row has no own texts."""
        starts = self._starts(plan, kind, lines)
        if not plan.own:
            return starts, starts
        keys = map(plan.own_key, lines)
        ends: list[Any] = [start.tails.get(key) for start, key in zip(starts, keys, strict=True)]
        if None in ends:
            ends = [
                end or self._row_tail(plan, start, kind, line)
                for end, start, line in zip(ends, starts, lines, strict=True)
            ]
        self.contents += ends
        return starts, ends

    def _starts(self, plan: CellPlan, kind: RowKind, lines: Sequence[Any]) -> list[RowStart]:
        """The part of each row that is shared with other lists."""
        starts: list[Any] = [*map(plan.starts.get, map(plan.start_key, lines))]
        if None in starts:
            starts = [
                start or self._row_start(plan, kind, line)
                for start, line in zip(starts, lines, strict=True)
            ]
        self.contents += starts
        return starts

    def _row_start(self, plan: CellPlan, kind: RowKind, line: Any) -> RowStart:
        values = self.values_of(plan, kind, line)
        return self.painter.row_start(plan, plan.start_key(line), values, self.add_problem)

    def _row_tail(self, plan: CellPlan, row_start: RowStart, kind: RowKind, line: Any) -> Content:
        values = self.values_of(plan, kind, line)
        return self.painter.row_tail(plan, row_start, plan.own_key(line), values, self.add_problem)

    def values_of(
        self, plan: CellPlan, kind: RowKind, line: Any
    ) -> Callable[[], Mapping[str, str]]:
        """The values of the variables of a row, when they are needed."""
        language, shown = self.language, kind.shown
        return lambda: {name: shown[name](language, line) for name in plan.names}


def row_ops(plan: CellPlan, starts: Iterable[Content], ends: Iterable[Content]) -> Sequence[bytes]:
    """The operators that draw each row."""
    if not plan.own:
        return [start.ops for start in starts]
    return [b"%b %b" % (start.ops, end.ops) for start, end in zip(starts, ends, strict=True)]
