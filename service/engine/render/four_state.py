"""Postal barcodes of four states: bars that reach up, down, both ways, or neither.

A bar is a letter: `F` full, `A` ascender, `D` descender, `T` tracker. Lengths are printer dots at
600 dpi, even ones, which are whole at 300 dpi too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from service.engine.records import Address
from service.engine.render.symbols import DOT_PT

_MM_PER_DOT = 25.4 / 600


@dataclass(frozen=True, slots=True)
class Geometry:
    """The size of a barcode.

    `count` bars of width `bar` stand `pitches` apart, the first of these that has room. `reach` is
    how far a bar goes beyond the `tracker`. `side` and `edge` are what stays clear beside the
    barcode and above and below it, in mm.
    """

    count: int
    pitches: tuple[int, ...]
    bar: int
    tracker: int
    reach: int
    side: float
    edge: float

    @property
    def height_mm(self) -> float:
        """The height of a full bar."""
        return (self.tracker + 2 * self.reach) * _MM_PER_DOT

    def width_mm(self, pitch: int) -> float:
        """From the first bar to the last."""
        return ((self.count - 1) * pitch + self.bar) * _MM_PER_DOT


class PostalBarcode(Protocol):
    """What a post wants on its letters."""

    @property
    def geometry(self) -> Geometry:
        """Its size."""

    @property
    def serials(self) -> int:
        """How many letters it tells apart: serials are taken modulo this."""

    def content(self, address: Address, serial: int) -> str:
        """What it says of a letter; empty for an address that the post does not serve."""

    def bars(self, content: str) -> str:
        """The states of its bars from left to right. Raises ValueError for no such content."""


def bar_ops(
    bars: str, geometry: Geometry, *, ink: bytes, pitch: int, left: float, foot: float
) -> bytes:
    """Rectangles of the bars in an ink; `left` and `foot` are their corner in points."""
    table = _rectangles(geometry, pitch)
    rectangles = [states[state] for states, state in zip(table, bars, strict=True)]
    return b"q %b %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (
        ink, DOT_PT, DOT_PT, left, foot, b" ".join(rectangles),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _rectangles(geometry: Geometry, pitch: int) -> tuple[Mapping[str, bytes], ...]:
    """The rectangle of each state of each bar, in dots from the foot of a full bar."""
    full = geometry.tracker + 2 * geometry.reach
    spans = {
        "F": (0, full),
        "A": (geometry.reach, full),
        "D": (0, full - geometry.reach),
        "T": (geometry.reach, full - geometry.reach),
    }
    return tuple(
        {
            state: b"%d %d %d %d re" % (place * pitch, low, geometry.bar, high - low)
            for state, (low, high) in spans.items()
        }
        for place in range(geometry.count)
    )
