"""Paint the repeated rows of one list: offers, reminders and headings, cached or set now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.compose import PARTED
from service.engine.records import Due, ListDocument, ReminderLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.columns import Span, balance_columns
from service.engine.render.fit import TooLarge
from service.engine.render.joins import join_counts
from service.engine.render.language import Language
from service.engine.render.layout import MM, LayoutCell, OfferGrid, ShoppingListBox
from service.engine.render.painter import Painter
from service.engine.render.plans import CellPlan, Content, RowStart, down
from service.errors import Problem


class _RowKind(NamedTuple):
    """A kind of row.

    `key_of` returns the values of a line that the shared part of a row depends on. `shown` has a
    function for each variable, from language and line to text.
    """

    key_of: Callable[[Any], Any]
    shown: Mapping[str, Callable[[Language, Any], str]]


_OFFER = _RowKind(
    attrgetter("title", "detail", "goods", "value_text"),
    {
        "title": lambda _, line: line.title,
        "detail": lambda _, line: PARTED.join(
            filter(None, (join_counts(line.detail), join_counts(line.goods)))
        ),
        "value": lambda _, line: join_counts(line.value_text),
        "line": lambda _, line: str(line.line),
    },
)
_REMINDER = _RowKind(
    attrgetter("item", "product", "price_cents"),
    {
        "item": lambda _, line: line.item,
        "product": lambda _, line: line.product,
        "price": lambda language, line: language.price(line.price_cents),
        "expected": lambda language, line: language.expected(line),
        "need": lambda language, line: language.need(line),
        "due": lambda language, line: language.due(line),
        "reason": lambda _, line: join_counts(line.reason),
        "why": lambda language, line: language.why(line),
        "line": lambda _, line: str(line.line),
    },
)
_HEADING = _RowKind(str, {"department": lambda _, name: name})


_DUE_PLACES = {due: place for place, due in enumerate(Due)}


def _due_place(line: ReminderLine) -> int:
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
        depth = 0.0
        for block, first, end in self.columns[index] if index < len(self.columns) else ():
            head = (self.continued if first else self.heads)[block]
            depth += head.height + sum(self.groups[block].heights[first:end]) + gap
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
        self.own_values = {"more": ""}
        """The values of the variables that may differ between lists of one cycle."""
        self._filled: dict[ShoppingListBox, _FilledColumns] = {}

    def add_problem(self, element: str, error: Exception) -> None:
        """Record a text that cannot be printed."""
        remedy = "shorten the text" if isinstance(error, TooLarge) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def draw_offers(self, grid: OfferGrid, canvas: Canvas) -> None:
        """Draw the offers in their grid."""
        offers = self.document.offers
        if not offers:
            return
        plan = self.painter.cell_plan(grid.cell, self.language)
        starts, ends = self._row_parts(plan, _OFFER, offers)
        try:
            start, moves = self.painter.moves.grid_moves(grid, tuple([row.height for row in ends]))
        except TooLarge as error:
            self.add_problem(grid.id, error)
            return
        ops = [b""] * (2 * len(offers))
        ops[::2] = _row_ops(plan, starts, ends)
        ops[1::2] = moves
        canvas.add_columns([LayoutColumn(start, ("LI", "") * len(offers), ops)])

    def draw_shopping_list(self, box: ShoppingListBox, canvas: Canvas) -> None:
        """Draw the part of the shopping list that is on this page."""
        filled = self._filled.get(box)
        if filled is None:
            filled = self._filled[box] = self._fill_columns(box)
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
        if box.blank is not None:
            self._draw_blanks(box, box.blank, filled, canvas)

    def _draw_blanks(
        self, box: ShoppingListBox, cell: LayoutCell, filled: _FilledColumns, canvas: Canvas
    ) -> None:
        """Draw empty lines to write on, below the lines of each column."""
        (blank,) = self._starts(self.painter.cell_plan(cell, self.language), _HEADING, [""])
        gap = round(box.department_gap * MM, 1)
        first = (canvas.number - box.page) * box.columns
        ops: list[bytes] = []
        for index, start in enumerate(self.painter.moves.column_starts(box), first):
            depth = filled.depth(index, gap)
            room = int((box.h * MM - depth + 0.01) / blank.height)
            if room and box.blanks:
                ops += (start, down(round(depth, 1)))
                ops += [blank.ops, blank.move_below] * min(room, box.blanks)
                ops.append(b"Q")
        if ops:
            canvas.add_tagged("Artifact", b"\n".join(ops))

    def _fill_columns(self, box: ShoppingListBox) -> _FilledColumns:
        by_department = self._group_by_department(box)
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

    def _group_by_department(self, box: ShoppingListBox) -> dict[str, _DepartmentLines]:
        """Group the lines by department, in the order of appearance; what is due first leads."""
        groups: dict[str, _DepartmentLines] = {}
        kinds: list[tuple[LayoutCell, _RowKind, Sequence[Any]]] = [
            (box.reminder, _REMINDER, sorted(self.document.reminders, key=_due_place))
        ]
        if box.offer is not None:
            kinds.append((box.offer, _OFFER, self.document.offers))
        for cell, kind, lines in kinds:
            plan = self.painter.cell_plan(cell, self.language)
            starts, ends = self._row_parts(plan, kind, lines)
            for line, ops, row in zip(lines, _row_ops(plan, starts, ends), ends, strict=True):
                group = groups.get(line.department)
                if group is None:
                    group = groups[line.department] = _DepartmentLines()
                group.line_ops.append(b"%b %b" % (ops, row.move_below))
                group.heights.append(row.height)
        return groups

    def _row_parts(
        self, plan: CellPlan, kind: _RowKind, lines: Sequence[Any]
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

    def _starts(self, plan: CellPlan, kind: _RowKind, lines: Sequence[Any]) -> list[RowStart]:
        """The part of each row that is shared with other lists."""
        starts: list[Any] = [*map(plan.starts.get, map(kind.key_of, lines))]
        if None in starts:
            starts = [
                start or self._row_start(plan, kind, line)
                for start, line in zip(starts, lines, strict=True)
            ]
        self.contents += starts
        return starts

    def _row_start(self, plan: CellPlan, kind: _RowKind, line: Any) -> RowStart:
        values = self._values(plan, kind, line)
        return self.painter.row_start(plan, kind.key_of(line), values, self.add_problem)

    def _row_tail(self, plan: CellPlan, row_start: RowStart, kind: _RowKind, line: Any) -> Content:
        values = self._values(plan, kind, line)
        return self.painter.row_tail(plan, row_start, plan.own_key(line), values, self.add_problem)

    def _values(self, plan: CellPlan, kind: _RowKind, line: Any) -> Callable[[], Mapping[str, str]]:
        language, shown = self.language, kind.shown
        return lambda: {name: shown[name](language, line) for name in plan.names}


def _row_ops(plan: CellPlan, starts: Iterable[Content], ends: Iterable[Content]) -> Sequence[bytes]:
    """The operators that draw each row."""
    if not plan.own:
        return [start.ops for start in starts]
    return [b"%b %b" % (start.ops, end.ops) for start, end in zip(starts, ends, strict=True)]
