"""Set the texts and shared art of a layout, and cache the PDF content.

Texts repeat from list to list. So each text and each repeated row is set once, cached as PDF
content, and only positioned again. The caches are bounded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from service.engine.records import Address
from service.engine.render.bleed import page_box
from service.engine.render.boxes import AddressBox, PostalBarcodeBox
from service.engine.render.contents import Content
from service.engine.render.elements import Element, OfferGrid, ShoppingListBox, Slot
from service.engine.render.fit import TooLarge
from service.engine.render.four_state import bar_ops
from service.engine.render.language import Language, SharedPage
from service.engine.render.layout import Layout
from service.engine.render.localise import page_in, style_in
from service.engine.render.moves import Moves
from service.engine.render.parts import MM, PictureBox, Rule, TextBox
from service.engine.render.phrases import Phrases
from service.engine.render.plans import SLOT, TextPlan
from service.engine.render.postal import MOST_JOINED, NO_BREAK
from service.engine.render.postal_place import place_barcode
from service.engine.render.row_setter import RowSetter
from service.engine.render.stacks import LineStacks
from service.engine.render.symbols import Symbol
from service.engine.render.text_setter import PrintOptions

_MAX_CACHED = 160_000
"""Cached texts and rows, of about 500 bytes each, at which the caches are emptied."""


class Painter(RowSetter):
    """Sets the texts of one layout for one output file.

    Raises `InvalidInput` if the post wants a barcode that the layout has no place for.
    """

    def __init__(self, layout: Layout, options: PrintOptions) -> None:
        super().__init__(layout, options)
        self.order = {name: place for place, name in enumerate(options.departments)}
        self._languages: dict[tuple[str, str, bool, bool, bool], Language] = {}
        self.no_slots = {
            SLOT + slot.id: ""
            for element in layout.elements
            for slot in ([element] if isinstance(element, Slot) else _slots_of(element))
        }
        """The variables of all slots, none of which is drawn."""
        self._addresses: dict[tuple[AddressBox, str], TextBox] = {}
        barcode = options.sender.barcode
        self._postal_place = place_barcode(layout, barcode) if barcode else None
        self.moves = Moves(self.height_pt)
        self._stacks = LineStacks(self.typesetter, self.height_pt)
        self._picture_contents: dict[tuple[PictureBox, str], Content] = {}
        self._symbol_contents: dict[bytes, Content] = {}
        self.page_box = page_box(layout.size_pt, options.bleed_pt)

    def language(
        self,
        tag: str,
        currency: str,
        *,
        is_draft: bool = False,
        has_offers: bool = True,
        is_general: bool = False,
    ) -> Language:
        """The layout in a language and currency. Before, empties caches that grew too large."""
        if self.cached > _MAX_CACHED:
            self.cached = 0
            for language in self._languages.values():
                language.clear()
        key = (tag, currency, is_draft, has_offers, is_general)
        found = self._languages.get(key)
        if found is None:
            phrases = self.layout.stationery.phrases_for(tag)
            phrases = phrases if has_offers else phrases.for_no_offers()
            phrases = phrases.for_draft() if is_draft else phrases
            phrases = phrases.for_general() if is_general else phrases
            found = self._languages[key] = Language(phrases, currency)
            pages = range(1, self.layout.pages + 1)
            found.pages = [planned(self._elements(page, tag), phrases) for page in pages]
            found.shared_pages = [{} for _ in found.pages]
        return found

    def _elements(self, page: int, language: str) -> Sequence[Element]:
        """What is drawn on a page for each list, at its places in a language."""
        varying = [each for each in self.layout.elements if _varies(each, page)]
        width = self.layout.size_pt[0] / MM
        return page_in(varying, self._art(page), language=language, width=width)

    def _art(self, page: int) -> list[Rule]:
        """What is on a page of all lists: rules without a condition."""
        return [
            each
            for each in self.layout.elements
            if isinstance(each, Rule) and each.page == page and not each.conditions
        ]

    def cache_shared_page(
        self, cache: dict[Any, SharedPage], key: object, shared_page: SharedPage
    ) -> None:
        """Cache the shared texts of a page for other lists that have the same ones."""
        cache[key] = shared_page
        self.note_cached(len(shared_page.steps))

    def symbol_content(self, symbol: Symbol) -> Content:
        """The bars that a symbol shares with others, in the coordinates of the symbol."""
        content = self._symbol_contents.get(symbol.shared)
        if content is None:
            ops = symbol.shared and symbol.shared + b" f"
            content = self._symbol_contents[symbol.shared] = Content(
                ops, b"0 0 %d %d" % (symbol.width, symbol.height)
            )
        elif not content.entry:
            self.share(content)
        return content

    def picture_content(self, box: PictureBox, digest: str) -> Content:
        """A picture of a page at its place, as a form where there is a file."""
        found = self._picture_contents.get((box, digest))
        if found is None:
            ops = self.pictures.ops(box, digest, "", top=self.height_pt)
            found = self._picture_contents[box, digest] = Content(ops, self.page_box)
            self.share(found)
        return found

    def art_ops(self, page: int) -> bytes:
        """The content of a page that is the same on all lists."""
        return b"\n".join(map(self.rule_ops, self._art(page)))

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
        content = Content(ops, self.page_box)
        if plan.may_repeat:
            plan.cache[key] = content
            self.note_cached(1)
        return content

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
        for joined in range(MOST_JOINED):
            lines = postal.compose(address, sender, joined=joined)
            try:
                return self.place_address(box, lines, language) if lines else b""
            except TooLarge:
                continue
        lines = postal.compose(address, sender, joined=MOST_JOINED)
        return self.place_address(box, lines, language)

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


def planned(elements: Sequence[Element], phrases: Phrases) -> list[tuple[Element, TextPlan | None]]:
    """Elements with the plans of texts."""
    return [
        (element, TextPlan(element, phrases) if isinstance(element, TextBox) else None)
        for element in elements
    ]


def _varies(element: Element, page: int) -> bool:
    """Whether the element is on this page and must be drawn for each list."""
    if isinstance(element, OfferGrid | ShoppingListBox):
        over = element.over if isinstance(element, ShoppingListBox) else 1
        is_here = element.page <= page < element.page + over
        return is_here or any(each.page == page for each in element.slots)
    return element.page == page and not (isinstance(element, Rule) and not element.conditions)


def _slots_of(element: Element) -> Sequence[Slot]:
    return element.slots if isinstance(element, OfferGrid | ShoppingListBox) else ()
