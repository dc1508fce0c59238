"""Compiled templates: which values a text is made of, and what was made of them before."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter, itemgetter
from string import Formatter
from typing import Any

from service.engine.render.fit import ascent
from service.engine.render.layout import MM, Cell, Part, Rule, TextBox
from service.engine.render.phrases import Phrases


class Drawn:
    """Ready content that may come again, and its height in points.

    `fall` moves down by its height. `entry` is empty while the content stands on the page
    itself; a shared form is drawn by name, and `entry` tells the page what it names. A form's
    BBox is `box`, or of this `width` and height.
    """

    __slots__ = ("box", "entry", "fall", "height", "ops", "width")

    def __init__(
        self, ops: bytes, width: float = 0.0, height: float = 0.0, *, box: bytes = b""
    ) -> None:
        self.ops = ops
        self.box = box
        self.width = width
        self.height = height
        self.entry = b""
        self.fall = down(height)

    def become(self, ops: bytes, entry: bytes) -> None:
        """Be drawn by these operators from now on."""
        self.ops = ops
        self.entry = entry


class Started(Drawn):
    """The part of a row that many lists share, with how far down each of its texts reaches.

    `tails` are the rests of such rows by the values they are made of, as high as the row.
    """

    __slots__ = ("bottoms", "tails")

    def __init__(
        self,
        ops: bytes,
        width: float,
        height: float,
        *,
        bottoms: tuple[float, ...],
        tails: dict[Any, Drawn],
    ) -> None:
        super().__init__(ops, width, height)
        self.bottoms = bottoms
        self.tails = tails


def move(right: float, fall: float) -> bytes:
    """Move the origin by so many points to the right and down."""
    return b"1 0 0 1 %.2f %.1f cm" % (right, -fall if fall else 0)


@cache
def down(height: float) -> bytes:
    """Move the origin down by so many points."""
    return b"1 0 0 1 0 %.1f cm" % -height


class TextPlan:
    """A text box in one language. `store` keeps what was set, by the values it was made of."""

    __slots__ = (
        "_pattern", "above", "box", "drop", "kept", "key", "leading", "left", "mixed", "still",
        "store", "width",
    )  # fmt: skip

    def __init__(self, box: TextBox, phrases: Phrases, *, above: int = -1) -> None:
        names, self._pattern = _compile(box.template, phrases)
        self.box = box
        self.above = above
        """The place in the cell of the text that this one stands below, or -1."""
        self.key: Callable[[Mapping[str, str]], Any] = itemgetter(*names) if names else _nothing
        self.kept = "seq" not in names
        """Whether the same text may come again; the sequence mark never does."""
        self.still = not _LIVE & {*names, box.when}
        """Whether the text is known before the rest of its list is set."""
        self.mixed = not _LIVE.issuperset(names) or bool(box.when)
        """Whether a text that is not still shows more than what makes it so."""
        self.left, self.width = box.x * MM, box.w * MM
        """In points, as are the next two: from a line's top to its baseline and to the next."""
        self.leading = box.style.size_pt * box.style.leading
        self.drop = ascent(box.style.size_pt, self.leading)
        self.store: dict[Any, Any] = {}

    def text(self, key: Any) -> str:
        """The text made of these values."""
        made: str = self._pattern % key
        return made


class CellPlan:
    """The texts of a repeated row, its rules ready drawn, and what was made of them before.

    `shared` texts depend on nothing but the item and its product and price, or the offer; the
    `own` ones that follow them differ from list to list. What was seen once only is `fresh`.
    """

    __slots__ = (
        "fresh", "fresh_tails", "names", "own", "own_of", "pad", "ready", "rules", "shared",
        "tails", "width",
    )  # fmt: skip

    def __init__(self, cell: Cell, phrases: Phrases, *, rules: bytes, pad: float) -> None:
        texts = sorted(cell.texts, key=lambda box: not _is_shared(box, phrases))
        if any(_stands_before(texts, place) for place in range(len(texts))):
            texts = list(cell.texts)
        places = {box.name: place for place, box in enumerate(texts)}
        plans = [
            TextPlan(box, phrases, above=places[box.below] if box.below else -1) for box in texts
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
        """The variables of all its texts."""
        own = _names(texts[count:], phrases)
        fields = sorted({_FIELDS[name] for name in own & _FIELDS.keys()})
        self.own_of: Callable[[Any], Any] = attrgetter(*fields) if fields else _nothing
        """The values of a line that its own texts are made of."""
        self.ready: dict[Any, Started] = {}
        self.fresh: dict[Any, Started] = {}
        self.tails: dict[tuple[float, ...], dict[Any, Drawn]] = {}
        """Own texts by how far down the shared ones reach that they stand under."""
        self.fresh_tails: dict[tuple[tuple[float, ...], Any], Drawn] = {}

    def clear(self) -> None:
        """Forget what can be made again."""
        for store in (self.ready, self.fresh, self.tails, self.fresh_tails):
            store.clear()
        for plan in (*self.shared, *self.own):
            plan.store.clear()


_LIVE = {"seq", "more", "greeting", "worth"}
"""Variables that may differ from list to list of one issue."""
_OWN = {"expected": "expected_on", "need": "expected_on", "reason": "reason", "line": "line"}
"""Variables that differ from list to list, and the fields of a line that they show."""
_FIELDS = {
    **_OWN,
    "item": "item",
    "product": "product",
    "price": "price_cents",
    "title": "title",
    "detail": "detail",
    "value": "value_text",
}


def _names(texts: list[TextBox], phrases: Phrases) -> set[str]:
    return {name for box in texts for name in _compile(box.template, phrases)[0]}


def _is_shared(box: TextBox, phrases: Phrases) -> bool:
    return not _OWN.keys() & set(_compile(box.template, phrases)[0])


def _stands_before(texts: list[TextBox], place: int) -> bool:
    """Whether a text would be set before the one that it stands below."""
    below = texts[place].below
    return bool(below) and below not in [box.name for box in texts[:place]]


def _compile(template: tuple[Part, ...], phrases: Phrases) -> tuple[list[str], str]:
    """Variable names in order and a %-pattern; phrases may hold variables of their own."""
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


def _nothing(values: Any) -> tuple[()]:  # noqa: ARG001
    return ()
