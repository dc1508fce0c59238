"""PDF content that may be used again: texts, rows and their parts, and moves between them."""

from functools import cache
from typing import Any

_OVERHANG_PT = 6
"""Margin of a form around its content, for strokes and the descenders of letters."""


class Content:
    """PDF content that may be used again.

    `ops` are the operators that draw it, either the content itself or the name of a form, whose
    BBox is `box`. In the second case `entry` is the resource entry that a page needs; else it is
    empty.
    """

    __slots__ = ("box", "entry", "ops")

    def __init__(self, ops: bytes, box: bytes) -> None:
        self.ops = ops
        self.box = box
        self.entry = b""

    def draw_by_name(self, ops: bytes, entry: bytes) -> None:
        """Use these operators and this resource entry from now on."""
        self.ops = ops
        self.entry = entry


class Row(Content):
    """A row of so many points, or the last part of one.

    `ops_below` draw it and move the origin below it.
    """

    __slots__ = ("height", "ops_below")

    def __init__(self, ops: bytes, box: bytes, height: float) -> None:
        super().__init__(ops, box)
        self.height = height
        self.ops_below = b"%b %b" % (ops, down(height))

    def draw_by_name(self, ops: bytes, entry: bytes) -> None:
        """Use these operators and this resource entry from now on."""
        super().draw_by_name(ops, entry)
        self.ops_below = b"%b %b" % (ops, down(self.height))


class RowShape:
    """What the first parts of rows have in common whose texts reach equally far down.

    `bottoms` is how far down each text reaches, and `height` that of a row of nothing else, in
    points. `tails` holds the rest of such rows by the values of their own texts; those used once
    are in `tails_seen_once`. The height of a tail is that of the whole row. `heights` are those of
    rows that were only measured, by the same values.
    """

    __slots__ = ("bottoms", "box", "height", "heights", "tails", "tails_seen_once")

    def __init__(self, bottoms: tuple[float, ...], *, width: float, height: float) -> None:
        self.bottoms = bottoms
        self.height = height
        self.box = form_box(width, height)
        self.tails: dict[Any, Row] = {}
        self.tails_seen_once: dict[Any, Row] = {}
        self.heights: dict[Any, float] = {}


class RowStart(Row):
    """The part of a row that many lists share, with its shape; `find_tail` looks for the rest."""

    __slots__ = ("find_tail", "shape")

    def __init__(self, ops: bytes, shape: RowShape) -> None:
        super().__init__(ops, shape.box, shape.height)
        self.shape = shape
        self.find_tail = shape.tails.get


def form_box(width: float, height: float) -> bytes:
    """The BBox of a form so many points large below its origin, with a margin around it."""
    edge = _OVERHANG_PT
    return b"%d %d %d %d" % (-edge, -height - 2 * edge, width + edge, edge)


def move(right: float, downward: float) -> bytes:
    """Operators that move the origin by so many points to the right and down."""
    return b"1 0 0 1 %.2f %.1f cm" % (right, -downward if downward else 0)


@cache
def down(height: float) -> bytes:
    """Operators that move the origin down by so many points."""
    return b"1 0 0 1 0 %.1f cm" % -height
