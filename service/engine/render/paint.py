"""Paint lists: from a document and an address to the content of the pages."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.records import Address, ListDocument
from service.engine.render.canvas import Canvas, PaintedPiece, TextRun
from service.engine.render.fit import TooLarge
from service.engine.render.language import SharedPage, Step
from service.engine.render.layout import (
    AddressBox,
    Element,
    OfferGrid,
    PieceMark,
    PostalBarcodeBox,
    Rule,
    ShoppingListBox,
    SymbolBox,
)
from service.engine.render.marks import place_mark
from service.engine.render.painter import Painter
from service.engine.render.place import place_draft, place_symbol
from service.engine.render.plans import Content, TextPlan
from service.engine.render.rows import RowPainter
from service.engine.render.shaping import MissingGlyph
from service.errors import InvalidInput

_LEGAL = attrgetter("legal")


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
    painters = [_ListPainter(painter, job) for job in jobs]
    for number in range(1, painter.layout.pages + 1):
        _paint_page(painters, number)
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


class _ListPainter(RowPainter):
    """Paints one list: holds its values and collects its problems."""

    def __init__(self, painter: Painter, job: PaintJob) -> None:
        document = job.document
        super().__init__(painter, document, name=job.name)
        self.address = job.address
        self.serial = job.serial
        self.canvases: list[Canvas] = []
        language = self.language
        number = f"{job.seq:06d}"
        self.mark_values = {"piece_id": job.piece_id, "seq": number} if job.piece_id else {}
        self.own_values["seq"] = number if job.seq else ""
        self.own_values["greeting"] = document.greeting or language.phrases.texts["greeting"]
        self.own_values["worth"] = language.amount(document.worth_cents) if document.offers else ""
        self.legal = self._legal_text()
        self.sender_line = self._sender_line()
        self.shared_key = (
            document.retailer,
            document.issued_on,
            document.valid_from,
            document.valid_to,
            document.tip,
            self.legal,
            not document.offers,
            self.sender_line,
        )
        """The values that the shared texts depend on."""

    @cached_property
    def values(self) -> dict[str, str]:
        """The values of the layout's variables, except those in `own_values`."""
        document, language, painter = self.document, self.language, self.painter
        return {
            "retailer": document.retailer,
            "issued": language.date(document.issued_on),
            "valid_from": language.date(document.valid_from),
            "valid_to": language.date(document.valid_to),
            "from_day": language.day(document.valid_from),
            "to_day": language.day(document.valid_to),
            "tip": document.tip,
            "legal": self.legal,
            "sender": self.sender_line,
            "pages": str(painter.layout.pages),
            "offers": "1" if document.offers else "",
        }

    def begin_page(self, number: int) -> SharedPage:
        """Begin a page and return the texts on it that lists share."""
        self.canvases.append(Canvas(number, self.painter.options.by_line))
        cache = self.language.shared_pages[number - 1]
        shared_page = cache.get(self.shared_key)
        if shared_page is None:
            shared_page = self._set_shared_page(number, cache)
        self.contents += shared_page.contents
        return shared_page

    def _set_shared_page(self, number: int, cache: dict[Any, SharedPage]) -> SharedPage:
        """Set the shared texts of a page. They are cached once all of them are drawn by name."""
        before = len(self.problems)
        values = {**self.values, "page": str(number)}
        write_form = self.painter.write_form
        steps: list[Step] = []
        parts: list[tuple[str, bytes]] = []
        contents: list[Content] = []
        is_complete = True
        for element, plan in self.language.pages[number - 1]:
            if plan is not None and plan.is_shared:
                content = self._set_text(plan, values)
                if content is not None and content.ops:
                    self._add_to_run(parts, plan.box.role, content.ops)
                    contents.append(content)
                    is_complete &= write_form is None or bool(content.entry)
            elif isinstance(element, Rule) and element.when not in self.own_values:
                if values[element.when]:
                    parts.append(("Artifact", self.painter.rule_ops(element)))
            else:
                draw, what = (
                    (_ListPainter.draw_own_text, plan)
                    if plan is not None
                    else _draw_method(element)
                )
                steps.append((TextRun(parts) if parts else None, draw, what))
                parts = []
        steps.append((TextRun(parts) if parts else None, None, None))
        shared_page = SharedPage(steps, contents)
        if is_complete and len(self.problems) == before:
            self.painter.cache_shared_page(cache, self.shared_key, shared_page)
        return shared_page

    def _add_to_run(self, parts: list[tuple[str, bytes]], role: str, ops: bytes) -> None:
        """Add a text to a run. On paper, consecutive paragraphs are one structure element."""
        if role == "P" and not self.painter.options.by_line and parts and parts[-1][0] == "P":
            parts[-1] = ("P", b"%b\n%b" % (parts[-1][1], ops))
        else:
            parts.append((role, ops))

    def _sender_line(self) -> str:
        """The return line: with the sender's country on letters to another one."""
        sender = self.painter.options.sender
        if self.address is not None and sender.country_line(self.address.country):
            return sender.address_abroad or self.document.retailer
        return sender.address or self.document.retailer

    def _legal_text(self) -> str:
        """The legal text of the list, then those of its offers, each different text once."""
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
                prefix = self.language.phrases.texts["legal_for"].format(numbers=", ".join(numbers))
                made.append(f"{prefix} {text}")
        return " ".join(made)

    def _set_text(self, plan: TextPlan, values: Mapping[str, str]) -> Content | None:
        box = plan.box
        if box.when and not values[box.when]:
            return None
        try:
            return self.painter.place_text(plan, values)
        except (TooLarge, MissingGlyph) as error:
            self.add_problem(box.id, error)
            return None

    def draw_own_text(self, plan: TextPlan, canvas: Canvas) -> None:
        """Draw a text that differs between lists, or is known only once the lines are placed."""
        values: Mapping[str, str] = self.own_values
        if plan.needs_shared_values:
            values = {**self.values, **self.own_values, "page": str(canvas.number)}
        content = self._set_text(plan, values)
        if content is not None and content.ops:
            canvas.add_tagged(plan.box.role, content.ops)
            self.contents.append(content)

    def draw_own_rule(self, rule: Rule, canvas: Canvas) -> None:
        """Draw a rule whose condition differs between lists."""
        if self.own_values[rule.when]:
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


_DRAW_METHODS: Mapping[type, Callable[..., None]] = {
    OfferGrid: _ListPainter.draw_offers,
    ShoppingListBox: _ListPainter.draw_shopping_list,
    SymbolBox: _ListPainter.draw_symbol,
    AddressBox: _ListPainter.draw_address,
    PieceMark: _ListPainter.draw_mark,
    PostalBarcodeBox: _ListPainter.draw_barcode,
    Rule: _ListPainter.draw_own_rule,
}


def _draw_method(element: Element) -> tuple[Callable[..., None], Element]:
    return _DRAW_METHODS[type(element)], element
