"""The records of a layout: which elements a list has, and where they are on the page.

Positions are in millimetres from the top left corner of the page; the painter converts them to
points. `layout_data` reads the records from plain data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.engine.render.inks import SCREEN, Inks
from service.engine.render.phrases import Stationery
from service.engine.render.symbols import SymbolProfile

SHEETS_PT = {"a4": (595.2, 841.92), "letter": (612.0, 792.0)}
"""Width and height in points, whole printer dots: A4 is 2480 x 3508 dots at 300 dpi."""
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
    when: str = ""
    """Drawn only when this variable is not empty."""
    name: str = ""
    """The name that `below` refers to: the last part of `id`."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A filled rectangle, or an outlined one with `stroke_pt`: hairlines, bands, tick boxes."""

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
    """The box of the address, whose lines are aligned with its bottom."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    style: Style


@dataclass(frozen=True, slots=True, eq=False)
class SymbolBox:
    """The box of the symbol, with its quiet zones and the text below it."""

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
    """The box of a Data Matrix by which machines identify the piece, with its id or number."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    template: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PostalBarcodeBox:
    """The box of a postal barcode that does not stand below the address, with its clear zone."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False)
class LayoutCell:
    """The parts of one repeated row, positioned from its top left corner."""

    texts: tuple[TextBox, ...]
    rules: tuple[Rule, ...]
    pad: float
    """Space between the lowest text and the next row."""


@dataclass(frozen=True, slots=True, eq=False)
class OfferGrid:
    """Offers in rows of `columns`, from left to right. Rows grow to `row_max` if there is room."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    row_max: float
    cell: LayoutCell


@dataclass(frozen=True, slots=True, eq=False)
class ShoppingListBox:
    """Lines grouped by department, in `columns` columns of about the same height."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    department_gap: float
    header: LayoutCell
    reminder: LayoutCell
    offer: LayoutCell | None
    blank: LayoutCell | None
    blanks: int
    """The maximum of empty lines to write on, at the bottom of each column."""
    over: int
    """The number of pages that the list may fill, at the same place on each."""


Element = (
    TextBox
    | Rule
    | AddressBox
    | SymbolBox
    | PieceMark
    | PostalBarcodeBox
    | OfferGrid
    | ShoppingListBox
)


@dataclass(frozen=True, slots=True)
class Window:
    """An envelope with a window, and the folded page that can shift in it; all in mm.

    `left` and `bottom` are distances of the window from the edges of the envelope. `insert_w` and
    `insert_h` are the size of the folded page. `panel_top` and `panel_bottom` are the edges, on the
    page, of the panel behind the window; `folds` are the folds, from the top of the page.
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

    def always_visible(self) -> tuple[float, float, float, float]:
        """What shows in the window in every position of the insert: x0, y0, x1, y1 on the page."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left,
            self.panel_bottom - (self.bottom + self.h - play_y),
            self.left + self.w - play_x,
            self.panel_bottom - self.bottom,
        )

    def ever_visible(self) -> tuple[float, float, float, float]:
        """What shows in the window in some position of the insert: x0, y0, x1, y1 on the page."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left - play_x,
            self.panel_bottom - (self.bottom + self.h),
            self.left + self.w,
            self.panel_bottom - (self.bottom - play_y),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The design of a list for one sheet size."""

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
    inks: Inks = SCREEN

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        return SHEETS_PT[self.sheet]

    def address_characters(self) -> frozenset[str] | None:
        """The characters that addresses can have; None in a layout without an address."""
        boxes = [each for each in self.elements if isinstance(each, AddressBox)]
        if not boxes:
            return None
        faces = self.stationery.faces
        return frozenset().union(*(faces[name].advances for name in boxes[0].style.chain))

    @property
    def sheets(self) -> int:
        """The number of sheets of paper of a piece."""
        return -(-self.pages // 2) if self.duplex else self.pages
