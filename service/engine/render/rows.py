"""The repeated rows of one list: offers, reminders, headings, found ready or set now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.records import ListDocument
from service.engine.render.columns import Span, balance
from service.engine.render.fit import DoesNotFit
from service.engine.render.language import Language
from service.engine.render.layout import MM, Cell, OfferGrid, ShoppingList
from service.engine.render.painter import Painter
from service.engine.render.plans import CellPlan, Drawn, Started, down
from service.engine.render.sheet import Column, Sheet
from service.errors import Problem


class _Kind(NamedTuple):
    """A kind of row: the values of a line that rows share, and the variables of a row."""

    key_of: Callable[[Any], Any]
    shown: Mapping[str, Callable[[Language, Any], str]]


_OFFER = _Kind(
    attrgetter("title", "detail", "value_text"),
    {
        "title": lambda _, line: line.title,
        "detail": lambda _, line: line.detail,
        "value": lambda _, line: line.value_text,
        "line": lambda _, line: str(line.line),
    },
)
_REMINDER = _Kind(
    attrgetter("item", "product", "price_cents"),
    {
        "item": lambda _, line: line.item,
        "product": lambda _, line: line.product,
        "price": lambda words, line: words.price(line.price_cents),
        "expected": lambda words, line: words.expected(line.expected_on),
        "need": lambda words, line: words.need(line.expected_on),
        "reason": lambda _, line: line.reason,
        "line": lambda _, line: str(line.line),
    },
)
_HEADING = _Kind(str, {"department": lambda _, name: name})


class _Group:
    """The lines of one department: what draws each and moves below it, and their heights."""

    __slots__ = ("falls", "heights")

    def __init__(self) -> None:
        self.falls: list[bytes] = []
        self.heights: list[float] = []


class _Poured:
    """A list's lines in columns."""

    __slots__ = ("columns", "groups", "heads")

    def __init__(
        self, heads: Sequence[Drawn], groups: Sequence[_Group], columns: Sequence[Sequence[Span]]
    ) -> None:
        self.heads = heads
        self.groups = groups
        self.columns = columns

    def depth(self, place: int, gap: float) -> float:
        """How far down a column's lines reach, with the gap after them; 0 for an empty one."""
        depth = 0.0
        for block, first, end in self.columns[place] if place < len(self.columns) else ():
            depth += self.heads[block].height + sum(self.groups[block].heights[first:end]) + gap
        return depth


class Rows:
    """Draws one list's rows, and gathers its problems and what its pages draw by name."""

    def __init__(self, painter: Painter, document: ListDocument, *, name: str) -> None:
        self.painter = painter
        self.document = document
        self.name = name
        self.words = painter.language(document.language, document.currency)
        self.problems: list[Problem] = []
        self.drawn: list[Drawn] = []
        self.live = {"more": ""}
        """The layout's variables that belong to this list alone."""
        self._poured: dict[ShoppingList, _Poured] = {}

    def refuse(self, element: str, error: Exception) -> None:
        """Note a text that cannot be printed."""
        remedy = "shorten the text" if isinstance(error, DoesNotFit) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def offers(self, grid: OfferGrid, sheet: Sheet) -> None:
        """Draw the offers in their grid."""
        offers = self.document.offers
        if not offers:
            return
        plan = self.painter.cell(grid.cell, self.words)
        starts, ends = self._rows(plan, _OFFER, offers)
        try:
            start, moves = self.painter.frames.frame(grid, tuple([row.height for row in ends]))
        except DoesNotFit as error:
            self.refuse(grid.id, error)
            return
        ops = [b""] * (2 * len(offers))
        ops[::2] = _joined(plan, starts, ends)
        ops[1::2] = moves
        sheet.lines([Column(start, ("LI", "") * len(offers), ops)])

    def listed(self, box: ShoppingList, sheet: Sheet) -> None:
        """Draw what of the shopping list stands on this page."""
        poured = self._poured.get(box)
        if poured is None:
            poured = self._poured[box] = self._pour(box)
        gap = down(round(box.department_gap * MM, 1))
        first = (sheet.number - box.page) * box.columns
        columns: list[Column] = []
        for start, spans in zip(
            self.painter.frames.starts(box), poured.columns[first:], strict=False
        ):
            ops: list[bytes] = []
            roles: list[str] = []
            for block, begin, end in spans:
                if ops:
                    ops.append(gap)
                    roles.append("")
                head = poured.heads[block]
                falls = poured.groups[block].falls[begin:end]
                ops.append(b"%b %b" % (head.ops, head.fall))
                ops += falls
                if sheet.by_line:
                    roles += ("H3", *("LI",) * len(falls))
            columns.append(Column(start, roles, ops))
        sheet.lines(columns)
        if box.blank is not None:
            self._blanks(box, box.blank, poured, sheet)

    def _blanks(self, box: ShoppingList, cell: Cell, poured: _Poured, sheet: Sheet) -> None:
        """Empty lines to write on, under the lines of each column."""
        (blank,) = self._starts(self.painter.cell(cell, self.words), _HEADING, [""])
        gap = round(box.department_gap * MM, 1)
        first = (sheet.number - box.page) * box.columns
        ops: list[bytes] = []
        for place, start in enumerate(self.painter.frames.starts(box), first):
            depth = poured.depth(place, gap)
            room = int((box.h * MM - depth + 0.01) / blank.height)
            if room and box.blanks:
                ops += (start, down(round(depth, 1)))
                ops += [blank.ops, blank.fall] * min(room, box.blanks)
                ops.append(b"Q")
        if ops:
            sheet.tagged("Artifact", b"\n".join(ops))

    def _pour(self, box: ShoppingList) -> _Poured:
        found = self._grouped(box)
        names: Sequence[str] = [*found]
        order = self.painter.order
        if order:
            names = sorted(names, key=lambda name: order.get(name, len(order)))
        groups = [found[name] for name in names]
        heads = self._starts(self.painter.cell(box.header, self.words), _HEADING, names)
        blocks = [(head.height, group.heights) for head, group in zip(heads, groups, strict=True)]
        gap = round(box.department_gap * MM, 1)
        for pages in range(1, box.over + 1):
            columns = balance(blocks, columns=box.columns * pages, room=box.h * MM, gap=gap)
            if columns is not None:
                if len(columns) > box.columns:
                    self.live["more"] = "1"
                return _Poured(heads, groups, columns)
        count = sum(len(group.falls) for group in groups)
        self.refuse(box.id, DoesNotFit(f"{count} lines do not fit {box.h:g} mm of height"))
        return _Poured([], [], [])

    def _grouped(self, box: ShoppingList) -> dict[str, _Group]:
        """The lines by department, in the order in which departments come."""
        groups: dict[str, _Group] = {}
        kinds: list[tuple[Cell, _Kind, Sequence[Any]]] = [
            (box.reminder, _REMINDER, self.document.reminders)
        ]
        if box.offer is not None:
            kinds.append((box.offer, _OFFER, self.document.offers))
        for cell, kind, lines in kinds:
            plan = self.painter.cell(cell, self.words)
            starts, ends = self._rows(plan, kind, lines)
            for line, ops, row in zip(lines, _joined(plan, starts, ends), ends, strict=True):
                group = groups.get(line.department)
                if group is None:
                    group = groups[line.department] = _Group()
                group.falls.append(b"%b %b" % (ops, row.fall))
                group.heights.append(row.height)
        return groups

    def _rows(
        self, plan: CellPlan, kind: _Kind, lines: Sequence[Any]
    ) -> tuple[Sequence[Drawn], Sequence[Drawn]]:
        """The beginning of each row and its end, which is the beginning itself of a whole one."""
        starts = self._starts(plan, kind, lines)
        if not plan.own:
            return starts, starts
        keys = map(plan.own_of, lines)
        ends: list[Any] = [start.tails.get(key) for start, key in zip(starts, keys, strict=True)]
        if None in ends:
            ends = [
                end or self._tail(plan, start, kind, line)
                for end, start, line in zip(ends, starts, lines, strict=True)
            ]
        self.drawn += ends
        return starts, ends

    def _starts(self, plan: CellPlan, kind: _Kind, lines: Sequence[Any]) -> list[Started]:
        """What the rows share with those of other lists."""
        starts: list[Any] = [*map(plan.ready.get, map(kind.key_of, lines))]
        if None in starts:
            starts = [
                start or self._started(plan, kind, line)
                for start, line in zip(starts, lines, strict=True)
            ]
        self.drawn += starts
        return starts

    def _started(self, plan: CellPlan, kind: _Kind, line: Any) -> Started:
        values = self._values(plan, kind, line)
        return self.painter.started(plan, kind.key_of(line), values, self.refuse)

    def _tail(self, plan: CellPlan, started: Started, kind: _Kind, line: Any) -> Drawn:
        values = self._values(plan, kind, line)
        return self.painter.tail(plan, started, plan.own_of(line), values, self.refuse)

    def _values(self, plan: CellPlan, kind: _Kind, line: Any) -> Callable[[], Mapping[str, str]]:
        words, shown = self.words, kind.shown
        return lambda: {name: shown[name](words, line) for name in plan.names}


def _joined(plan: CellPlan, starts: Iterable[Drawn], ends: Iterable[Drawn]) -> Sequence[bytes]:
    """What draws each row."""
    if not plan.own:
        return [start.ops for start in starts]
    return [b"%b %b" % (start.ops, end.ops) for start, end in zip(starts, ends, strict=True)]
