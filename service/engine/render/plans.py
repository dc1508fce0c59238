"""Compiled templates: which values a text depends on, and a cache of what was set from them."""

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from string import Formatter
from typing import Any

from service.engine.render.contents import RowShape, RowStart
from service.engine.render.elements import LayoutCell
from service.engine.render.fit import ascent
from service.engine.render.joins import join_units
from service.engine.render.localise import box_in
from service.engine.render.parts import MM, Condition, PictureBox, Rule, TemplatePart, TextBox
from service.engine.render.phrases import Phrases


def own_conditions(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions that may differ between lists of one cycle."""
    return tuple(each for each in conditions if is_per_list(each[0]))


class TextPlan:
    """A text box in one language. `cache` holds what was set, by the values it depends on."""

    __slots__ = (
        "_pattern", "above", "box", "cache", "conditions", "drop", "gap", "is_shared", "key",
        "leading", "left", "may_repeat", "needs_shared_values", "slack", "top", "width",
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
        self.is_shared = not any(map(is_per_list, {*names, *asked(box)}))
        """Whether the text and its conditions depend only on values that many lists share."""
        self.needs_shared_values = not PER_LIST.issuperset(names)
        """Whether a text that is not shared depends on shared values too."""
        self.conditions = own_conditions(box.conditions)
        """The conditions that are to be asked for each list: shared ones were asked before."""
        self.left, self.top, self.width, self.gap = (
            length * MM for length in (box.x, box.y, box.w, box.gap)
        )
        """In points, as are the next two: the line height, and from its top to the baseline."""
        self.leading = box.style.size_pt * box.style.leading
        self.drop = ascent(box.style.size_pt, self.leading)
        self.slack = {"left": 0.0, "centre": 0.5, "right": 1.0}[box.align]
        """The share of what a line leaves of the width that lies before it."""
        self.cache: dict[Any, Any] = {}

    def text(self, key: Any) -> str:
        """Fill the template with these values; a number stays with the unit after it."""
        return join_units(self._pattern % key)


class CellPlan:
    """The parts of a repeated row, and a cache of the rows set so far.

    `shared` texts depend only on the item with its product and price, or on the offer. The `own`
    texts after them differ from list to list. Rows used once are in `*_seen_once`, apart from those
    used again, because most are never used again.
    """

    __slots__ = (
        "conditional",
        "least",
        "measured",
        "own",
        "own_key",
        "own_names",
        "pad",
        "pictures",
        "rules",
        "rules_over",
        "shapes",
        "shared",
        "start_key",
        "start_names",
        "starts",
        "starts_seen_once",
        "width",
    )  # fmt: skip

    def __init__(
        self, cell: LayoutCell, phrases: Phrases, *, rules: bytes, rules_over: bytes, pad: float
    ) -> None:
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
        self.rules, self.rules_over = rules, rules_over
        self.pad = pad
        parts: list[TextBox | Rule | PictureBox] = [*cell.texts, *cell.rules, *cell.pictures]
        self.width = max([cell.w, *(part.x + part.w for part in parts)]) * MM
        self.least = cell.least * MM
        self.conditional = tuple(
            rule for rule in cell.rules if rule.conditions and not rule.stretch
        )
        self.pictures = cell.pictures
        self.shared, self.own = plans[:count], plans[count:]
        drawn = set().union(*map(asked, cell.rules), *map(asked, cell.pictures))
        if self.pictures:
            drawn |= {"picture", "pictogram"}
        self.start_names = tuple(sorted(_names(texts[:count], phrases) | drawn))
        """The variables of the shared part of the row, and of its own texts."""
        self.own_names = tuple(sorted(_names(texts[count:], phrases)))
        self.start_key = _getter({*self.start_names})
        """Returns the values of a line that the shared part of its row depends on."""
        self.own_key = _getter({*self.own_names})
        """Returns the values of a line that its own texts depend on."""
        self.starts: dict[Any, RowStart] = {}
        self.starts_seen_once: dict[Any, RowStart] = {}
        self.shapes: dict[tuple[float, ...], RowShape] = {}
        """Shapes of shared parts, by how far down their texts reach."""
        self.measured: dict[Any, RowShape] = {}
        """Shapes of shared parts that were only measured, by the values of their lines."""

    def clear(self) -> None:
        """Empty the caches."""
        for rows in (self.starts, self.starts_seen_once, self.shapes, self.measured):
            rows.clear()
        for plan in (*self.shared, *self.own):
            plan.cache.clear()


PER_LIST = frozenset({"seq", "more", "greeting", "worth"})
SLOT = "slot:"
"""What the variable of a slot begins with; its id follows. It has a value where that is drawn."""


def is_per_list(name: str) -> bool:
    """Whether a variable may differ between lists of one cycle."""
    return name in PER_LIST or name.startswith(SLOT)


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
    "size": ("size",),
    "what": ("item", "title", "detail"),
    "picture": ("picture",),
    "pictogram": ("pictogram",),
    "text": ("text",),
    "bought": ("bought",),
    "offer_line": ("offer_line",),
    "number": ("number",),
}


def _getter(names: set[str]) -> Callable[[Any], Any]:
    """Returns the fields of a line that these variables show; a heading is its own key."""
    if "department" in names:
        return str
    fields = sorted({field for name in names & _FIELDS.keys() for field in _FIELDS[name]})
    return attrgetter(*fields) if fields else _no_values


def asked(part: TextBox | Rule | PictureBox) -> set[str]:
    """The variables that a part's conditions ask for."""
    return {name for name, _ in part.conditions}


def _names(texts: list[TextBox], phrases: Phrases) -> set[str]:
    shown = {name for box in texts for name in _compile(box.template, phrases)[0]}
    return shown.union(*map(asked, texts))


def _is_shared(box: TextBox, phrases: Phrases) -> bool:
    return not _OWN.keys() & _names([box], phrases)


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
