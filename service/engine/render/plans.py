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


class CellPlan:
    """The texts of a repeated row, its rules ready drawn, and whole rows made before."""

    __slots__ = ("cell", "rows", "rules", "texts")

    def __init__(self, cell: Cell, phrases: Phrases, *, rules: bytes) -> None:
        places = {box.name: place for place, box in enumerate(cell.texts)}
        self.cell = cell
        self.rules = rules
        self.texts = [
            TextPlan(box, phrases, above=places[box.below] if box.below else -1)
            for box in cell.texts
        ]
        self.rows: dict[Any, Row] = {}


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
