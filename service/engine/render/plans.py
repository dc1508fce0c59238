"""Compiled templates: which values a text depends on, and a cache of what was set from them."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter, itemgetter
from string import Formatter
from typing import Any

from service.engine.render.fit import ascent
from service.engine.render.joins import join_units
from service.engine.render.layout import MM, LayoutCell, Rule, TemplatePart, TextBox
from service.engine.render.localise import box_in
from service.engine.render.phrases import Phrases


class Content:
    """PDF content that may be used again.

    `ops` are the operators that draw it, either the content itself or the name of a form. In the
    second case `entry` is the resource entry that a page needs; else it is empty. `height` is in
    points, and `move_below` moves the origin down by it. The BBox of the form is `box`, or a box of
    `width` and `height` if that is empty.
    """

    __slots__ = ("box", "entry", "height", "move_below", "ops", "width")

    def __init__(
        self, ops: bytes, width: float = 0.0, height: float = 0.0, *, box: bytes = b""
    ) -> None:
        self.ops = ops
        self.box = box
        self.width = width
        self.height = height
        self.entry = b""
        self.move_below = down(height)

    def draw_by_name(self, ops: bytes, entry: bytes) -> None:
        """Use these operators and this resource entry from now on."""
        self.ops = ops
        self.entry = entry


class RowStart(Content):
    """The part of a row that many lists share.

    `bottoms` is how far down each of its texts reaches, in points. `tails` holds the rest of such
    rows by the values of their own texts; the height of a tail is that of the whole row.
    """

    __slots__ = ("bottoms", "tails")

    def __init__(
        self,
        ops: bytes,
        width: float,
        height: float,
        *,
        bottoms: tuple[float, ...],
        tails: dict[Any, Content],
    ) -> None:
        super().__init__(ops, width, height)
        self.bottoms = bottoms
        self.tails = tails


def move(right: float, downward: float) -> bytes:
    """Operators that move the origin by so many points to the right and down."""
    return b"1 0 0 1 %.2f %.1f cm" % (right, -downward if downward else 0)


@cache
def down(height: float) -> bytes:
    """Operators that move the origin down by so many points."""
    return b"1 0 0 1 0 %.1f cm" % -height


class TextPlan:
    """A text box in one language. `cache` holds what was set, by the values it depends on."""

    __slots__ = (
        "_pattern", "above", "box", "cache", "drop", "is_shared", "key", "leading", "left",
        "may_repeat", "needs_shared_values", "width",
    )  # fmt: skip

    def __init__(self, box: TextBox, phrases: Phrases, *, above: int = -1) -> None:
        names, self._pattern = _compile(box.template, phrases)
        box = box_in(box, phrases.language)
        self.box = box
        self.above = above
        """The index in the cell of the text that this one is placed below, or -1."""
        self.key: Callable[[Mapping[str, str]], Any] = itemgetter(*names) if names else _no_values
        self.may_repeat = "seq" not in names
        """Whether the same text may be used again. The sequence number never is."""
        self.is_shared = not _PER_LIST & {*names, box.when}
        """Whether the text and its condition depend only on values that many lists share."""
        self.needs_shared_values = not _PER_LIST.issuperset(names) or bool(box.when)
        """Whether a text that is not shared depends on shared values too."""
        self.left, self.width = box.x * MM, box.w * MM
        """In points, as are the next two: the line height, and from its top to the baseline."""
        self.leading = box.style.size_pt * box.style.leading
        self.drop = ascent(box.style.size_pt, self.leading)
        self.cache: dict[Any, Any] = {}

    def text(self, key: Any) -> str:
        """Fill the template with these values; a number stays with the unit after it."""
        return join_units(self._pattern % key)


class CellPlan:
    """The texts and rules of a repeated row, and a cache of the rows set so far.

    `shared` texts depend only on the item with its product and price, or on the offer. The `own`
    texts after them differ from list to list. Rows used once are in `*_seen_once`, apart from those
    used again, because most are never used again.
    """

    __slots__ = (
        "names", "own", "own_key", "pad", "rules", "shared", "starts", "starts_seen_once", "tails",
        "tails_seen_once", "width",
    )  # fmt: skip

    def __init__(self, cell: LayoutCell, phrases: Phrases, *, rules: bytes, pad: float) -> None:
        texts = sorted(cell.texts, key=lambda box: not _is_shared(box, phrases))
        if any(_precedes_its_anchor(texts, index) for index in range(len(texts))):
            texts = list(cell.texts)
        indices = {box.name: index for index, box in enumerate(texts)}
        plans = [
            TextPlan(box, phrases, above=indices[box.below] if box.below else -1) for box in texts
        ]
        count = 0
        while count < len(texts) and _is_shared(texts[count], phrases):
            count += 1
        self.rules = rules
        self.pad = pad
        parts: list[TextBox | Rule] = [*cell.texts, *cell.rules]
        self.width = max([part.x + part.w for part in parts], default=0.0) * MM
        self.shared, self.own = plans[:count], plans[count:]
        self.names = _names(texts, phrases)
        """The variables of all texts of the row."""
        own = _names(texts[count:], phrases)
        fields = sorted({field for name in own & _FIELDS.keys() for field in _FIELDS[name]})
        self.own_key: Callable[[Any], Any] = attrgetter(*fields) if fields else _no_values
        """Returns the values of a line that its own texts depend on."""
        self.starts: dict[Any, RowStart] = {}
        self.starts_seen_once: dict[Any, RowStart] = {}
        self.tails: dict[tuple[float, ...], dict[Any, Content]] = {}
        """Own texts, by how far down the shared texts above them reach."""
        self.tails_seen_once: dict[tuple[tuple[float, ...], Any], Content] = {}

    def clear(self) -> None:
        """Empty the caches."""
        for rows in (self.starts, self.starts_seen_once, self.tails, self.tails_seen_once):
            rows.clear()
        for plan in (*self.shared, *self.own):
            plan.cache.clear()


_PER_LIST = {"seq", "more", "greeting", "worth"}
"""Variables that may differ between lists of one cycle."""
_OWN = {
    "expected": ("expected_on", "due"),
    "need": ("expected_on", "due"),
    "due": ("due",),
    "reason": ("reason",),
    "why": ("expected_on", "due", "reason", "paid_cents"),
    "line": ("line",),
}
"""Variables of a row that differ between lists, and the fields of a line that they show."""
_FIELDS = {
    **_OWN,
    "item": ("item",),
    "product": ("product",),
    "price": ("price_cents",),
    "title": ("title",),
    "detail": ("detail", "goods"),
    "value": ("value_text",),
}


def _names(texts: list[TextBox], phrases: Phrases) -> set[str]:
    return {name for box in texts for name in _compile(box.template, phrases)[0]}


def _is_shared(box: TextBox, phrases: Phrases) -> bool:
    return not _OWN.keys() & set(_compile(box.template, phrases)[0])


def _precedes_its_anchor(texts: list[TextBox], index: int) -> bool:
    """Whether a text would be set before the one that it is placed below."""
    below = texts[index].below
    return bool(below) and below not in [box.name for box in texts[:index]]


def _compile(template: tuple[TemplatePart, ...], phrases: Phrases) -> tuple[list[str], str]:
    """Variable names in order, and a %-pattern. Phrases may contain variables too."""
    names: list[str] = []
    pattern = ""
    for part in template:
        if part.kind == "literal":
            pattern += part.value.replace("%", "%%")
        elif part.kind == "variable":
            names.append(part.value)
            pattern += "%s"
        else:
            for literal, name, _, _ in Formatter().parse(phrases.texts[part.value]):
                pattern += literal.replace("%", "%%")
                if name is not None:
                    names.append(name)
                    pattern += "%s"
    return names, pattern


def _no_values(values: Any) -> tuple[()]:  # noqa: ARG001
    return ()
