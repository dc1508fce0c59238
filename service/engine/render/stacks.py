"""Plain lines one below the other: addresses and numbers, which are seldom seen twice."""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.render.fit import Typesetter, ascent
from service.engine.render.layout import MM, AddressBox, TextBox


class Stack(NamedTuple):
    """How plain lines begin: up to the first string, or to its place unless they stand left.

    `opening` is empty when there are more lines than room.
    """

    opening: bytes
    align: str
    baseline: float


class Stacks:
    """Places unkerned lines at full size on a page of this height in points."""

    def __init__(self, typesetter: Typesetter, height_pt: float) -> None:
        self.typesetter = typesetter
        self.height_pt = height_pt
        self._stacks: dict[tuple[TextBox | AddressBox, int], Stack] = {}

    def plain(self, box: TextBox | AddressBox, lines: Sequence[str]) -> bytes:
        """Content of unkerned lines at full size; empty when they want fitting."""
        width = box.w * MM
        made = self.typesetter.plain(lines, box.style, width)
        if made is None:
            return b""
        shown, used = made
        key = (box, len(lines))
        stack = self._stacks.get(key)
        if stack is None:
            stack = self._stacks[key] = self._stack(*key)
        if stack.align == "left":
            if not stack.opening:
                return b""
            return b"%b%bTj ET" % (stack.opening, b"Tj T*".join(shown))
        x = box.x * MM + (width - used) / (1 if stack.align == "right" else 2)
        return b"%b%.1f %.1f Td%bTj ET" % (stack.opening, x, stack.baseline, shown[0])

    def _stack(self, box: TextBox | AddressBox, count: int) -> Stack:
        style = box.style
        leading = style.size_pt * style.leading
        top = self.height_pt - box.y * MM
        room, align = 1, "left"
        if isinstance(box, AddressBox):
            room = int((box.h * MM + 0.01) / leading)
            top += leading * count - box.h * MM
        else:
            align = box.align
        baseline = top - ascent(style.size_pt, leading)
        opening = self.typesetter.opening(style)
        if align == "left":
            if count > 1:
                opening += b" %.2f TL" % leading
            opening += b" %.1f %.1f Td" % (box.x * MM, baseline)
        else:
            opening += b" "
        return Stack(opening if count <= room else b"", align, baseline)
