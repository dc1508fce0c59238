"""The record of a layout: the elements of a list on a sheet. `layout_data` reads it from data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from service.engine.render.boxes import AddressBox
from service.engine.render.elements import Element, OfferGrid, ShoppingListBox, Slot
from service.engine.render.inks import SCREEN, Inks
from service.engine.render.phrases import Stationery
from service.engine.render.symbols import SymbolProfile
from service.engine.render.window import Window

SHEETS_PT = {"a4": (595.2, 841.92), "letter": (612.0, 792.0)}
"""Width and height in points, whole printer dots: A4 is 2480 x 3508 dots at 300 dpi."""


class Short(NamedTuple):
    """Which pages of the layout a piece has that needs no others: one of at most so many offers,
    with a list that does not go on and, for each content that it has, a slot that is drawn."""

    pages: tuple[int, ...]
    offers: int
    keeps: tuple[tuple[str, tuple[str, ...]], ...]


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
    short: Short | None = None

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

    def sheets_of(self, pages: int) -> int:
        """The number of sheets of paper of a piece of so many pages."""
        return -(-pages // 2) if self.duplex else pages
