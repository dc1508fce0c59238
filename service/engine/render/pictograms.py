"""Pictograms as data: shapes on a square, drawn in one colour and its tint.

A shape is a `path` of the commands M, L, C and Z with coordinates from the top left, a `circle` of
middle and radius, or a `rect` of corner, size and radius of its corners. It is filled with the
`colour`, its `tint` or `paper` (white), and outlined by a `line` of that width in the colour.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from service.engine.render.inks import pen

_ROUND = 0.5523
"""Where the handles of a quarter of a circle are, in parts of its radius."""
_OPERATORS = {"M": b"m", "L": b"l", "C": b"c", "Z": b"h"}


class Pictograms:
    """Drawings by name, from the data of `pictograms.json`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.size = float(data["size"])
        self._shapes: Mapping[str, Sequence[Mapping[str, Any]]] = data["pictograms"]
        self.names = tuple(self._shapes)

    def ops(self, name: str, *, colour: bytes, tint: bytes, paper: bytes = b"1 g") -> bytes:
        """Operators that draw a pictogram on a square of `size`, in colours as fill operators."""
        fills = {"colour": colour, "tint": tint, "paper": paper}
        ops = [b"1 0 0 -1 0 %g cm 1 J 1 j" % self.size, pen(colour)]
        for shape in self._shapes[name]:
            fill, width = shape.get("fill"), shape.get("line")
            if fill:
                ops.append(fills[fill])
            if width:
                ops.append(b"%g w" % width)
            paint = b"B" if fill and width else b"f" if fill else b"S"
            ops.append(b"%b %b" % (_outline(shape), paint))
        return b" ".join(ops)


def rounded(x: float, y: float, w: float, h: float, radius: float) -> bytes:
    """The outline of a rectangle with rounded corners."""
    r = min(radius, w / 2, h / 2)
    k = r * (1 - _ROUND)
    right, top = x + w, y + h
    return (
        b"%.2f %.2f m %.2f %.2f l %.2f %.2f %.2f %.2f %.2f %.2f c %.2f %.2f l"
        b" %.2f %.2f %.2f %.2f %.2f %.2f c %.2f %.2f l %.2f %.2f %.2f %.2f %.2f %.2f c"
        b" %.2f %.2f l %.2f %.2f %.2f %.2f %.2f %.2f c h"
        % (
            *(x + r, y, right - r, y, right - k, y, right, y + k, right, y + r),
            *(right, top - r, right, top - k, right - k, top, right - r, top),
            *(x + r, top, x + k, top, x, top - k, x, top - r),
            *(x, y + r, x, y + k, x + k, y, x + r, y),
        )
    )


def _outline(shape: Mapping[str, Any]) -> bytes:
    if "circle" in shape:
        x, y, r = shape["circle"]
        return rounded(x - r, y - r, 2 * r, 2 * r, r)
    if "rect" in shape:
        return rounded(*shape["rect"])
    ops: list[bytes] = []
    for part in _commands(shape["path"]):
        ops.append(
            b" ".join([*(b"%g" % float(number) for number in part[1:]), _OPERATORS[part[0]]])
        )
    return b" ".join(ops)


def _commands(path: str) -> list[list[str]]:
    """The commands of a path, each a letter and its numbers."""
    parts: list[list[str]] = []
    for word in path.replace("Z", " Z").split():
        if word[0] in _OPERATORS:
            parts.append([word[0]])
            word = word[1:]
        if word:
            parts[-1].append(word)
    return parts
