"""Layout records: what stands where on a sheet, read from plain data.

Positions in the data are millimetres from the top left corner of the page. Everything here keeps
millimetres; the painter turns them into points. `layout_data` reads the records from data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.engine.render.phrases import Stationery
from service.engine.render.symbols import SymbolProfile

SHEETS_PT = {"a4": (595.2, 841.92), "letter": (612.0, 792.0)}
"""Widths and heights in whole printer dots: A4 is 2480 x 3508 dots at 300 dpi."""
MM = 72 / 25.4


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How text looks. `chain` lists font names, the later ones for what the first lack."""

    name: str
    chain: tuple[str, ...]
    size_pt: float
    shrink_pt: float
    leading: float
    colour: bytes
    tracking_em: float
    upper: bool
    kern: bool
    """Whether letter pairs are kerned; addresses are not, as sorting machines like it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text, a variable, or a phrase of the list's language."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class TextBox:
    """A text of at most `lines` lines. `below` puts it under another text of the same cell.

    `flow` text is meant to wrap (a paragraph): it wraps first and shrinks only then. Other text
    shrinks first, then wraps. `anchor` bottom makes `y` the bottom of the last line.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    style: Style
    template: tuple[Part, ...]
    lines: int = 1
    align: str = "left"
    flow: bool = False
    role: str = "P"
    below: str = ""
    gap: float = 0.0
    when: str = ""
    """Drawn only when this variable is not empty."""
    name: str = ""
    """What `below` calls it: the last part of `id`."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A filled rectangle, or with `stroke_pt` an outlined one: hairlines, bands, tick boxes."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    colour: bytes
    stroke_pt: float = 0.0
    when: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AddressBox:
    """The address block, set upwards from the bottom so that short addresses stand low."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    style: Style


@dataclass(frozen=True, slots=True, eq=False)
class SymbolBox:
    """The room for the symbol with its quiet zones, and the text under it."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    style: Style
    align: str = "left"


@dataclass(frozen=True, slots=True, eq=False)
class PieceMark:
    """The room for a Data Matrix that a machine knows the piece by, made of its id or number."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    template: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The parts of one repeated row, positioned from its top left corner."""

    texts: tuple[TextBox, ...]
    rules: tuple[Rule, ...]
    pad: float
    """Space under the lowest text before the next row."""


@dataclass(frozen=True, slots=True, eq=False)
class OfferGrid:
    """Offers in rows of `columns`, read across; rows grow to `row_max` when there is room."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    row_max: float
    cell: Cell


@dataclass(frozen=True, slots=True, eq=False)
class ShoppingList:
    """Lines grouped by department, down `columns` balanced columns."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    department_gap: float
    header: Cell
    reminder: Cell
    offer: Cell | None
    blank: Cell | None
    blanks: int
    """At most so many empty lines to write on, at the foot of each column with room."""
    over: int
    """The list runs on over so many pages, at the same place on each."""


Element = TextBox | Rule | AddressBox | SymbolBox | PieceMark | OfferGrid | ShoppingList


@dataclass(frozen=True, slots=True)
class Window:
    """An envelope with a window and the insert that slides in it, in mm.

    The insert may lie anywhere between the left and right, and between the bottom and top of the
    envelope. `panel_top` and `panel_bottom` are the folded panel's edges on the page.
    """

    name: str
    sheet: str
    envelope_w: float
    envelope_h: float
    left: float
    bottom: float
    w: float
    h: float
    panel_top: float
    panel_bottom: float
    insert_w: float
    insert_h: float
    folds: tuple[float, ...]

    def always(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 on the page, from the top left: what shows wherever the insert lies."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left,
            self.panel_bottom - (self.bottom + self.h - play_y),
            self.left + self.w - play_x,
            self.panel_bottom - self.bottom,
        )

    def ever(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 on the page, from the top left: what may show in some position."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left - play_x,
            self.panel_bottom - (self.bottom + self.h),
            self.left + self.w,
            self.panel_bottom - (self.bottom - play_y),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One list design on one sheet size, ready to be painted."""

    name: str
    title: str
    sheet: str
    pages: int
    duplex: bool
    safe_mm: float
    window: Window | None
    symbol: SymbolProfile
    elements: tuple[Element, ...]
    fonts: tuple[str, ...]
    samples: Mapping[str, Any]
    stationery: Stationery

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        return SHEETS_PT[self.sheet]

    @property
    def sheets(self) -> int:
        """Sheets of paper that one piece takes."""
        return -(-self.pages // 2) if self.duplex else self.pages
