"""The boxes of a page that hold an address, a code or a mark; in millimetres, as its parts."""

from dataclasses import dataclass

from service.engine.render.parts import Box, Condition, Style, TemplatePart


@dataclass(frozen=True, slots=True, eq=False)
class PageCode(Box):
    """The box of the QR code that opens the list on a phone."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ControlMarks(Box):
    """Bars that an inserter reads, one below the other at a distance of `pitch`.

    Each name in `bars` says when its bar is printed: `always`, `first` or `last` page of the piece,
    `sequence_1`, `sequence_2`, `sequence_4` (a digit of the sequence number), or `even`, which
    makes the number of bars even.
    """

    pitch: float
    bars: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AddressBox(Box):
    """The box of the address, whose lines are aligned with its bottom."""

    style: Style


@dataclass(frozen=True, slots=True, eq=False)
class SymbolBox(Box):
    """The box of the symbol, with its quiet zones and the text below it."""

    style: Style
    align: str = "left"


@dataclass(frozen=True, slots=True, eq=False)
class PieceMark(Box):
    """The box of a Data Matrix by which machines identify the piece, with its id or number."""

    template: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PostalBarcodeBox(Box):
    """The box of a postal barcode that does not stand below the address, with its clear zone."""
