"""Painting one list: from a document and an address to the content of its pages."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.records import Address, ListDocument
from service.engine.render.fit import DoesNotFit
from service.engine.render.language import Ready, Step
from service.engine.render.layout import (
    AddressBox,
    Element,
    OfferGrid,
    PieceMark,
    Rule,
    ShoppingList,
    SymbolBox,
)
from service.engine.render.marks import place_mark
from service.engine.render.painter import Painter
from service.engine.render.place import place_symbol
from service.engine.render.plans import Drawn, TextPlan
from service.engine.render.rows import Rows
from service.engine.render.sheet import Painted, Run, Sheet
from service.engine.render.words import MissingGlyph
from service.errors import InvalidInput

_LEGAL = attrgetter("legal")


class Job(NamedTuple):
    """A list to paint. `name` is what an error calls it.

    `seq` is printed as the sequence mark unless 0. `piece_id` is what a mark for machines says,
    and the name of the list in the file; without it there is no mark.
    """

    document: ListDocument
    address: Address | None
    name: str
    seq: int = 0
    piece_id: str = ""


def paint(painter: Painter, jobs: Sequence[Job]) -> list[Painted]:
    """The pages of some lists; `InvalidInput` names every text of a list that cannot be printed.

    Lists are painted side by side, each element on all of them before the next, which costs less
    than one list after the other.
    """
    works = [_Work(painter, job) for job in jobs]
    for number in range(1, painter.layout.pages + 1):
        _paint_page(works, number)
    for work in works:
        if work.problems:
            detail = "; ".join(map(str, work.problems[:3]))
            raise InvalidInput(f"{work.name} cannot be printed: {detail}", work.problems)
    return [
        Painted(work.sheets, work.drawn, work.document.language, job.piece_id or job.name)
        for work, job in zip(works, jobs, strict=True)
    ]


def _paint_page(works: Sequence["_Work"], number: int) -> None:
    """Draw one page of each list, with the texts that lists share as they were drawn before."""
    alike: dict[int, tuple[Ready, list[_Work]]] = {}
    for work in works:
        ready = work.begin(number)
        alike.setdefault(id(ready), (ready, []))[1].append(work)
    for ready, members in alike.values():
        for run, draw, what in ready.steps:
            for work in members:
                sheet = work.sheets[-1]
                if run is not None:
                    sheet.still(run)
                if draw is not None:
                    draw(work, what, sheet)


class _Work(Rows):
    """The painting of one list: its values, and the problems met so far."""

    def __init__(self, painter: Painter, job: Job) -> None:
        document = job.document
        super().__init__(painter, document, name=job.name)
        self.address = job.address
        self.sheets: list[Sheet] = []
        words = self.words
        number = f"{job.seq:06d}"
        self.marks = {"piece_id": job.piece_id, "seq": number} if job.piece_id else {}
        self.live["seq"] = number if job.seq else ""
        self.live["greeting"] = document.greeting or words.phrases.texts["greeting"]
        self.live["worth"] = words.amount(document.worth_cents)
        self.legal = self._legal()
        self.front = (
            document.retailer,
            document.issued_on,
            document.valid_from,
            document.valid_to,
            document.tip,
            self.legal,
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
            "legal": self.legal,
            "sender": painter.terms.sender or document.retailer,
            "pages": str(painter.layout.pages),
            "offers": "1" if document.offers else "",
        }

    def begin(self, number: int) -> Ready:
        """Begin a page; the texts on it that lists share."""
        self.sheets.append(Sheet(number, self.painter.terms.by_line))
        kept = self.words.ready[number - 1]
        ready = kept.get(self.front)
        if ready is None:
            ready = self._ready(number, kept)
        self.drawn += ready.drawn
        return ready

    def _ready(self, number: int, kept: dict[Any, Ready]) -> Ready:
        """Set the shared texts of a page; they are kept once all of them are drawn by name."""
        before = len(self.problems)
        values = {**self.values, "page": str(number)}
        shelf = self.painter.shelf
        steps: list[Step] = []
        parts: list[tuple[str, bytes]] = []
        shown: list[Drawn] = []
        lasting = True
        for element, plan in self.words.pages[number - 1]:
            if plan is not None and plan.still:
                drawn = self._still(plan, values)
                if drawn is not None and drawn.ops:
                    self._join(parts, plan.box.role, drawn.ops)
                    shown.append(drawn)
                    lasting &= shelf is None or bool(drawn.entry)
            elif isinstance(element, Rule) and element.when not in self.live:
                if values[element.when]:
                    parts.append(("Artifact", self.painter.rule(element)))
            else:
                draw, what = (_Work.live_text, plan) if plan is not None else _drawing(element)
                steps.append((Run(parts) if parts else None, draw, what))
                parts = []
        steps.append((Run(parts) if parts else None, None, None))
        ready = Ready(steps, shown)
        if lasting and len(self.problems) == before:
            self.painter.keep_ready(kept, self.front, ready)
        return ready

    def _join(self, parts: list[tuple[str, bytes]], role: str, ops: bytes) -> None:
        """Add a text to a run; on paper, paragraphs that follow one another are one element."""
        if role == "P" and not self.painter.terms.by_line and parts and parts[-1][0] == "P":
            parts[-1] = ("P", b"%b\n%b" % (parts[-1][1], ops))
        else:
            parts.append((role, ops))

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
            self.refuse(box.id, error)
            return None

    def live_text(self, plan: TextPlan, sheet: Sheet) -> None:
        """A text that belongs to this list alone, or is known only when the lines are placed."""
        values: Mapping[str, str] = self.live
        if plan.mixed:
            values = {**self.values, **self.live, "page": str(sheet.number)}
        drawn = self._still(plan, values)
        if drawn is not None and drawn.ops:
            sheet.tagged(plan.box.role, drawn.ops)
            self.drawn.append(drawn)

    def live_rule(self, rule: Rule, sheet: Sheet) -> None:
        """A rule that some lists have."""
        if self.live[rule.when]:
            sheet.tagged("Artifact", self.painter.rule(rule))

    def symbol(self, box: SymbolBox, sheet: Sheet) -> None:
        """The list's symbol with the code under it."""
        try:
            placed = place_symbol(self.painter, box, self.document.list_code)
        except (DoesNotFit, MissingGlyph) as error:
            self.refuse(box.id, error)
            return
        sheet.tagged("Figure", placed.ops, alt=placed.human)
        self.drawn.append(placed.still)

    def mark(self, mark: PieceMark, sheet: Sheet) -> None:
        """The piece's mark for machines."""
        if not self.marks:
            return
        try:
            ops = place_mark(mark, self.marks, page_height=self.painter.height_pt)
        except DoesNotFit as error:
            self.refuse(mark.id, error)
            return
        if ops:
            sheet.tagged("Artifact", ops)

    def place_address(self, box: AddressBox, sheet: Sheet) -> None:
        """The address, when there is one."""
        if self.address is None:
            return
        painter = self.painter
        postal = painter.layout.stationery.postal
        lines = postal.compose(self.address, sender_country=painter.terms.sender_country)
        try:
            sheet.tagged("P", painter.address(box, lines))
        except (DoesNotFit, MissingGlyph) as error:
            self.refuse(box.id, error)


_DRAWING: Mapping[type, Callable[..., None]] = {
    OfferGrid: _Work.offers,
    ShoppingList: _Work.listed,
    SymbolBox: _Work.symbol,
    AddressBox: _Work.place_address,
    PieceMark: _Work.mark,
    Rule: _Work.live_rule,
}


def _drawing(element: Element) -> tuple[Callable[..., None], Element]:
    return _DRAWING[type(element)], element
