"""Ready content: texts, repeated rows and shared art of a layout, set once and kept.

Texts repeat from list to list, so every fitted text and every repeated row is kept as ready
content and only positioned anew. What a batch keeps is bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.engine.render.fit import DoesNotFit, Fitted, Typesetter
from service.engine.render.frames import Frames
from service.engine.render.language import Language, Ready
from service.engine.render.layout import (
    MM,
    AddressBox,
    Cell,
    Element,
    Layout,
    Rule,
    ShoppingList,
    TextBox,
)
from service.engine.render.plans import CellPlan, Drawn, Started, TextPlan
from service.engine.render.stacks import Stacks
from service.engine.render.symbols import Symbol, SymbolProfile
from service.engine.render.words import MissingGlyph

_KEPT = 40_000
"""Fitted texts and rows kept before the stores are emptied; one takes about 500 bytes."""

_OVERHANG_PT = 6
"""Room that a form leaves round its content for strokes and the tails of letters."""

Refuse = Callable[[str, Exception], None]
"""Told an element and why it cannot be printed."""
Values = Callable[[], Mapping[str, str]]
"""Gives the values of a row's texts when they are wanted."""
Shelf = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""Takes content and its BBox, and gives the operators that draw it and a resource entry."""


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
    """Sets the texts of one layout. One painter serves one output file."""

    def __init__(self, layout: Layout, terms: Terms) -> None:
        self.layout = layout
        self.terms = terms
        self.height_pt = layout.size_pt[1]
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self.order = {name: place for place, name in enumerate(terms.departments)}
        self.shelf: Shelf | None = None
        """Where content that comes again is written once; without it all stands on its page."""
        self._languages: dict[tuple[str, str], Language] = {}
        self._addresses: dict[AddressBox, TextBox] = {}
        self.frames = Frames(self.height_pt)
        self._stacks = Stacks(self.typesetter, self.height_pt)
        self._bars: dict[bytes, Drawn] = {}
        self._kept = 0
        width, height = layout.size_pt
        self._page_box = b"0 0 %g %g" % (width, height)

    def language(self, tag: str, currency: str) -> Language:
        """The layout in this language; also the moment to forget what has grown too large."""
        if self._kept > _KEPT:
            self._kept = 0
            for language in self._languages.values():
                language.clear()
        found = self._languages.get((tag, currency))
        if found is None:
            phrases = self.layout.stationery.phrases_for(tag)
            found = self._languages[tag, currency] = Language(phrases, currency)
            found.pages = [
                [
                    (element, TextPlan(element, phrases) if isinstance(element, TextBox) else None)
                    for element in self.layout.elements
                    if _varies(element, page)
                ]
                for page in range(1, self.layout.pages + 1)
            ]
            found.ready = [{} for _ in found.pages]
        return found

    def keep_ready(self, kept: dict[Any, Ready], key: object, ready: Ready) -> None:
        """Keep a page's shared texts for the lists that have the same ones."""
        kept[key] = ready
        self._kept += len(ready.steps)

    def share(self, drawn: Drawn) -> None:
        """Called when content comes again: from now on it is drawn by name."""
        if self.shelf is None or not drawn.ops or drawn.entry:
            return
        box = drawn.box
        if not box:
            edge = _OVERHANG_PT
            box = b"%d %d %d %d" % (-edge, -drawn.height - 2 * edge, drawn.width + edge, edge)
        drawn.become(*self.shelf(drawn.ops, box))

    def bars(self, made: Symbol) -> Drawn:
        """What a symbol has in common with others, filled; drawn in the symbol's frame."""
        drawn = self._bars.get(made.still)
        if drawn is None:
            ops = made.still and made.still + b" f"
            drawn = self._bars[made.still] = Drawn(
                ops, box=b"0 0 %d %d" % (made.width, made.height)
            )
        elif not drawn.entry:
            self.share(drawn)
        return drawn

    def art(self, page: int) -> bytes:
        """What is drawn alike on this page of every list."""
        rules = [
            self.rule(element)
            for element in self.layout.elements
            if isinstance(element, Rule) and element.page == page and not element.when
        ]
        return b"\n".join(rules)

    def text(self, plan: TextPlan, values: Mapping[str, str]) -> Drawn:
        """A positioned text; its content is empty when the text is."""
        key = plan.key(values)
        drawn: Drawn | None = plan.store.get(key)
        if drawn is not None:
            if not drawn.entry:
                self.share(drawn)
            return drawn
        text = plan.text(key)
        ops = b""
        if text:
            box = plan.box
            ops = b"" if box.style.kern else self._stacks.plain(box, (text,))
            if not ops:
                top = self.height_pt - box.y * MM
                ops = self.lines(box, self.fit(box, text), left=box.x * MM, top=top)
        drawn = Drawn(ops, box=self._page_box)
        if plan.kept:
            plan.store[key] = drawn
            self._kept += 1
        return drawn

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

    def address(self, box: AddressBox, lines: Sequence[str]) -> bytes:
        """An address, which stands on the foot of its box."""
        ops = self._stacks.plain(box, lines)
        if ops:
            return ops
        whole = self._address_text(box)
        fitted = self.fit(whole, "\n".join(lines), height=box.h * MM)
        top = self.height_pt - (box.y + box.h) * MM + fitted.height
        return self.lines(whole, fitted, left=box.x * MM, top=top)

    def _address_text(self, box: AddressBox) -> TextBox:
        """An address block as a text of as many lines as its height holds."""
        found = self._addresses.get(box)
        if found is None:
            style = box.style
            count = max(1, int(box.h * MM / (style.shrink_pt * style.leading) + 0.01))
            found = TextBox(box.id, box.page, box.x, 0, box.w, style, (), lines=count, flow=True)
            self._addresses[box] = found
        return found

    def cell(self, cell: Cell, language: Language) -> CellPlan:
        """The plan of a repeated row."""
        plan = language.cells.get(cell)
        if plan is None:
            rules = b"\n".join([self.rule(rule, origin=0.0) for rule in cell.rules])
            plan = language.cells[cell] = CellPlan(
                cell, language.phrases, rules=rules, pad=cell.pad * MM
            )
        return plan

    def started(self, plan: CellPlan, key: object, values: Values, refuse: Refuse) -> Started:
        """What a row shares with others, seen for the first or second time.

        `key` names the values it is made of. A row is drawn from its own top left corner.
        """
        found = plan.ready.get(key) or plan.fresh.pop(key, None)
        if found is not None:
            self.share(found)
            plan.ready[key] = found
            return found
        sound = True
        bottoms: list[float] = []
        ops = [plan.rules] if plan.rules else []
        shown = values()
        for text in plan.shared:
            sound &= self._add(text, shown, ops, bottoms, refuse)
        found = Started(
            b"\n".join(ops),
            plan.width,
            _height(plan, bottoms),
            bottoms=tuple(bottoms),
            tails=plan.tails.setdefault(tuple(bottoms), {}),
        )
        if sound:
            plan.fresh[key] = found
            self._kept += 1
        return found

    def tail(
        self, plan: CellPlan, started: Started, key: object, values: Values, refuse: Refuse
    ) -> Drawn:
        """The rest of a row, seen for the first or second time."""
        place = (started.bottoms, key)
        found = started.tails.get(key) or plan.fresh_tails.pop(place, None)
        if found is not None:
            self.share(found)
            started.tails[key] = found
            return found
        sound = True
        ops: list[bytes] = []
        reached = [*started.bottoms]
        shown = values()
        for text in plan.own:
            sound &= self._add(text, shown, ops, reached, refuse)
        found = Drawn(b"\n".join(ops), plan.width, _height(plan, reached))
        if sound:
            plan.fresh_tails[place] = found
            self._kept += 1
        return found

    def _add(
        self,
        plan: TextPlan,
        values: Mapping[str, str],
        ops: list[bytes],
        bottoms: list[float],
        refuse: Refuse,
    ) -> bool:
        """Set one text of a row under those before it; False when it cannot be printed."""
        key = plan.key(values)
        if plan.above >= 0:
            key = (key, bottoms[plan.above])
        made = plan.store.get(key)
        if made is None:
            try:
                made = self._set(plan, key)
            except (DoesNotFit, MissingGlyph) as error:
                refuse(plan.box.id, error)
                bottoms.append(plan.box.y * MM)
                return False
        if made[0]:
            ops.append(made[0])
        bottoms.append(made[1])
        return True

    def _set(self, plan: TextPlan, key: object) -> tuple[bytes, float]:
        """A cell's text as content, and how far down it reaches."""
        box = plan.box
        top = box.y * MM
        values = key
        if plan.above >= 0:
            values, top = key  # type: ignore[misc]
        text = plan.text(values)
        made = (b"", top)
        if text:
            top += box.gap * MM
            line = self.typesetter.single(text, box.style, plan.width)
            if line is None:
                fitted = self.fit(box, text)
                made = (self.lines(box, fitted, left=plan.left, top=-top), top + fitted.height)
            else:
                x = plan.left
                if box.align != "left":
                    x += (plan.width - line.width) / (1 if box.align == "right" else 2)
                ops = b"%b BT %.1f %.1f Td %b ET" % (
                    box.style.colour, x, -top - plan.drop, line.ops,
                )  # fmt: skip
                made = (ops, top + plan.leading)
        plan.store[key] = made
        self._kept += 1
        return made

    def lines(self, box: TextBox, fitted: Fitted, *, left: float, top: float) -> bytes:
        """Content of fitted lines whose top left corner is given in points."""
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

    def rule(self, rule: Rule, origin: float | None = None) -> bytes:
        """Content of a rectangle; `origin` is the top that `y` counts from, the page's if None."""
        top = self.height_pt if origin is None else origin
        frame = (rule.x * MM, top - (rule.y + rule.h) * MM, rule.w * MM, rule.h * MM)
        if rule.stroke_pt:
            pen = rule.colour.replace(b"rg", b"RG").replace(b" g", b" G")
            return b"%b %g w %.2f %.2f %.2f %.2f re S" % (pen, rule.stroke_pt, *frame)
        return b"%b %.2f %.2f %.2f %.2f re f" % (rule.colour, *frame)


def _height(plan: CellPlan, bottoms: Sequence[float]) -> float:
    return round(max(bottoms, default=0.0) + plan.pad, 1)


def _varies(element: Element, page: int) -> bool:
    """Whether the element is drawn afresh for each list on this page."""
    if isinstance(element, ShoppingList):
        return element.page <= page < element.page + element.over
    return element.page == page and not (isinstance(element, Rule) and not element.when)
