"""The elements of a page that repeat rows, or are drawn whole or not at all."""

from dataclasses import dataclass

from service.engine.render.boxes import (
    AddressBox,
    ControlMarks,
    PageCode,
    PieceMark,
    PostalBarcodeBox,
    SymbolBox,
)
from service.engine.render.parts import Box, Condition, PictureBox, Rule, TextBox


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
class ListRows:
    """The cells of a list's lines; without `offer` it shows no offers."""

    reminder: LayoutCell
    offer: LayoutCell | None


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
class OfferGrid(Box):
    """Offers in rows as even as can be, from left to right.

    `first` to `last` are the ranks by worth that it shows; a `last` of 0 is that of the weakest.
    The strongest come first, in rows of `lead`. Where that does not fit, the other rows are `dense`
    ones; where that does not fit either, all are. `slots` are drawn below it if there is room.
    """

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
class Repeat(Box):
    """A row for each line of something, down the columns: `of` is `recipe_items`,
    `recipe_steps` or `hours`."""

    of: str
    columns: int
    gutter: float
    cell: LayoutCell
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ShoppingListBox(Box):
    """Lines grouped by department, in `columns` columns of about the same height."""

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
