"""The repeated rows of one list: offers, reminders, headings, found ready or set now."""

from collections.abc import Mapping, Sequence

from service.engine.records import ListDocument, OfferLine, ReminderLine
from service.engine.render.columns import Span, balance
from service.engine.render.fit import DoesNotFit
from service.engine.render.layout import MM, Cell, OfferGrid, ShoppingList
from service.engine.render.painter import Painter
from service.engine.render.plans import CellPlan, Drawn, Started, down
from service.engine.render.sheet import Column, Sheet
from service.errors import Problem


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
        self, heads: Sequence[Drawn], groups: Sequence[_Group], columns: list[list[Span]]
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
        self.entries: list[bytes] = []
        self.live = {"more": ""}
        """The layout's variables that belong to this list alone."""
        self._poured: dict[ShoppingList, _Poured] = {}

    def refuse(self, element: str, error: Exception) -> None:
        """Note a text that cannot be printed."""
        remedy = "shorten the text" if isinstance(error, DoesNotFit) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def offers(self, grid: OfferGrid, sheet: Sheet) -> None:
        """Draw the offers in their grid."""
        plan = self.painter.cell(grid.cell, self.words)
        made = [self._offer(plan, offer) for offer in self.document.offers]
        if not made:
            return
        try:
            start, moves = self.painter.frame(grid, tuple([row.height for row in made]))
        except DoesNotFit as error:
            self.refuse(grid.id, error)
            return
        count = len(made)
        ops = [b""] * (2 * count)
        ops[::2] = [row.ops for row in made]
        ops[1::2] = moves
        sheet.lines([Column(start, ("LI", "") * count, ops)])

    def listed(self, box: ShoppingList, sheet: Sheet) -> None:
        """Draw what of the shopping list stands on this page."""
        poured = self._poured.get(box)
        if poured is None:
            poured = self._poured[box] = self._pour(box)
        gap = down(round(box.department_gap * MM, 1))
        first = (sheet.number - box.page) * box.columns
        columns: list[Column] = []
        for start, spans in zip(self.painter.starts(box), poured.columns[first:], strict=False):
            ops: list[bytes] = []
            roles: list[str] = []
            for block, begin, end in spans:
                if ops:
                    ops.append(gap)
                    roles.append("")
                ops.append(poured.heads[block].fall)
                ops += poured.groups[block].falls[begin:end]
                if sheet.by_line:
                    roles += ("H3", *("LI",) * (end - begin))
            columns.append(Column(start, roles, ops))
        sheet.lines(columns)
        if box.blank is not None:
            self._blanks(box, box.blank, poured, sheet)

    def _blanks(self, box: ShoppingList, cell: Cell, poured: _Poured, sheet: Sheet) -> None:
        """Empty lines to write on, under the lines of each column."""
        blank = self._header(cell, "")
        gap = round(box.department_gap * MM, 1)
        first = (sheet.number - box.page) * box.columns
        ops: list[bytes] = []
        for place, start in enumerate(self.painter.starts(box), first):
            depth = poured.depth(place, gap)
            room = int((box.h * MM - depth + 0.01) / blank.height)
            if room and box.blanks:
                ops += (start, down(round(depth, 1)))
                ops += [blank.fall] * min(room, box.blanks)
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
        heads = [self._header(box.header, name) for name in names]
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
        plan = self.painter.cell(box.reminder, self.words)
        begun, own_of, entries = plan.started, plan.own_of, self.entries
        for line in self.document.reminders:
            started = begun.get((line.item, line.product, line.price_cents))
            if started is None or not started.settled:
                started = self._started(plan, line)
            entries.append(started.entry)
            group = groups.get(line.department)
            if group is None:
                group = groups[line.department] = _Group()
            if not plan.own:
                group.falls.append(started.fall)
                group.heights.append(started.height)
                continue
            tail = started.tails.get(own_of(line))
            if tail is None or not tail.settled:
                tail = self._tail(plan, started, line)
            entries.append(tail.entry)
            group.falls.append(b"%b %b" % (started.ops, tail.fall))
            group.heights.append(tail.height)
        if box.offer is not None:
            plan = self.painter.cell(box.offer, self.words)
            for offer in self.document.offers:
                row = self._offer(plan, offer)
                group = groups.setdefault(offer.department, _Group())
                group.falls.append(row.fall)
                group.heights.append(row.height)
        return groups

    def _started(self, plan: CellPlan, line: ReminderLine) -> Started:
        """What the row of a reminder shares with others, seen for the first or second time."""
        key = (line.item, line.product, line.price_cents)
        started = plan.started.get(key)
        if started is None:
            return self.painter.start(plan, self._shown(line), self.refuse, key=key)
        self.painter.share(started)
        return started

    def _tail(self, plan: CellPlan, started: Started, line: ReminderLine) -> Drawn:
        """The rest of the row, seen for the first or second time."""
        key = plan.own_of(line)
        tail = started.tails.get(key)
        if tail is None:
            return self.painter.tail(plan, started, self._shown(line), self.refuse, key=key)
        self.painter.share(tail)
        return tail

    def _shown(self, line: ReminderLine) -> dict[str, str]:
        price = line.price_cents
        return {
            "item": line.item,
            "product": line.product,
            "price": "" if price is None else self.words.amount(price),
            "expected": self.words.expected(line.expected_on),
            "need": self.words.need(line.expected_on),
            "reason": line.reason,
            "line": str(line.line),
        }

    def _offer(self, plan: CellPlan, offer: OfferLine) -> Drawn:
        key = (offer.line, offer.title, offer.detail, offer.value_text)
        row = plan.rows.get(key)
        if row is None:
            values = {
                "line": str(offer.line),
                "title": offer.title,
                "detail": offer.detail,
                "value": offer.value_text,
            }
            return self._whole(plan, key, values)
        if not row.settled:
            self.painter.share(row)
        self.entries.append(row.entry)
        return row

    def _header(self, cell: Cell, department: str) -> Drawn:
        plan = self.painter.cell(cell, self.words)
        row = plan.rows.get(department)
        if row is None:
            return self._whole(plan, department, {"department": department})
        if not row.settled:
            self.painter.share(row)
        self.entries.append(row.entry)
        return row

    def _whole(self, plan: CellPlan, key: object, values: Mapping[str, str]) -> Drawn:
        """A row with all its texts, kept unless one of them cannot be printed."""
        before = len(self.problems)
        row = self.painter.row(plan, values, self.refuse)
        return self.painter.keep(plan, key, row) if len(self.problems) == before else row
