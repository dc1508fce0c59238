"""Ready content: texts, repeated rows and shared art of a layout, set once and kept.

Texts repeat from list to list, so every fitted text and every repeated row is kept as ready
content and only positioned anew. What a batch keeps is bounded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from service.engine.render.columns import Row
from service.engine.render.fit import DoesNotFit, Fitted, MissingGlyph, Typesetter
from service.engine.render.layout import (
    MM,
    Cell,
    Element,
    Layout,
    Rule,
    ShoppingList,
    TextBox,
)
from service.engine.render.symbols import SymbolProfile

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
    by_line: bool
    """Whether every line of a list is an element of its own, or the lines together are one."""
    ops: list[bytes] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    open: bool = False

    def tagged(self, role: str, ops: bytes, alt: str = "") -> None:
        """Add content as a structure element's, or as an artifact."""
        if not self.by_line and role in ("LI", "H3"):
            if self.open:
                self.ops[-1] = ops
                self.ops.append(b"EMC")
                return
            self.open, role = True, "P"
        else:
            self.open = False
        if role == "Artifact":
            self.ops.append(b"/Artifact BMC\n%b\nEMC" % ops)
            return
        tag = b"LBody" if role == "LI" else role.encode()
        self.ops.append(b"/%b<</MCID %d>>BDC" % (tag, len(self.marks)))
        self.ops += [ops, b"EMC"]
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
    by_line: bool
    """Whether every line of a list is tagged by itself, for reading aloud."""


class Painter:
    """Paints lists of one layout. One painter serves one output file."""

    def __init__(self, layout: Layout, terms: Terms) -> None:
        self.layout = layout
        self.terms = terms
        self.height_pt = layout.size_pt[1]
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self._texts: dict[tuple[TextBox, str], bytes] = {}
        self._cells: dict[tuple[TextBox, str, float], tuple[bytes, float]] = {}
        self._cell_rules: dict[Cell, bytes] = {}
        self.order = {name: place for place, name in enumerate(terms.departments)}
        self.pages: list[list[Element]] = [
            [element for element in layout.elements if _varies(element, page)]
            for page in range(1, layout.pages + 1)
        ]

    def art(self, page: int) -> bytes:
        """What is drawn alike on this page of every list."""
        rules = [
            self.rule(element)
            for element in self.layout.elements
            if isinstance(element, Rule) and element.page == page and not element.when
        ]
        return b"\n".join(rules)

    def trim(self) -> None:
        """Empty the stores when they have grown large; called between lists."""
        if len(self._texts) > _KEPT or len(self._cells) > _KEPT:
            self._texts.clear()
            self._cells.clear()

    def text_ops(self, box: TextBox, text: str) -> bytes:
        """Content of a positioned text, from the store when it was set before."""
        key = (box, text)
        ops = self._texts.get(key)
        if ops is None:
            fitted = self.fit(box, text)
            ops = self.lines(box, fitted, left=box.x * MM, top=self.height_pt - box.y * MM)
            self._texts[key] = ops
        return ops

    def fit(self, box: TextBox, text: str, *, height: float | None = None) -> Fitted:
        """Set a text in its box, and within a height in points when there is one."""
        return self.typesetter.fit(
            text,
            box.style,
            width=box.w * MM,
            lines=box.lines,
            flow=box.flow,
            height=height,
            even=box.align == "centre" or box.role in ("H1", "H2"),
        )

    def row(
        self,
        cell: Cell,
        texts: Iterable[str],
        refuse: Callable[[TextBox, Exception], None],
    ) -> Row:
        """A repeated row, drawn from its own top left corner, and its natural height in pt."""
        rules = self._cell_rules.get(cell)
        if rules is None:
            rules = b"\n".join([self.rule(rule, origin=0.0) for rule in cell.rules])
            self._cell_rules[cell] = rules
        ops = [rules] if rules else []
        bottoms: dict[str, float] = {}
        lowest = 0.0
        for box, text in zip(cell.texts, texts, strict=True):
            if box.below:
                top = bottoms[box.below]
                bottoms[box.name] = top
                if text:
                    top += box.gap * MM
            else:
                bottoms[box.name] = top = box.y * MM
            if not text:
                continue
            set_text = self._cells.get((box, text, top))
            if set_text is None:
                try:
                    set_text = self._set_cell(box, text, top)
                except (DoesNotFit, MissingGlyph) as error:
                    refuse(box, error)
                    continue
            ops.append(set_text[0])
            bottoms[box.name] = bottom = set_text[1]
            if bottom > lowest:
                lowest = bottom
        return Row(b"\n".join(ops), lowest + cell.pad * MM)

    def _set_cell(self, box: TextBox, text: str, top: float) -> tuple[bytes, float]:
        fitted = self.fit(box, text)
        ops = self.lines(box, fitted, left=box.x * MM, top=-top)
        made = (ops, top + fitted.height)
        self._cells[box, text, top] = made
        return made

    def lines(self, box: TextBox, fitted: Fitted, *, left: float, top: float) -> bytes:
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

    def rule(self, rule: Rule, origin: float | None = None) -> bytes:
        top = self.height_pt if origin is None else origin
        frame = (rule.x * MM, top - (rule.y + rule.h) * MM, rule.w * MM, rule.h * MM)
        if rule.stroke_pt:
            pen = rule.colour.replace(b"rg", b"RG").replace(b" g", b" G")
            return b"%b %g w %.2f %.2f %.2f %.2f re S" % (pen, rule.stroke_pt, *frame)
        return b"%b %.2f %.2f %.2f %.2f re f" % (rule.colour, *frame)


def _varies(element: Element, page: int) -> bool:
    """Whether the element is drawn afresh for each list on this page."""
    if isinstance(element, ShoppingList):
        return element.page <= page < element.page + element.over
    return element.page == page and not (isinstance(element, Rule) and not element.when)
