"""Set the texts, repeated rows and shared art of a layout, and cache the PDF content.

Texts repeat from list to list. So each text and each repeated row is set once, cached as PDF
content, and only positioned again. The caches are bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.engine.records import Address
from service.engine.render.bleed import bled, page_box
from service.engine.render.fit import Fitted, TooLarge, Typesetter
from service.engine.render.four_state import bar_ops
from service.engine.render.inks import pen
from service.engine.render.language import Language, SharedPage
from service.engine.render.layout import (
    MM,
    AddressBox,
    Element,
    Layout,
    LayoutCell,
    OfferGrid,
    PictureBox,
    PostalBarcodeBox,
    Rule,
    ShoppingListBox,
    Slot,
    TextBox,
    holds,
)
from service.engine.render.layout_cells import stretched
from service.engine.render.localise import cell_in, style_in
from service.engine.render.moves import Moves
from service.engine.render.phrases import Phrases
from service.engine.render.pictograms import rounded
from service.engine.render.pictures import PicturePainter
from service.engine.render.plans import SLOT, CellPlan, Content, RowStart, TextPlan
from service.engine.render.postal import NO_BREAK, Sender
from service.engine.render.postal_place import place_barcode
from service.engine.render.shaping import MissingGlyph
from service.engine.render.stacks import LineStacks
from service.engine.render.symbols import Symbol, SymbolProfile

_MAX_CACHED = 40_000
"""Cached texts and rows, of about 500 bytes each, at which the caches are emptied."""

_OVERHANG_PT = 6
"""Margin of a form around its content, for strokes and the descenders of letters."""

ReportProblem = Callable[[str, Exception], None]
"""Called with the id of an element and the error that prevents printing it."""
Values = Callable[[], Mapping[str, str]]
"""Returns the values of the variables of a row; called only if they are needed."""
WriteForm = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""Writes content with its BBox as a form; returns operators that draw it and a resource entry."""


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """What is the same for all pieces of a batch, besides the layout."""

    profile: SymbolProfile
    resolver: str
    sender: Sender
    departments: tuple[str, ...]
    """The walking order of the store. Departments not named here follow in order of appearance."""
    by_line: bool
    """Whether each line of a list is a structure element, so that it can be read aloud alone."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Prepared pictures by their digests."""
    bleed_pt: float = 0.0
    """How far what ends at an edge of the page goes on beyond it."""


class Painter:
    """Sets the texts of one layout for one output file.

    Raises `InvalidInput` if the post wants a barcode that the layout has no place for.
    """

    def __init__(self, layout: Layout, options: PrintOptions) -> None:
        self.layout = layout
        self.options = options
        self.height_pt = layout.size_pt[1]
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self.order = {name: place for place, name in enumerate(options.departments)}
        self.write_form: WriteForm | None = None
        """Writes repeated content once, as a form. Without it each page holds all its content."""
        self._languages: dict[tuple[str, str, bool, bool], Language] = {}
        self.no_slots = {
            SLOT + slot.id: ""
            for element in layout.elements
            for slot in ([element] if isinstance(element, Slot) else _slots_of(element))
        }
        """The variables of all slots, none of which is drawn."""
        self._stretched: dict[tuple[LayoutCell, float], LayoutCell] = {}
        self._cards: dict[tuple[LayoutCell, float], Content] = {}
        self._addresses: dict[tuple[AddressBox, str], TextBox] = {}
        barcode = options.sender.barcode
        self._postal_place = place_barcode(layout, barcode) if barcode else None
        self.moves = Moves(self.height_pt)
        self.pictures = PicturePainter(options.pictures, layout.stationery.pictograms, layout.inks)
        self._stacks = LineStacks(self.typesetter, self.height_pt)
        self._picture_contents: dict[tuple[PictureBox, str], Content] = {}
        self._symbol_contents: dict[bytes, Content] = {}
        self._cached = 0
        self.page_box = page_box(layout.size_pt, options.bleed_pt)

    def language(
        self, tag: str, currency: str, *, is_draft: bool = False, has_offers: bool = True
    ) -> Language:
        """The layout in a language and currency. Before, empties caches that grew too large."""
        if self._cached > _MAX_CACHED:
            self._cached = 0
            for language in self._languages.values():
                language.clear()
        found = self._languages.get((tag, currency, is_draft, has_offers))
        if found is None:
            phrases = self.layout.stationery.phrases_for(tag)
            phrases = phrases if has_offers else phrases.for_no_offers()
            phrases = phrases.for_draft() if is_draft else phrases
            key = (tag, currency, is_draft, has_offers)
            found = self._languages[key] = Language(phrases, currency)
            found.pages = [
                planned([each for each in self.layout.elements if _varies(each, page)], phrases)
                for page in range(1, self.layout.pages + 1)
            ]
            found.shared_pages = [{} for _ in found.pages]
        return found

    def cache_shared_page(
        self, cache: dict[Any, SharedPage], key: object, shared_page: SharedPage
    ) -> None:
        """Cache the shared texts of a page for other lists that have the same ones."""
        cache[key] = shared_page
        self._cached += len(shared_page.steps)

    def share(self, content: Content) -> None:
        """Write repeated content as a form, if possible, so that pages draw it by name."""
        if self.write_form is None or not content.ops or content.entry:
            return
        box = content.box
        if not box:
            edge = _OVERHANG_PT
            box = b"%d %d %d %d" % (-edge, -content.height - 2 * edge, content.width + edge, edge)
        content.draw_by_name(*self.write_form(content.ops, box))

    def symbol_content(self, symbol: Symbol) -> Content:
        """The bars that a symbol shares with others, in the coordinates of the symbol."""
        content = self._symbol_contents.get(symbol.shared)
        if content is None:
            ops = symbol.shared and symbol.shared + b" f"
            content = self._symbol_contents[symbol.shared] = Content(
                ops, box=b"0 0 %d %d" % (symbol.width, symbol.height)
            )
        elif not content.entry:
            self.share(content)
        return content

    def picture_content(self, box: PictureBox, digest: str) -> Content:
        """A picture of a page at its place, as a form where there is a file."""
        found = self._picture_contents.get((box, digest))
        if found is None:
            ops = self.pictures.ops(box, digest, "", top=self.height_pt)
            found = self._picture_contents[box, digest] = Content(ops, box=self.page_box)
            self.share(found)
        return found

    def art_ops(self, page: int) -> bytes:
        """The content of a page that is the same on all lists: rules without a condition."""
        rules = [
            self.rule_ops(element)
            for element in self.layout.elements
            if isinstance(element, Rule) and element.page == page and not element.conditions
        ]
        return b"\n".join(rules)

    def place_text(self, plan: TextPlan, values: Mapping[str, str]) -> Content:
        """Set a text at its place on the page. The content of an empty text is empty.

        Raises `TooLarge` or `MissingGlyph`.
        """
        key = plan.key(values)
        content: Content | None = plan.cache.get(key)
        if content is not None:
            if not content.entry:
                self.share(content)
            return content
        text = plan.text(key)
        ops = b""
        if text:
            box = plan.box
            ops = b"" if box.style.kern else self._stacks.plain_text(box, (text,))
            if not ops:
                top = self.height_pt - box.y * MM
                ops = self.line_ops(box, self.fit(box, text), left=box.x * MM, top=top)
        content = Content(ops, box=self.page_box)
        if plan.may_repeat:
            plan.cache[key] = content
            self._cached += 1
        return content

    def fit(self, box: TextBox, text: str, *, height: float | None = None) -> Fitted:
        """Set a text in its box, and within a height in points if one is given."""
        return self.typesetter.fit(
            text,
            box.style,
            width=box.w * MM,
            lines=box.lines,
            flow=box.flow,
            height=height,
            even=box.align == "centre" or box.role in ("H1", "H2"),
        )

    def place_address(self, box: AddressBox, lines: Sequence[str], language: str) -> bytes:
        """Set an address, aligned with the bottom of its box, in the forms of a language.

        A line breaks at plain spaces only. Raises `TooLarge` or `MissingGlyph`.
        """
        ops = self._stacks.plain_text(box, [line.replace(NO_BREAK, " ") for line in lines])
        if ops:
            return ops
        text_box = self._address_text(box, language)
        fitted = self.fit(text_box, "\n".join(lines), height=box.h * MM)
        top = self.height_pt - (box.y + box.h) * MM + fitted.height
        return self.line_ops(text_box, fitted, left=box.x * MM, top=top)

    def place_postal(self, box: AddressBox, address: Address, language: str) -> bytes:
        """Set an address as its country writes it, with lines joined where it has too many.

        It stands above its postal barcode, if it has one. Raises `TooLarge` or `MissingGlyph`.
        """
        postal, sender = self.layout.stationery.postal, self.options.sender
        place = self._postal_place
        if place and place.room and place.element is box and self._barcode_content(address, 0):
            box = place.room
        for joined in (0, 1):
            lines = postal.compose(address, sender, joined=joined)
            try:
                return self.place_address(box, lines, language) if lines else b""
            except TooLarge:
                continue
        return self.place_address(box, postal.compose(address, sender, joined=2), language)

    def barcode_ops(
        self, box: AddressBox | PostalBarcodeBox, address: Address, serial: int
    ) -> bytes:
        """Content of the postal barcode that is drawn with a box; empty if none is."""
        place, barcode = self._postal_place, self.options.sender.barcode
        content = self._barcode_content(address, serial)
        if place is None or barcode is None or place.element is not box or not content:
            return b""
        return bar_ops(
            barcode.bars(content),
            barcode.geometry,
            ink=self.layout.inks.black,
            pitch=place.pitch,
            left=place.left,
            foot=place.foot,
        )

    def _barcode_content(self, address: Address, serial: int) -> str:
        barcode = self.options.sender.barcode
        return barcode.content(address, serial) if barcode else ""

    def _address_text(self, box: AddressBox, language: str) -> TextBox:
        """The address box as a text box with as many lines as fit its height."""
        found = self._addresses.get((box, language))
        if found is None:
            style = style_in(box.style, language)
            count = max(1, int(box.h * MM / (style.shrink_pt * style.leading) + 0.01))
            found = TextBox(box.id, box.page, box.x, 0, box.w, style, (), lines=count, flow=True)
            self._addresses[box, language] = found
        return found

    def cell_plan(self, cell: LayoutCell, language: Language) -> CellPlan:
        """The plan of a repeated row, made at its first use in a language."""
        plan = language.cells.get(cell)
        if plan is None:
            shown = cell_in(cell, language.phrases.language)
            rules, rules_over = (
                b"\n".join(
                    self.rule_ops(rule, origin=0.0)
                    for rule in shown.rules
                    if rule.over is over and not rule.conditions and not rule.stretch
                )
                for over in (False, True)
            )
            plan = language.cells[cell] = CellPlan(
                shown, language.phrases, rules=rules, rules_over=rules_over, pad=cell.pad * MM
            )
        return plan

    def card(self, cell: LayoutCell, height: float) -> Content:
        """The rules of a cell that are as high as its row, which is so many points high."""
        found = self._cards.get((cell, height))
        if found is None:
            ops = [
                self.rule_ops(replace(rule, h=height / MM - rule.y + rule.h), origin=0.0)
                for rule in cell.rules
                if rule.stretch
            ]
            found = self._cards[cell, height] = Content(b"\n".join(ops), cell.w * MM, height)
        elif not found.entry:
            self.share(found)
        return found

    def stretched_plan(self, cell: LayoutCell, gain: float, language: Language) -> CellPlan:
        """The plan of a cell that is higher by so many points."""
        if gain:
            found = self._stretched.get((cell, gain))
            if found is None:
                found = self._stretched[cell, gain] = stretched(cell, gain / MM)
            cell = found
        return self.cell_plan(cell, language)

    def row_start(
        self, plan: CellPlan, key: object, values: Values, report_problem: ReportProblem
    ) -> RowStart:
        """The part of a row that it shares with others, to be called at its first and second use.

        The first use sets it; the second makes it a form, which `plan.starts` then holds. `key`
        identifies the values it is made of. The origin of a row is its top left corner.
        """
        found = plan.starts.get(key) or plan.starts_seen_once.pop(key, None)
        if found is not None:
            self.share(found)
            plan.starts[key] = found
            return found
        is_printable = True
        bottoms: list[float] = []
        ops = [plan.rules] if plan.rules else []
        shown = values()
        for rule in plan.conditional:
            if holds(rule.conditions, shown):
                ops.append(self.rule_ops(rule, origin=0.0))
        for box in plan.pictures:
            if holds(box.conditions, shown):
                drawn = (shown["picture"] if box.source else "", shown["pictogram"])
                ops.append(self.pictures.ops(box, *drawn, top=0.0))
        if plan.rules_over:
            ops.append(plan.rules_over)
        for text in plan.shared:
            is_printable &= self._add_text(text, shown, ops, bottoms, report_problem)
        found = RowStart(
            b"\n".join(ops),
            plan.width,
            _height(plan, bottoms),
            bottoms=tuple(bottoms),
            tails=plan.tails.setdefault(tuple(bottoms), {}),
        )
        if is_printable and plan.pictures and self.write_form is not None:
            # Its resources are the file's; a page itself names no picture.
            self.share(found)
            plan.starts[key] = found
            self._cached += 1
        elif is_printable:
            plan.starts_seen_once[key] = found
            self._cached += 1
        return found

    def row_height(
        self, plan: CellPlan, key: object, values: Values, report_problem: ReportProblem
    ) -> float:
        """The height of a row in points, in a cell that is not drawn; `plan.heights` holds it."""
        is_printable = True
        bottoms: list[float] = []
        shown = values()
        for text in (*plan.shared, *plan.own):
            is_printable &= self._add_text(text, shown, [], bottoms, report_problem)
        height = _height(plan, bottoms)
        if is_printable:
            plan.heights[key] = height
            self._cached += 1
        return height

    def row_tail(
        self,
        plan: CellPlan,
        row_start: RowStart,
        key: object,
        values: Values,
        report_problem: ReportProblem,
    ) -> Content:
        """The rest of a row, to be called at its first and second use, as `row_start`."""
        place = (row_start.bottoms, key)
        found = row_start.tails.get(key) or plan.tails_seen_once.pop(place, None)
        if found is not None:
            self.share(found)
            row_start.tails[key] = found
            return found
        is_printable = True
        ops: list[bytes] = []
        bottoms = [*row_start.bottoms]
        shown = values()
        for text in plan.own:
            is_printable &= self._add_text(text, shown, ops, bottoms, report_problem)
        found = Content(b"\n".join(ops), plan.width, _height(plan, bottoms))
        if is_printable:
            plan.tails_seen_once[place] = found
            self._cached += 1
        return found

    def _add_text(
        self,
        plan: TextPlan,
        values: Mapping[str, str],
        ops: list[bytes],
        bottoms: list[float],
        report_problem: ReportProblem,
    ) -> bool:
        """Set one text of a row below those before it; False if it cannot be printed."""
        if plan.box.conditions and not holds(plan.box.conditions, values):
            bottoms.append(bottoms[plan.above] if plan.above >= 0 else 0.0)
            return True
        key = plan.key(values)
        if plan.above >= 0:
            key = (key, bottoms[plan.above])
        text_set = plan.cache.get(key)
        if text_set is None:
            try:
                text_set = self._set_text(plan, key)
            except (TooLarge, MissingGlyph) as error:
                report_problem(plan.box.id, error)
                bottoms.append(plan.box.y * MM)
                return False
        if text_set[0]:
            ops.append(text_set[0])
        bottoms.append(text_set[1])
        return True

    def _set_text(self, plan: TextPlan, key: object) -> tuple[bytes, float]:
        """Set a text of a cell: its content, and how far down it reaches in points."""
        box = plan.box
        top = box.y * MM
        values = key
        if plan.above >= 0:
            values, top = key  # type: ignore[misc]
        text = plan.text(values)
        text_set = (b"", top)
        if text:
            top += box.gap * MM
            line = self.typesetter.single_line(text, box.style, plan.width)
            if line is None:
                fitted = self.fit(box, text)
                text_set = (
                    self.line_ops(box, fitted, left=plan.left, top=-top),
                    top + fitted.height,
                )
            else:
                x = plan.left
                if box.align != "left":
                    x += (plan.width - line.width) / (1 if box.align == "right" else 2)
                ops = b"%b BT %.1f %.1f Td %b ET" % (
                    box.style.colour, x, -top - plan.drop, line.ops,
                )  # fmt: skip
                text_set = (ops, top + plan.leading)
        plan.cache[key] = text_set
        self._cached += 1
        return text_set

    def line_ops(self, box: TextBox, fitted: Fitted, *, left: float, top: float) -> bytes:
        """Content of fitted lines; `left` and `top` are their corner in points."""
        width = box.w * MM
        baseline = top - fitted.ascent
        ops = [box.style.colour, b"BT"]
        for line in fitted.lines:
            slack = width - line.width
            x = left + (0 if box.align == "left" else slack if box.align == "right" else slack / 2)
            if len(fitted.lines) == 1:
                ops.append(b"%.1f %.1f Td %b" % (x, baseline, line.ops))
            else:
                ops.append(b"1 0 0 1 %.1f %.1f Tm %b" % (x, baseline, line.ops))
            baseline -= fitted.leading
        ops.append(b"ET")
        return b" ".join(ops)

    def rule_ops(self, rule: Rule, origin: float | None = None) -> bytes:
        """Content of a rectangle. `y` counts down from `origin`, the top of the page if None."""
        top = self.height_pt if origin is None else origin
        frame = (rule.x * MM, top - (rule.y + rule.h) * MM, rule.w * MM, rule.h * MM)
        if origin is None and self.options.bleed_pt:
            frame = bled(frame, self.layout.size_pt, self.options.bleed_pt)
        shape = b"%.2f %.2f %.2f %.2f re" % frame
        if rule.radius:
            shape = rounded(*frame, rule.radius * MM)
        if rule.stroke_pt:
            return b"%b %g w %b S" % (pen(rule.colour), rule.stroke_pt, shape)
        return b"%b %b f" % (rule.colour, shape)


def planned(elements: Sequence[Element], phrases: Phrases) -> list[tuple[Element, TextPlan | None]]:
    """Elements with the plans of texts."""
    return [
        (element, TextPlan(element, phrases) if isinstance(element, TextBox) else None)
        for element in elements
    ]


def _height(plan: CellPlan, bottoms: Sequence[float]) -> float:
    return round(max([*bottoms, plan.least]) + plan.pad, 1)


def _varies(element: Element, page: int) -> bool:
    """Whether the element is on this page and must be drawn for each list."""
    if isinstance(element, OfferGrid | ShoppingListBox):
        over = element.over if isinstance(element, ShoppingListBox) else 1
        is_here = element.page <= page < element.page + over
        return is_here or any(each.page == page for each in element.slots)
    return element.page == page and not (isinstance(element, Rule) and not element.conditions)


def _slots_of(element: Element) -> Sequence[Slot]:
    return element.slots if isinstance(element, OfferGrid | ShoppingListBox) else ()
