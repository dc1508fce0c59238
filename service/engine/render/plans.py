"""Compiled templates: which values a text is made of, and what was made of them before."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from string import Formatter
from typing import Any, NamedTuple

from service.engine.render.layout import Cell, Part, TextBox
from service.engine.render.phrases import Phrases


class Row(NamedTuple):
    """Ready content drawn from its top left corner, and its height in points."""

    ops: bytes
    height: float


class TextPlan:
    """A text box in one language. `store` keeps what was set, by the values it was made of."""

    __slots__ = ("_pattern", "above", "box", "key", "store")

    def __init__(self, box: TextBox, phrases: Phrases, *, above: int = -1) -> None:
        names, self._pattern = _compile(box.template, phrases)
        self.box = box
        self.above = above
        """The place in the cell of the text that this one stands below, or -1."""
        self.key: Callable[[Mapping[str, str]], Any] = itemgetter(*names) if names else _nothing
        self.store: dict[Any, Any] = {}

    def text(self, key: Any) -> str:
        """The text made of these values."""
        made: str = self._pattern % key
        return made


class Started(NamedTuple):
    """The part of a row that many lists share: content, and how far down each text reaches."""

    ops: bytes
    bottoms: list[float]
    height: float


class CellPlan:
    """The texts of a repeated row, its rules ready drawn, and rows made before.

    `shared` texts depend on nothing but the item and its product and price; the `own` ones that
    follow them differ from list to list.
    """

    __slots__ = ("cell", "own", "pad", "rows", "rules", "shared", "started")

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
        self.cell = cell
        self.rules = rules
        self.pad = pad
        self.shared, self.own = plans[:count], plans[count:]
        self.rows: dict[Any, Row] = {}
        self.started: dict[Any, Started] = {}

    def clear(self) -> None:
        """Forget what can be made again."""
        self.rows.clear()
        self.started.clear()
        for plan in (*self.shared, *self.own):
            plan.store.clear()


_OWN = {"expected", "reason", "line"}


def _is_shared(box: TextBox, phrases: Phrases) -> bool:
    return not _OWN & set(_compile(box.template, phrases)[0])


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


def _nothing(values: Mapping[str, str]) -> tuple[()]:  # noqa: ARG001
    return ()
