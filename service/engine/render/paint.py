"""Paint lists: from a document and an address to the content of the pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from service.engine.records import Address, ListDocument
from service.engine.render.boxes import (
    AddressBox,
    ControlMarks,
    PageCode,
    PieceMark,
    PostalBarcodeBox,
    SymbolBox,
)
from service.engine.render.canvas import Canvas, PaintedPiece
from service.engine.render.elements import Element, OfferGrid, Repeat, ShoppingListBox, Slot
from service.engine.render.fit import TooLarge
from service.engine.render.language import SharedPage
from service.engine.render.layout import Short
from service.engine.render.letter_values import (
    legal_text,
    sender_line,
    shared_key,
    shared_values,
)
from service.engine.render.marks import place_control_marks, place_mark, place_page_code
from service.engine.render.painter import Painter
from service.engine.render.parts import PictureBox, Rule, holds
from service.engine.render.place import place_draft, place_symbol
from service.engine.render.plans import SLOT
from service.engine.render.shaping import MissingGlyph
from service.engine.render.shared_pages import SharedPainter
from service.errors import InvalidInput

_VALUES = 5
"""The memory that the values of a list take, in cached texts."""


class PaintJob(NamedTuple):
    """A list to paint.

    `name` identifies it in errors. `seq` is printed as the sequence number unless it is 0.
    `piece_id` is encoded in the mark for machines and names the list in the file; if it is empty,
    there is no mark. `serial` is its number in the barcode of the post.
    """

    document: ListDocument
    address: Address | None
    name: str
    seq: int = 0
    piece_id: str = ""
    serial: int = 0


def paint(painter: Painter, jobs: Sequence[PaintJob]) -> list[PaintedPiece]:
    """Paint the pages of some lists.

    Each element is painted on all lists before the next element, which is cheaper than painting
    list by list. Raises `InvalidInput` with all texts of a list that cannot be printed.
    """
    drawn = _painted_short(painter, jobs) if painter.layout.short is not None else {}
    rest = {
        place: _ListPainter(painter, job) for place, job in enumerate(jobs) if place not in drawn
    }
    _paint_pages([*rest.values()])
    painters = [one for _, one in sorted((drawn | rest).items())]
    for one in painters:
        if one.problems:
            detail = "; ".join(map(str, one.problems[:3]))
            raise InvalidInput(f"{one.name} cannot be printed: {detail}", one.problems)
    return [
        PaintedPiece(
            one.canvases,
            one.contents,
            one.document.language,
            job.piece_id or job.name,
        )
        for one, job in zip(painters, jobs, strict=True)
    ]


def _painted_short(painter: Painter, jobs: Sequence[PaintJob]) -> dict[int, "_ListPainter"]:
    """Lists that need only the short form's pages, painted, by their places among the jobs."""
    tried = {
        place: _ListPainter(painter, job, short=painter.layout.short)
        for place, job in enumerate(jobs)
        if painter.layout.short is not None
        and len(job.document.offers) <= painter.layout.short.offers
    }
    _paint_pages([*tried.values()])
    return {place: one for place, one in tried.items() if one.is_whole()}


def _paint_pages(painters: Sequence["_ListPainter"]) -> None:
    """Paint the pages of lists that have the same ones."""
    for number in painters[0].page_numbers if painters else ():
        _paint_page(painters, number)


def _paint_page(painters: Sequence["_ListPainter"], number: int) -> None:
    """Paint one page of each list; lists with the same shared texts are painted together."""
    by_page: dict[int, tuple[SharedPage, list[_ListPainter]]] = {}
    for one in painters:
        shared_page = one.begin_page(number)
        by_page.setdefault(id(shared_page), (shared_page, []))[1].append(one)
    for shared_page, sharing in by_page.values():
        for run, draw, what in shared_page.steps:
            for one in sharing:
                canvas = one.canvases[-1]
                if run is not None:
                    canvas.add_shared(run)
                if draw is not None:
                    draw(one, what, canvas)


class _ListPainter(SharedPainter):
    """Paints one list: holds its values and collects its problems."""

    def __init__(self, painter: Painter, job: PaintJob, *, short: Short | None = None) -> None:
        document = job.document
        super().__init__(painter, document, name=job.name)
        self.short = short
        self.page_numbers: Sequence[int] = (
            range(1, painter.layout.pages + 1) if short is None else short.pages
        )
        """The pages of the layout that the list has."""
        self.address = job.address
        self.serial = job.serial
        self.canvases: list[Canvas] = []
        self.seq = job.seq
        language = self.language
        number = f"{job.seq:06d}"
        self.mark_values = {"piece_id": job.piece_id, "seq": number} if job.piece_id else {}
        self.own_values["seq"] = number if job.seq else ""
        self.own_values["greeting"] = document.greeting or language.phrases.texts["greeting"]
        self.own_values["worth"] = language.amount(document.worth_cents) if document.offers else ""
        self.legal = legal_text(document, language)
        self.sender_line = sender_line(document, job.address, painter.options.sender)
        self.shared_key = shared_key(
            document, legal=self.legal, sender=self.sender_line, is_short=short is not None
        )

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the layout's variables, except those in `own_values`."""
        cache = self.language.shared_values
        found = cache.get(self.shared_key)
        if found is None:
            found = cache[self.shared_key] = shared_values(
                self.document,
                self.language,
                legal=self.legal,
                sender=self.sender_line,
                pages=len(self.page_numbers),
                is_short=self.short is not None,
            )
            self.painter.note_cached(_VALUES)
        return found

    def is_whole(self) -> bool:
        """Whether all that the list has stands on the pages of the short form."""
        if self.problems or self.short is None or self.own_values["more"]:
            return False
        own, values = self.own_values, self.values
        return all(
            any(own[SLOT + slot] for slot in slots)
            for name, slots in self.short.keeps
            if values[name]
        )

    def begin_page(self, number: int) -> SharedPage:
        """Begin a page and return the texts on it that lists share."""
        self.canvases.append(Canvas(number, self.painter.options.by_line))
        page = str(len(self.canvases))
        self.own_values["page"] = page
        shared_page = self.shared_page(number, page)
        self.contents += shared_page.contents
        return shared_page

    def draw_method(self, element: Element) -> tuple[Callable[..., None], Element]:
        """The method that draws an element of one list, and its argument."""
        return _DRAW_METHODS[type(element)], element

    def draw_own_rule(self, rule: Rule, canvas: Canvas) -> None:
        """Draw a rule whose conditions differ between lists."""
        if holds(rule.conditions, self.all_values):
            canvas.add_tagged("Artifact", self.painter.rule_ops(rule))

    def draw_symbol(self, box: SymbolBox, canvas: Canvas) -> None:
        """Draw the symbol of the list with the code below it; in a draft, that it is one."""
        if self.document.is_draft:
            self._draw_draft(box, canvas)
            return
        try:
            placed = place_symbol(self.painter, box, self.document.list_code)
        except (TooLarge, MissingGlyph) as error:
            self.add_problem(box.id, error)
            return
        canvas.add_tagged("Figure", placed.ops, alt=placed.human)
        self.contents.append(placed.shared)

    def _draw_draft(self, box: SymbolBox, canvas: Canvas) -> None:
        try:
            ops = place_draft(self.painter, box, self.language.phrases.texts["draft"])
        except (TooLarge, MissingGlyph) as error:
            self.add_problem(box.id, error)
            return
        canvas.add_tagged("P", ops)

    def draw_mark(self, mark: PieceMark, canvas: Canvas) -> None:
        """Draw the mark that machines identify the piece by."""
        if not self.mark_values:
            return
        try:
            ops = place_mark(
                mark,
                self.mark_values,
                ink=self.painter.layout.inks.black,
                page_height=self.painter.height_pt,
            )
        except TooLarge as error:
            self.add_problem(mark.id, error)
            return
        if ops:
            canvas.add_tagged("Artifact", ops)

    def draw_address(self, box: AddressBox, canvas: Canvas) -> None:
        """Draw the address, if there is one."""
        if self.address is None:
            return
        try:
            ops = self.painter.place_postal(box, self.address, self.document.language)
            canvas.add_tagged("P", ops)
        except (TooLarge, MissingGlyph) as error:
            self.add_problem(box.id, error)
        self.draw_barcode(box, canvas)

    def draw_barcode(self, box: AddressBox | PostalBarcodeBox, canvas: Canvas) -> None:
        """Draw the barcode of the post in its box, or below the address."""
        if self.address is None:
            return
        ops = self.painter.barcode_ops(box, self.address, self.serial)
        if ops:
            canvas.add_tagged("Artifact", ops)

    def draw_logo(self, box: PictureBox, canvas: Canvas) -> None:
        """Draw the retailer's logo, if there is one."""
        logo = self.document.logo
        if logo and holds(box.conditions, self.all_values):
            content = self.painter.picture_content(box, logo)
            if content.ops:
                canvas.add_tagged("Figure", content.ops, alt=self.document.retailer)
                self.contents.append(content)

    def draw_page_code(self, box: PageCode, canvas: Canvas) -> None:
        """Draw the code that opens the list on a phone, if it has a page."""
        url = self.document.page_url
        if not url or not holds(box.conditions, self.all_values):
            return
        try:
            ink, height = self.painter.layout.inks.black, self.painter.height_pt
            ops = place_page_code(box, url, ink=ink, page_height=height)
        except TooLarge as error:
            self.add_problem(box.id, error)
            return
        canvas.add_tagged("Figure", ops, alt=self.language.phrases.texts["page_code"])

    def draw_control_marks(self, marks: ControlMarks, canvas: Canvas) -> None:
        """Draw the bars for the inserter."""
        ops = place_control_marks(
            marks,
            page=len(self.canvases),
            pages=len(self.page_numbers),
            seq=self.seq,
            painter=self.painter,
        )
        canvas.add_tagged("Artifact", ops)

    def draw_free_repeat(self, box: Repeat, canvas: Canvas) -> None:
        """Draw what is repeated, if its conditions hold."""
        if holds(box.conditions, self.all_values):
            self.draw_repeat(box, canvas)

    def draw_free_slot(self, slot: Slot, canvas: Canvas) -> None:
        """Draw a slot that stands below nothing."""
        self.draw_slot(slot, canvas)


_DRAW_METHODS: Mapping[type, Callable[..., None]] = {
    OfferGrid: _ListPainter.draw_offers,
    ShoppingListBox: _ListPainter.draw_shopping_list,
    SymbolBox: _ListPainter.draw_symbol,
    AddressBox: _ListPainter.draw_address,
    PieceMark: _ListPainter.draw_mark,
    PostalBarcodeBox: _ListPainter.draw_barcode,
    Rule: _ListPainter.draw_own_rule,
    PictureBox: _ListPainter.draw_logo,
    PageCode: _ListPainter.draw_page_code,
    ControlMarks: _ListPainter.draw_control_marks,
    Repeat: _ListPainter.draw_free_repeat,
    Slot: _ListPainter.draw_free_slot,
}
