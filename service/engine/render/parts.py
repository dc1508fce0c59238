"""The parts of pages and of repeated rows: texts, rules and pictures, and the style of texts.

Positions are in millimetres from the top left corner of the page or cell; the painter converts them
to points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MM = 72 / 25.4


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How text looks. `chain` is font names; each is used for characters the earlier ones lack."""

    name: str
    chain: tuple[str, ...]
    size_pt: float
    shrink_pt: float
    leading: float
    colour: bytes
    tracking_em: float
    upper: bool
    kern: bool
    """Whether letter pairs are kerned. Addresses are not, because sorting machines read them."""
    from_right: bool = False
    """Whether paragraphs begin on the right."""


Condition = tuple[str, bool]
"""A variable, and whether it must have a value (else it must be empty)."""


def holds(conditions: tuple[Condition, ...], values: Mapping[str, str]) -> bool:
    """Whether an element with these conditions is drawn."""
    return all(bool(values[name]) is wanted for name, wanted in conditions)


@dataclass(frozen=True, slots=True)
class TemplatePart:
    """A part of a template: literal text, a variable, or a phrase in the language of the list."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class TextBox:
    """A text of at most `lines` lines.

    `flow` marks a paragraph, which wraps first and shrinks only then; other text shrinks first and
    wraps then. `below` names another text of the same cell to place it under, with a gap of `gap`.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    style: Style
    template: tuple[TemplatePart, ...]
    lines: int = 1
    align: str = "left"
    flow: bool = False
    role: str = "P"
    below: str = ""
    gap: float = 0.0
    conditions: tuple[Condition, ...] = ()
    name: str = ""
    """The name that `below` refers to: the last part of `id`."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A place on a page, or in a cell; `x` and `y` are its top left corner."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Box):
    """A filled rectangle, or an outlined one with `stroke_pt`: hairlines, bands, tick boxes.

    `radius` rounds its corners. In the cell of a grid, one with `stretch` is as high as its row,
    less what its `h` is below 0.
    """

    colour: bytes
    stroke_pt: float = 0.0
    radius: float = 0.0
    stretch: bool = False
    over: bool = False
    """Whether it is drawn after the pictures of its cell."""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PictureBox(Box):
    """The box of a picture, which keeps its proportions in it.

    `source` is a variable that names the picture. Without one, the pictogram of the same line, or
    the one that `pictogram` names, is drawn in `colour` on `tint`. With `cover` the picture fills
    the box and is cut; else it stands in it, at the side that `align` names. A picture stands on
    `ground`, a rectangle in this colour with corners of `radius`, and `inset` from its edges. In a
    cell, one with `stretch` takes the height that its row gains, and what is below it moves down.
    """

    source: str
    pictogram: str
    colour: bytes
    tint: bytes
    ground: bytes = b""
    inset: float = 0.0
    radius: float = 0.0
    cover: bool = False
    align: str = "centre"
    stretch: bool = False
    conditions: tuple[Condition, ...] = ()
