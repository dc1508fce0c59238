"""Painting one list: from a document and an address to the content of its pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from service.engine.records import Address, ListDocument, OfferLine, ReminderLine
from service.engine.render.columns import Placed, balance
from service.engine.render.fit import DoesNotFit, MissingGlyph
from service.engine.render.layout import (
    MM,
    AddressBox,
    Cell,
    OfferGrid,
    PieceMark,
    Rule,
    ShoppingList,
    SymbolBox,
)
from service.engine.render.marks import place_mark
from service.engine.render.painter import Painter, Ready, Step
from service.engine.render.place import place_symbol
from service.engine.render.plans import CellPlan, Drawn, Row, TextPlan, down
from service.engine.render.sheet import Column, Painted, Run, Sheet
from service.errors import InvalidInput, Problem

_LEGAL = attrgetter("legal")


def paint(
    painter: Painter,
    document: ListDocument,
    address: Address | None,
    *,
    name: str,
    seq: int,
    piece_id: str = "",
) -> Painted:
    """The pages of one list; `InvalidInput` lists every text that cannot be printed.

    `name` is what an error calls the list; `seq` is printed as the sequence mark unless 0.
    `piece_id` is what a mark for machines says; without it there is none.
    """
    work = _Work(painter, document, address, name=name, seq=seq, piece_id=piece_id)
    sheets = [work.page(number) for number in range(1, painter.layout.pages + 1)]
    if work.problems:
        detail = "; ".join(map(str, work.problems[:3]))
        raise InvalidInput(f"{name} cannot be printed: {detail}", work.problems)
    return Painted(sheets, work.entries)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A list's lines poured into columns, and how far down they reach in each."""

    columns: list[list[Placed]]
    depths: list[float]


class _Work:
    """The painting of one list: its values, and the problems met so far."""

    def __init__(
        self,
        painter: Painter,
        document: ListDocument,
        address: Address | None,
        *,
        name: str,
        seq: int,
        piece_id: str,
    ) -> None:
        self.painter = painter
        self.document = document
        self.address = address
        self.name = name
        self.problems: list[Problem] = []
        self.poured: dict[ShoppingList, _Lines] = {}
        self.entries: list[bytes] = []
        self.words = painter.language(document.language)
        words = self.words
        self.marks = {"piece_id": piece_id, "seq": f"{seq:06d}"} if piece_id else {}
        self.live = {
            "seq": f"{seq:06d}" if seq else "",
            "more": "",
            "greeting": document.greeting or words.phrases.texts["greeting"],
            "worth": words.amount(document.worth_cents, document.currency),
        }
        legal = self._legal()
        self.front = (
            document.retailer,
            document.issued_on,
            document.valid_from,
            document.valid_to,
            document.tip,
            legal,
            not document.offers,
        )
        """What the texts are made of that the lists of one issue share."""

    @cached_property
    def values(self) -> dict[str, str]:
        """The variables of the layout's texts, but for those of `live`."""
        document, words, painter = self.document, self.words, self.painter
        return {
            "retailer": document.retailer,
            "issued": words.date(document.issued_on),
            "valid_from": words.date(document.valid_from),
            "valid_to": words.date(document.valid_to),
            "from_day": words.day(document.valid_from),
            "to_day": words.day(document.valid_to),
            "tip": document.tip,
            "legal": self._legal(),
            "sender": painter.terms.sender or document.retailer,
            "pages": str(painter.layout.pages),
            "offers": "1" if document.offers else "",
        }

    def page(self, number: int) -> Sheet:
        """Draw one page, with the texts that lists share as they were drawn before."""
        sheet = Sheet(number, self.painter.terms.by_line)
        kept = self.words.ready[number - 1]
        ready = kept.get(self.front)
        if ready is None:
            ready = self._ready(number, kept)
        self.entries += ready.entries
        for run, element, plan in ready.steps:
            if run is not None:
                sheet.still(run)
            if plan is not None:
                self._live(plan, number, sheet)
            elif isinstance(element, OfferGrid):
                self._offers(element, sheet)
            elif isinstance(element, ShoppingList):
                self._list(element, sheet)
            elif isinstance(element, SymbolBox):
                self._symbol(element, sheet)
            elif isinstance(element, AddressBox):
                self._address(element, sheet)
            elif isinstance(element, PieceMark):
                self._mark(element, sheet)
            elif isinstance(element, Rule) and self.live[element.when]:
                sheet.tagged("Artifact", self.painter.rule(element))
        return sheet

    def _ready(self, number: int, kept: dict[Any, Ready]) -> Ready:
        """Set the shared texts of a page; they are kept once all of them are drawn by name."""
        before = len(self.problems)
        values = {**self.values, "page": str(number)}
        shelf = self.painter.shelf
        steps: list[Step] = []
        parts: list[tuple[str, bytes]] = []
        entries: list[bytes] = []
        lasting = True
        for element, plan in self.words.pages[number - 1]:
            if plan is not None and plan.still:
                drawn = self._still(plan, values)
                if drawn is not None and drawn.ops:
                    parts.append((plan.box.role, drawn.ops))
                    entries.append(drawn.entry)
                    lasting &= shelf is None or bool(drawn.entry)
            elif isinstance(element, Rule) and element.when not in self.live:
                if values[element.when]:
                    parts.append(("Artifact", self.painter.rule(element)))
            else:
                steps.append((Run(parts) if parts else None, element, plan))
                parts = []
        steps.append((Run(parts) if parts else None, None, None))
        ready = Ready(steps, entries)
        if lasting and len(self.problems) == before:
            self.painter.keep_ready(kept, self.front, ready)
        return ready

    def _refuse(self, element: str, error: Exception) -> None:
        remedy = "shorten the text" if isinstance(error, DoesNotFit) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def _legal(self) -> str:
        """The list's own terms, then those of its offers; a text they share stands once."""
        document = self.document
        if not any(map(_LEGAL, document.offers)):
            return document.legal
        lines: dict[str, list[str]] = {}
        for offer in document.offers:
            if offer.legal:
                lines.setdefault(offer.legal, []).append(str(offer.line))
        made = [document.legal] if document.legal else []
        for text, numbers in lines.items():
            if len(numbers) == len(document.offers):
                made.append(text)
            else:
                named = self.words.phrases.texts["legal_for"].format(numbers=", ".join(numbers))
                made.append(f"{named} {text}")
        return " ".join(made)

    def _still(self, plan: TextPlan, values: Mapping[str, str]) -> Drawn | None:
        box = plan.box
        if box.when and not values[box.when]:
            return None
        try:
            return self.painter.text(plan, values)
        except (DoesNotFit, MissingGlyph) as error:
            self._refuse(box.id, error)
            return None

    def _live(self, plan: TextPlan, number: int, sheet: Sheet) -> None:
        """A text that belongs to this list alone, or is known only when the lines are placed."""
        values: Mapping[str, str] = self.live
        if plan.mixed:
            values = {**self.values, **self.live, "page": str(number)}
        drawn = self._still(plan, values)
        if drawn is not None and drawn.ops:
            sheet.tagged(plan.box.role, drawn.ops)
            self.entries.append(drawn.entry)

    def _offer(self, plan: CellPlan, offer: OfferLine) -> Drawn:
        row = plan.rows.get((offer.line, offer.title, offer.detail, offer.value_text))
        if row is None:
            values = {
                "line": str(offer.line),
                "title": offer.title,
                "detail": offer.detail,
                "value": offer.value_text,
            }
            key = (offer.line, offer.title, offer.detail, offer.value_text)
            return self._whole(plan, key, values)
        if not row.entry:
            self.painter.share(row)
        self.entries.append(row.entry)
        return row

    def _whole(self, plan: CellPlan, key: object, values: Mapping[str, str]) -> Drawn:
        """A row with all its texts, kept unless one of them cannot be printed."""
        before = len(self.problems)
        row = self.painter.row(plan, values, self._refuse)
        return self.painter.keep(plan, key, row) if len(self.problems) == before else row

    def _reminder(self, plan: CellPlan, line: ReminderLine) -> Drawn | Row:
        entries = self.entries
        key = (line.item, line.product, line.price_cents)
        started = plan.started.get(key)
        if started is None:
            started = self.painter.start(plan, self._shown(line), self._refuse, key=key)
        elif not started.drawn.entry:
            self.painter.share(started.drawn)
        drawn, bottoms = started
        entries.append(drawn.entry)
        if not plan.own:
            return drawn
        own = (plan.own_of(line), bottoms)
        tail = plan.tails.get(own)
        if tail is None:
            values = self._shown(line)
            tail = self.painter.tail(plan, bottoms, values, self._refuse, key=own)
        elif not tail.entry:
            self.painter.share(tail)
        entries.append(tail.entry)
        return Row(b"%b %b" % (drawn.ops, tail.fall), tail.height)

    def _shown(self, line: ReminderLine) -> dict[str, str]:
        price = line.price_cents
        return {
            "item": line.item,
            "product": line.product,
            "price": "" if price is None else self.words.amount(price, self.document.currency),
            "expected": self.words.expected(line.expected_on),
            "need": self.words.need(line.expected_on),
            "reason": line.reason,
            "line": str(line.line),
        }

    def _header(self, cell: Cell, department: str) -> Drawn:
        plan = self.painter.cell(cell, self.words)
        row = plan.rows.get(department)
        if row is None:
            return self._whole(plan, department, {"department": department})
        if not row.entry:
            self.painter.share(row)
        self.entries.append(row.entry)
        return row

    def _offers(self, grid: OfferGrid, sheet: Sheet) -> None:
        plan = self.painter.cell(grid.cell, self.words)
        made = [self._offer(plan, offer) for offer in self.document.offers]
        if not made:
            return
        try:
            start, moves = self.painter.frame(grid, tuple([row.height for row in made]))
        except DoesNotFit as error:
            self._refuse(grid.id, error)
            return
        count = len(made)
        ops = [b""] * (2 * count)
        ops[::2] = [row.ops for row in made]
        ops[1::2] = moves
        sheet.lines([Column(start, ("LI", "") * count, ops)])

    def _list(self, box: ShoppingList, sheet: Sheet) -> None:
        lines = self.poured.get(box)
        if lines is None:
            lines = self.poured[box] = self._pour(box)
        gap = down(round(box.department_gap * MM, 1))
        first = (sheet.number - box.page) * box.columns
        columns: list[Column] = []
        for start, at in zip(
            self.painter.starts(box), range(first, len(lines.columns)), strict=False
        ):
            column = lines.columns[at]
            ops: list[bytes] = []
            for _, row, heading in column:
                if heading and ops:
                    ops.append(gap)
                ops.append(row.fall)
            roles = _roles(column) if sheet.by_line else ()
            columns.append(Column(start, roles, ops))
        sheet.lines(columns)
        if box.blank is not None:
            self._blanks(box, box.blank, lines.depths[first:], sheet)

    def _blanks(self, box: ShoppingList, cell: Cell, depths: Sequence[float], sheet: Sheet) -> None:
        """Empty lines to write on, under the lines of each column."""
        blank = self._header(cell, "")
        ops: list[bytes] = []
        for place, start in enumerate(self.painter.starts(box)):
            depth = depths[place] + box.department_gap * MM if place < len(depths) else 0.0
            room = int((box.h * MM - depth + 0.01) / blank.height)
            if room and box.blanks:
                ops += (start, down(round(depth, 1)))
                ops += [blank.fall] * min(room, box.blanks)
                ops.append(b"Q")
        if ops:
            sheet.tagged("Artifact", b"\n".join(ops))

    def _pour(self, box: ShoppingList) -> _Lines:
        groups: dict[str, list[Drawn | Row]] = {}
        plan = self.painter.cell(box.reminder, self.words)
        for line in self.document.reminders:
            groups.setdefault(line.department, []).append(self._reminder(plan, line))
        if box.offer is not None:
            plan = self.painter.cell(box.offer, self.words)
            for offer in self.document.offers:
                groups.setdefault(offer.department, []).append(self._offer(plan, offer))
        order = self.painter.order
        names: Iterable[str] = groups
        if order:
            names = sorted(groups, key=lambda name: order.get(name, len(order)))
        blocks = [(self._header(box.header, name), groups[name]) for name in names]
        gap = round(box.department_gap * MM, 1)
        columns = None
        for pages in range(1, box.over + 1):
            columns = columns or balance(
                blocks, columns=box.columns * pages, room=box.h * MM, gap=gap
            )
        if columns and len(columns) > box.columns:
            self.live["more"] = "1"
        if columns is None:
            count = sum(map(len, groups.values()))
            self._refuse(box.id, DoesNotFit(f"{count} lines do not fit {box.h:g} mm of height"))
            return _Lines([], [])
        return _Lines(columns, [column[-1][0] + column[-1][1].height for column in columns])

    def _symbol(self, box: SymbolBox, sheet: Sheet) -> None:
        try:
            placed = place_symbol(self.painter, box, self.document.list_code)
        except (DoesNotFit, MissingGlyph) as error:
            self._refuse(box.id, error)
            return
        sheet.tagged("Figure", placed.modules, alt=placed.human)
        sheet.tagged("P", placed.text)

    def _mark(self, mark: PieceMark, sheet: Sheet) -> None:
        if not self.marks:
            return
        try:
            ops = place_mark(mark, self.marks, page_height=self.painter.height_pt)
        except DoesNotFit as error:
            self._refuse(mark.id, error)
            return
        if ops:
            sheet.tagged("Artifact", ops)

    def _address(self, box: AddressBox, sheet: Sheet) -> None:
        if self.address is None:
            return
        painter = self.painter
        postal = painter.layout.stationery.postal
        lines = postal.compose(self.address, sender_country=painter.terms.sender_country)
        whole = painter.address_text(box)
        try:
            fitted = painter.fit(whole, "\n".join(lines), height=box.h * MM)
        except (DoesNotFit, MissingGlyph) as error:
            self._refuse(box.id, error)
            return
        top = painter.height_pt - (box.y + box.h) * MM + fitted.height
        sheet.tagged("P", painter.lines(whole, fitted, left=box.x * MM, top=top))


def _roles(column: Sequence[Placed]) -> list[str]:
    """What the lines of a column are, and the gaps before headings."""
    roles: list[str] = []
    for _, _, heading in column:
        if heading and roles:
            roles.append("")
        roles.append("H3" if heading else "LI")
    return roles
