"""Painting one list: from a document and an address to the content of its pages.

Texts repeat from list to list, so every fitted text and every repeated row is kept as ready
content and only positioned anew. What a batch keeps is bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.engine.money import format_money
from service.engine.records import Address, ListDocument, OfferLine, ReminderLine
from service.engine.render.columns import Row, balance
from service.engine.render.fit import DoesNotFit, Fitted, MissingGlyph, Typesetter
from service.engine.render.layout import (
    MM,
    AddressBox,
    Cell,
    Element,
    Layout,
    OfferGrid,
    Part,
    Rule,
    ShoppingList,
    SymbolBox,
    TextBox,
)
from service.engine.render.phrases import Phrases
from service.engine.render.symbols import DOT_PT, GEOMETRY, SymbolProfile, symbol
from service.errors import InvalidInput, Problem

_KEPT = 20_000
"""Fitted texts and rows kept before the store is emptied; a row is about 500 bytes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One piece of tagged content, in reading order: structure type, and a figure's text."""

    role: str
    alt: str = ""


@dataclass(slots=True)
class Sheet:
    """One painted page under construction."""

    number: int
    ops: list[bytes] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def tagged(self, role: str, ops: bytes, alt: str = "") -> None:
        """Add content as a structure element's, or as an artifact."""
        if role == "Artifact":
            self.ops.append(b"/Artifact BMC\n%b\nEMC" % ops)
            return
        tag = b"LBody" if role == "LI" else role.encode()
        self.ops.append(b"/%b<</MCID %d>>BDC\n%b\nEMC" % (tag, len(self.marks), ops))
        self.marks.append(Mark(role, alt))


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every piece of a batch, beside the layout."""

    profile: SymbolProfile
    resolver: str
    sender: str
    sender_country: str
    departments: tuple[str, ...]
    """The store's walking order; departments it does not name follow as they come."""


class Painter:
    """Paints lists of one layout. One painter serves one output file."""

    def __init__(self, layout: Layout, terms: Terms) -> None:
        self._layout = layout
        self._terms = terms
        self._width_pt, self._height_pt = layout.size_pt
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self._texts: dict[tuple[TextBox, str], bytes] = {}
        self._cells: dict[tuple[Cell, tuple[str, ...]], Row] = {}
        self._order = {name: place for place, name in enumerate(terms.departments)}
        self._pages: list[list[Element]] = [
            [
                element
                for element in layout.elements
                if element.page == page and not (isinstance(element, Rule) and not element.when)
            ]
            for page in range(1, layout.pages + 1)
        ]

    def art(self, page: int) -> bytes:
        """What is drawn alike on this page of every list."""
        rules = [
            self._rule(element)
            for element in self._layout.elements
            if isinstance(element, Rule) and element.page == page and not element.when
        ]
        return b"\n".join(rules)

    def paint(
        self, document: ListDocument, address: Address | None, *, name: str, seq: int
    ) -> list[Sheet]:
        """The pages of one list; `InvalidInput` lists every text that cannot be printed."""
        if len(self._texts) > _KEPT or len(self._cells) > _KEPT:
            self._texts.clear()
            self._cells.clear()
        work = _Work(self, document, address, name=name, seq=seq)
        sheets = []
        for number, elements in enumerate(self._pages, 1):
            sheet = Sheet(number)
            work.values["page"] = str(number)
            for element in elements:
                work.draw(element, sheet)
            sheets.append(sheet)
        if work.problems:
            detail = "; ".join(map(str, work.problems[:3]))
            raise InvalidInput(f"{name} cannot be printed: {detail}", work.problems)
        return sheets

    def text_ops(self, box: TextBox, text: str) -> bytes:
        """Content of a positioned text, from the store when it was set before."""
        key = (box, text)
        ops = self._texts.get(key)
        if ops is None:
            fitted = self.fit(box, text)
            ops = self._lines(box, fitted, left=box.x * MM, top=self._height_pt - box.y * MM)
            self._texts[key] = ops
        return ops

    def fit(self, box: TextBox, text: str) -> Fitted:
        """Set a text in its box."""
        return self.typesetter.fit(
            text, box.style, width=box.w * MM, lines=box.lines, flow=box.flow
        )

    def row(
        self, cell: Cell, texts: tuple[str, ...], refuse: Callable[[TextBox, Exception], None]
    ) -> Row:
        """A repeated row, drawn from its own top left corner, and its natural height in pt."""
        key = (cell, texts)
        row = self._cells.get(key)
        if row is not None:
            return row
        ops = [self._rule(rule, origin=0.0) for rule in cell.rules]
        bottoms: dict[str, float] = {}
        lowest, fits = 0.0, True
        for box, text in zip(cell.texts, texts, strict=True):
            top = bottoms[box.below] + box.gap * MM if box.below else box.y * MM
            bottom = bottoms[box.below] if box.below else top
            if text:
                try:
                    fitted = self.fit(box, text)
                except (DoesNotFit, MissingGlyph) as error:
                    refuse(box, error)
                    fits = False
                    continue
                finally:
                    bottoms[box.id.rsplit(".", 1)[-1]] = bottom
                ops.append(self._lines(box, fitted, left=box.x * MM, top=-top))
                bottom = top + fitted.height
            bottoms[box.id.rsplit(".", 1)[-1]] = bottom
            lowest = max(lowest, bottom)
        row = Row(b"\n".join(ops), lowest + cell.pad * MM)
        if fits:
            self._cells[key] = row
        return row

    def _lines(self, box: TextBox, fitted: Fitted, *, left: float, top: float) -> bytes:
        width = box.w * MM
        baseline = top - fitted.ascent
        ops = [box.style.colour, b"BT"]
        for line in fitted.lines:
            slack = width - line.width
            x = left + (0 if box.align == "left" else slack if box.align == "right" else slack / 2)
            ops.append(b"1 0 0 1 %.2f %.2f Tm %b" % (x, baseline, line.ops))
            baseline -= fitted.leading
        ops.append(b"ET")
        return b" ".join(ops)

    def _rule(self, rule: Rule, origin: float | None = None) -> bytes:
        top = self._height_pt if origin is None else origin
        frame = (rule.x * MM, top - (rule.y + rule.h) * MM, rule.w * MM, rule.h * MM)
        if rule.stroke_pt:
            pen = rule.colour.replace(b"rg", b"RG").replace(b" g", b" G")
            return b"%b %g w %.2f %.2f %.2f %.2f re S" % (pen, rule.stroke_pt, *frame)
        return b"%b %.2f %.2f %.2f %.2f re f" % (rule.colour, *frame)


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
        layout, terms = painter._layout, painter._terms
        self.phrases: Phrases = layout.stationery.phrases_for(document.language)
        self.values = {
            "retailer": document.retailer,
            "greeting": document.greeting,
            "worth": format_money(document.worth_cents, document.currency, document.language),
            "issued": self.phrases.date_text(document.issued_on),
            "valid_from": self.phrases.date_text(document.valid_from),
            "valid_to": self.phrases.date_text(document.valid_to),
            "from_day": self.phrases.day_text(document.valid_from),
            "to_day": self.phrases.day_text(document.valid_to),
            "tip": document.tip,
            "legal": document.legal,
            "sender": terms.sender or document.retailer,
            "seq": f"{seq:06d}" if seq else "",
            "pages": str(layout.pages),
        }

    def draw(self, element: Element, sheet: Sheet) -> None:
        """Draw one element on its page."""
        if isinstance(element, TextBox):
            if not element.when or self.values[element.when]:
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
            sheet.tagged("Artifact", self.painter._rule(element))

    def refuse(self, element: str, error: Exception) -> None:
        """Note that an element of this list cannot be printed."""
        remedy = "shorten the text" if isinstance(error, DoesNotFit) else "change the text"
        self.problems.append(Problem(f"{self.name}, element {element}", str(error), remedy))

    def fill(self, template: Sequence[Part], values: Mapping[str, str]) -> str:
        """A template's text; phrases may hold variables of their own."""
        made = []
        for part in template:
            if part.kind == "literal":
                made.append(part.value)
            elif part.kind == "variable":
                made.append(values[part.value])
            else:
                made.append(self.phrases.texts[part.value].format_map(values))
        return "".join(made)

    def _text(self, box: TextBox, sheet: Sheet) -> None:
        text = self.fill(box.template, self.values)
        if not text:
            return
        try:
            ops = self.painter.text_ops(box, text)
        except (DoesNotFit, MissingGlyph) as error:
            self.refuse(box.id, error)
            return
        sheet.tagged(box.role, ops)

    def _row(self, cell: Cell, values: Mapping[str, str]) -> Row:
        texts = tuple([self.fill(box.template, values) for box in cell.texts])
        return self.painter.row(cell, texts, lambda box, error: self.refuse(box.id, error))

    def _offer(self, cell: Cell, offer: OfferLine) -> Row:
        return self._row(
            cell,
            {
                "title": offer.title,
                "detail": offer.detail,
                "value": offer.value_text,
                "offer_legal": offer.legal,
                "line": str(offer.line),
            },
        )

    def _reminder(self, cell: Cell, line: ReminderLine) -> Row:
        document = self.document
        price = line.price_cents
        return self._row(
            cell,
            {
                "item": line.item,
                "product": line.product,
                "price": ""
                if price is None
                else format_money(price, document.currency, document.language),
                "expected": self.phrases.day_text(line.expected_on),
                "reason": line.reason,
                "line": str(line.line),
            },
        )

    def _offers(self, grid: OfferGrid, sheet: Sheet) -> None:
        made = [self._offer(grid.cell, offer) for offer in self.document.offers]
        if not made:
            return
        height = self.painter._height_pt
        columns = grid.columns
        rows = [made[at : at + columns] for at in range(0, len(made), columns)]
        natural = [max(row.height for row in cells) for cells in rows]
        spare = grid.h * MM - sum(natural)
        if spare < -0.01:
            self.refuse(
                grid.id, DoesNotFit(f"{len(made)} offers need {-spare / MM:.1f} mm more height")
            )
            return
        step = (grid.w + grid.gutter) / columns * MM
        top = height - grid.y * MM
        share = spare / len(rows)
        for cells, least in zip(rows, natural, strict=True):
            for place, row in enumerate(cells):
                sheet.tagged("LI", _at(row, grid.x * MM + place * step, top))
            top -= max(least, min(least + share, grid.row_max * MM))

    def _list(self, box: ShoppingList, sheet: Sheet) -> None:
        groups: dict[str, list[Row]] = {}
        for line in self.document.reminders:
            groups.setdefault(line.department, []).append(self._reminder(box.reminder, line))
        if box.offer is not None:
            for offer in self.document.offers:
                groups.setdefault(offer.department, []).append(self._offer(box.offer, offer))
        order = self.painter._order
        names = sorted(groups, key=lambda name: order.get(name, len(order)))
        blocks = [
            (self._row(box.header, {"department": name}), tuple(groups[name])) for name in names
        ]
        room = box.h * MM
        columns = balance(blocks, columns=box.columns, room=room, gap=box.department_gap * MM)
        if columns is None:
            count = sum(map(len, groups.values()))
            self.refuse(box.id, DoesNotFit(f"{count} lines do not fit the page"))
            return
        height = self.painter._height_pt
        step = (box.w + box.gutter) / box.columns * MM
        for place, column in enumerate(columns):
            x = box.x * MM + place * step
            for offset, row, heading in column:
                role = "H3" if heading else "LI"
                sheet.tagged(role, _at(row, x, height - box.y * MM - offset))

    def _symbol(self, box: SymbolBox, sheet: Sheet) -> None:
        painter, terms = self.painter, self.painter._terms
        made = symbol(self.document.list_code, terms.profile, resolver=terms.resolver)
        shape = GEOMETRY[terms.profile]
        module = shape.dots * DOT_PT
        left_quiet, right_quiet = shape.quiet
        width = (made.width + left_quiet + right_quiet) * module
        caption = TextBox(
            box.id, box.page, 0, 0, box.w, box.style, (), align="centre", role="Artifact"
        )
        fitted = painter.fit(caption, made.human)
        bars = box.h * MM - fitted.height
        rows = len(made.rows)
        if shape.matrix:
            bars = (rows + 2 * left_quiet) * module
        if width > box.w * MM + 0.01 or bars + fitted.height > box.h * MM + 0.01:
            self.refuse(
                box.id,
                DoesNotFit(
                    f"a {terms.profile} symbol needs {width / MM:.1f} x"
                    f" {(bars + fitted.height) / MM:.1f} mm with its quiet zones"
                ),
            )
            return
        slack = box.w * MM - width
        x = box.x * MM + (
            0 if box.align == "left" else slack if box.align == "right" else slack / 2
        )
        # Bars start on a printer dot of 300 dpi, so that every edge falls on one.
        grid = 2 * DOT_PT
        x = round((x + left_quiet * module) / grid) * grid
        top = painter._height_pt - box.y * MM
        top = round(top / grid) * grid
        if shape.matrix:
            top -= left_quiet * module
            tall = module
            ops = [
                b"%d %d %d 1 re" % (at, rows - number - 1, run)
                for number, row in enumerate(made.rows)
                for at, run in row
            ]
            base = top - rows * module
        else:
            tall = round(bars / grid) * grid
            ops = [b"%d 0 %d 1 re" % (at, run) for at, run in made.rows[0]]
            base = top - tall
        drawn = b"q 0 g %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (module, tall, x, base, b" ".join(ops))
        middle = x + made.width * module / 2
        line = fitted.lines[0]
        foot = painter._height_pt - (box.y + box.h) * MM + fitted.height - fitted.ascent
        if shape.matrix:
            foot = base - left_quiet * module - fitted.ascent
        text = b"%b BT 1 0 0 1 %.2f %.2f Tm %b ET" % (
            box.style.colour, middle - line.width / 2, foot, line.ops,
        )  # fmt: skip
        sheet.tagged("Figure", drawn, alt=made.human)
        sheet.tagged("P", text)

    def _address(self, box: AddressBox, sheet: Sheet) -> None:
        if self.address is None:
            return
        painter, terms = self.painter, self.painter._terms
        postal = painter._layout.stationery.postal
        lines = postal.compose(self.address, sender_country=terms.sender_country)
        count = max(1, int(box.h * MM / (box.style.shrink_pt * box.style.leading) + 0.01))
        whole = TextBox(box.id, box.page, box.x, 0, box.w, box.style, (), lines=count, flow=True)
        try:
            fitted = painter.fit(whole, "\n".join(lines))
            if fitted.height > box.h * MM + 0.01:
                raise DoesNotFit(f"{len(fitted.lines)} address lines need more height")
        except (DoesNotFit, MissingGlyph) as error:
            self.refuse(box.id, error)
            return
        top = painter._height_pt - (box.y + box.h) * MM + fitted.height
        sheet.tagged("P", painter._lines(whole, fitted, left=box.x * MM, top=top))


def _at(row: Row, x: float, y: float) -> bytes:
    return b"q 1 0 0 1 %.2f %.2f cm\n%b\nQ" % (x, y, row.ops)
