"""Painting one list: from a document and an address to the content of its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.engine.records import Address, ListDocument, OfferLine, ReminderLine
from service.engine.render.columns import Placed, balance
from service.engine.render.fit import DoesNotFit, MissingGlyph
from service.engine.render.layout import (
    MM,
    AddressBox,
    Cell,
    Element,
    OfferGrid,
    ShoppingList,
    SymbolBox,
    TextBox,
)
from service.engine.render.painter import Painter
from service.engine.render.place import place_symbol
from service.engine.render.plans import CellPlan, Row
from service.engine.render.sheet import Sheet
from service.errors import InvalidInput, Problem


def paint(
    painter: Painter, document: ListDocument, address: Address | None, *, name: str, seq: int
) -> list[Sheet]:
    """The pages of one list; `InvalidInput` lists every text that cannot be printed.

    `name` is what an error calls the list; `seq` is printed as the sequence mark unless 0.
    """
    work = _Work(painter, document, address, name=name, seq=seq)
    sheets = [work.page(number, elements) for number, elements in enumerate(painter.pages, 1)]
    if work.problems:
        detail = "; ".join(map(str, work.problems[:3]))
        raise InvalidInput(f"{name} cannot be printed: {detail}", work.problems)
    return sheets


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
    ) -> None:
        self.painter = painter
        self.document = document
        self.address = address
        self.name = name
        self.problems: list[Problem] = []
        self.poured: dict[ShoppingList, _Lines] = {}
        words = self.words = painter.language(document.language)
        self.values = {
            "retailer": document.retailer,
            "greeting": document.greeting or words.phrases.texts["greeting"],
            "worth": words.amount(document.worth_cents, document.currency),
            "issued": words.date(document.issued_on),
            "valid_from": words.date(document.valid_from),
            "valid_to": words.date(document.valid_to),
            "from_day": words.day(document.valid_from),
            "to_day": words.day(document.valid_to),
            "tip": document.tip,
            "legal": self._legal(),
            "sender": painter.terms.sender or document.retailer,
            "seq": f"{seq:06d}" if seq else "",
            "pages": str(len(painter.pages)),
            "offers": "1" if document.offers else "",
            "more": "",
        }

    def page(self, number: int, elements: Sequence[Element]) -> Sheet:
        """Draw one page."""
        sheet = Sheet(number, self.painter.terms.by_line)
        self.values["page"] = str(number)
        for element in elements:
            if isinstance(element, TextBox):
                self._text(element, sheet)
            elif isinstance(element, OfferGrid):
                self._offers(element, sheet)
            elif isinstance(element, ShoppingList):
                self._list(element, sheet)
            elif isinstance(element, SymbolBox):
                self._symbol(element, sheet)
            elif isinstance(element, AddressBox):
                self._address(element, sheet)
            elif self.values[element.when]:
                sheet.tagged("Artifact", self.painter.rule(element))
        return sheet

    def _refuse(self, element: str, error: Exception) -> None:
        remedy = "shorten the text" if isinstance(error, DoesNotFit) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def _legal(self) -> str:
        """The list's own terms, then those of its offers; a text they share stands once."""
        lines: dict[str, list[str]] = {}
        for offer in self.document.offers:
            if offer.legal:
                lines.setdefault(offer.legal, []).append(str(offer.line))
        made = [self.document.legal] if self.document.legal else []
        for text, numbers in lines.items():
            if len(numbers) == len(self.document.offers):
                made.append(text)
            else:
                named = self.words.phrases.texts["legal_for"].format(numbers=", ".join(numbers))
                made.append(f"{named} {text}")
        return " ".join(made)

    def _text(self, box: TextBox, sheet: Sheet) -> None:
        if box.when and not self.values[box.when]:
            return
        try:
            ops = self.painter.text(box, self.words, self.values)
        except (DoesNotFit, MissingGlyph) as error:
            self._refuse(box.id, error)
            return
        if ops:
            sheet.tagged(box.role, ops)

    def _offer(self, plan: CellPlan, offer: OfferLine) -> Row:
        whole = (offer.line, offer.title, offer.detail, offer.value_text)
        row = plan.rows.get(whole)
        if row is not None:
            return row
        key = whole[1:]
        started = plan.started.get(key)
        if started is None:
            shared = {"title": offer.title, "detail": offer.detail, "value": offer.value_text}
            started = self.painter.start(plan, shared, self._refuse, key=key)
        before = len(self.problems)
        row = self.painter.finish(plan, started, {"line": str(offer.line)}, self._refuse)
        sound = key in plan.started and len(self.problems) == before
        return self.painter.keep(plan, whole, row) if sound else row

    def _reminder(self, plan: CellPlan, line: ReminderLine) -> Row:
        price = line.price_cents
        key = (line.item, line.product, price)
        started = plan.started.get(key)
        if started is None:
            amount = "" if price is None else self.words.amount(price, self.document.currency)
            shared = {"item": line.item, "product": line.product, "price": amount}
            started = self.painter.start(plan, shared, self._refuse, key=key)
        own = {
            "expected": self.words.day(line.expected_on),
            "reason": line.reason,
            "line": str(line.line),
        }
        return self.painter.finish(plan, started, own, self._refuse)

    def _header(self, cell: Cell, department: str) -> Row:
        plan = self.painter.cell(cell, self.words)
        row = plan.rows.get(department)
        if row is not None:
            return row
        before = len(self.problems)
        row = self.painter.row(plan, {"department": department}, self._refuse)
        return self.painter.keep(plan, department, row) if len(self.problems) == before else row

    def _offers(self, grid: OfferGrid, sheet: Sheet) -> None:
        plan = self.painter.cell(grid.cell, self.words)
        made = [self._offer(plan, offer) for offer in self.document.offers]
        if not made:
            return
        columns = grid.columns
        rows = [made[at : at + columns] for at in range(0, len(made), columns)]
        natural = [max(row.height for row in cells) for cells in rows]
        spare = grid.h * MM - sum(natural)
        if spare < -0.01:
            short = f"{len(made)} offers need {-spare / MM:.1f} mm more height"
            self._refuse(grid.id, DoesNotFit(short))
            return
        step = (grid.w + grid.gutter) / columns * MM
        top = self.painter.height_pt - grid.y * MM
        share = spare / len(rows)
        placed: list[tuple[str, tuple[bytes, ...]]] = []
        lefts = [b"%.2f" % (grid.x * MM + place * step) for place in range(columns)]
        for cells, least in zip(rows, natural, strict=True):
            for left, row in zip(lefts, cells, strict=False):
                placed.append(("LI", _at(row, left, top)))
            top -= max(least, min(least + share, grid.row_max * MM))
        sheet.lines(placed)

    def _list(self, box: ShoppingList, sheet: Sheet) -> None:
        lines = self.poured.get(box)
        if lines is None:
            lines = self.poured[box] = self._pour(box)
        top = self.painter.height_pt - box.y * MM
        step = (box.w + box.gutter) / box.columns * MM
        first = (sheet.number - box.page) * box.columns
        placed: list[tuple[str, tuple[bytes, ...]]] = []
        blanks: list[bytes] = []
        for place in range(box.columns):
            x = b"%.2f" % (box.x * MM + place * step)
            at = first + place
            depth = 0.0
            if at < len(lines.columns):
                depth = lines.depths[at]
                for offset, row, heading in lines.columns[at]:
                    placed.append(("H3" if heading else "LI", _at(row, x, top - offset)))
            if box.blank is not None:
                blank = self._header(box.blank, "")
                depth += box.department_gap * MM if depth else 0.0
                room = int((box.h * MM - depth + 0.01) / blank.height)
                for _ in range(min(room, box.blanks)):
                    blanks += _at(blank, x, top - depth)
                    depth += blank.height
        sheet.lines(placed)
        if blanks:
            sheet.tagged("Artifact", b"\n".join(blanks))

    def _pour(self, box: ShoppingList) -> _Lines:
        groups: dict[str, list[Row]] = {}
        plan = self.painter.cell(box.reminder, self.words)
        for line in self.document.reminders:
            groups.setdefault(line.department, []).append(self._reminder(plan, line))
        if box.offer is not None:
            plan = self.painter.cell(box.offer, self.words)
            for offer in self.document.offers:
                groups.setdefault(offer.department, []).append(self._offer(plan, offer))
        order = self.painter.order
        blocks = [
            (self._header(box.header, name), tuple(groups[name]))
            for name in sorted(groups, key=lambda name: order.get(name, len(order)))
        ]
        gap = box.department_gap * MM
        columns = None
        for pages in range(1, box.over + 1):
            columns = columns or balance(
                blocks, columns=box.columns * pages, room=box.h * MM, gap=gap
            )
        self.values["more"] = "1" if columns and len(columns) > box.columns else ""
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


_TENTHS = [b"%.1f" % (number / 10) for number in range(20_000)]
"""Lengths written in tenths of a point."""


def _at(row: Row, left: bytes, top: float) -> tuple[bytes, ...]:
    """A row moved to its place."""
    return (b"q 1 0 0 1", left, _TENTHS[int(top * 10 + 0.5)], b"cm", row.ops, b"Q")
