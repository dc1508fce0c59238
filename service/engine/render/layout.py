"""The records of a layout: which elements a list has, and where they are on the page.

Positions are in millimetres from the top left corner of the page; the painter converts them to
points. `layout_data` reads the records from plain data.
"""

from collections.abc import Callable, Iterator, Mapping
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
class Rule:
    """A filled rectangle, or an outlined one with `stroke_pt`: hairlines, bands, tick boxes.

    `radius` rounds its corners. In the cell of a grid, one with `stretch` is as high as its row,
    less what its `h` is below 0.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    colour: bytes
    stroke_pt: float = 0.0
    radius: float = 0.0
    stretch: bool = False
    over: bool = False
    """Whether it is drawn after the pictures of its cell."""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PictureBox:
    """The box of a picture, which keeps its proportions in it.

    `source` is a variable that names the picture. Without one, the pictogram of the same line, or
    the one that `pictogram` names, is drawn in `colour` on `tint`. With `cover` the picture fills
    the box and is cut; else it stands in it, at the side that `align` names. A picture stands on
    `ground`, a rectangle in this colour with corners of `radius`, and `inset` from its edges. In a
    cell, one with `stretch` takes the height that its row gains, and what is below it moves down.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
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


@dataclass(frozen=True, slots=True, eq=False)
class PageCode:
    """The box of the QR code that opens the list on a phone."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ControlMarks:
    """Bars that an inserter reads, one below the other at a distance of `pitch`.

    Each name in `bars` says when its bar is printed: `always`, `first` or `last` page of the piece,
    `sequence_1`, `sequence_2`, `sequence_4` (a digit of the sequence number), or `even`, which
    makes the number of bars even.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    pitch: float
    bars: tuple[str, ...]


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
    pictures: tuple[PictureBox, ...] = ()
    w: float = 0.0
    least: float = 0.0
    """The least height of the row, without `pad`."""
    stretches: bool = False
    """Whether its pictures grow with its row."""
    has_card: bool = False
    """Whether rules of it are as high as its row."""


@dataclass(frozen=True, slots=True, eq=False)
class GridRows:
    """Rows of a grid. `cells` has the cell for rows of one, two, ... offers: the last is the
    narrowest. Rows grow to `row_max` if there is room, and stand `row_gap` apart."""

    cells: tuple[LayoutCell, ...]
    row_max: float
    row_gap: float

    @property
    def columns(self) -> int:
        """The most offers of a row."""
        return len(self.cells)


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """Elements that are drawn together or not at all.

    They are left out when a condition does not hold, when what they say does not fit, and when the
    grid or list that they stand below comes down to `y`. What comes later may have the condition
    that it was drawn: `slot:` and its id.
    """

    id: str
    page: int
    y: float
    elements: tuple["Element", ...]
    conditions: tuple[Condition, ...] = ()
    clear_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OfferGrid:
    """Offers in rows as even as can be, from left to right.

    `first` to `last` are the ranks by worth that it shows; a `last` of 0 is that of the weakest.
    The strongest come first, in rows of `lead`. Where that does not fit, the other rows are `dense`
    ones; where that does not fit either, all are. `slots` are drawn below it if there is room.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    gutter: float
    lead: GridRows | None
    rest: GridRows
    dense: GridRows | None
    first: int = 1
    last: int = 0
    slots: tuple[Slot, ...] = ()

    def last_kinds(self) -> tuple[GridRows, ...]:
        """The kinds of rows that it has when nothing else fits."""
        if self.dense is not None:
            return (self.dense,)
        return (self.rest,) if self.lead is None else (self.lead, self.rest)


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """A row for each line of something, down the columns: `of` is `recipe_items`,
    `recipe_steps` or `hours`."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    of: str
    columns: int
    gutter: float
    cell: LayoutCell
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ListRows:
    """The cells of a list's lines; without `offer` it shows no offers."""

    reminder: LayoutCell
    offer: LayoutCell | None


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
    rows: tuple["ListRows", ...]
    """How lines are set: the first that fits."""
    blank: LayoutCell | None
    blanks: int
    """The maximum of empty lines to write on, at the bottom of each column."""
    over: int
    """The number of pages that the list may fill, at the same place on each."""
    slots: tuple[Slot, ...] = ()
    """What is drawn below the list if there is room."""
    conditions: tuple[Condition, ...] = ()


Element = (
    TextBox
    | Rule
    | PictureBox
    | AddressBox
    | SymbolBox
    | PieceMark
    | PostalBarcodeBox
    | PageCode
    | ControlMarks
    | OfferGrid
    | ShoppingListBox
    | Repeat
    | Slot
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
    in_accent: Callable[[str], "Layout"]
    """Returns the same in another colour, `#rrggbb`, in the place of its `accent`."""
    inks: Inks = SCREEN

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        return SHEETS_PT[self.sheet]

    def all_elements(self) -> Iterator[Element]:
        """The elements, those in slots among them, and no slots."""
        for element in self.elements:
            slots = element.slots if isinstance(element, OfferGrid | ShoppingListBox) else ()
            if isinstance(element, Slot):
                slots = (element,)
            else:
                yield element
            for slot in slots:
                yield from slot.elements

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
