"""Set lines below one another without kerning: addresses and numbers, which rarely repeat."""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.render.boxes import AddressBox
from service.engine.render.fit import Typesetter, ascent
from service.engine.render.parts import MM, TextBox


class LineStack(NamedTuple):
    """What stacked lines start with.

    `opening` is the operators before the first string, with its position if the text is aligned
    left. It is empty if there are more lines than fit.
    """

    opening: bytes
    align: str
    baseline: float


class LineStacks:
    """Places lines at full size on a page; `height_pt` is its height in points."""

    def __init__(self, typesetter: Typesetter, height_pt: float) -> None:
        self.typesetter = typesetter
        self.height_pt = height_pt
        self._line_stacks: dict[tuple[TextBox | AddressBox, int], LineStack] = {}

    def plain_text(self, box: TextBox | AddressBox, lines: Sequence[str]) -> bytes:
        """Content of the lines at full size; empty if they must be fitted by `Typesetter.fit`."""
        width = box.w * MM
        made = self.typesetter.plain_strings(lines, box.style, width)
        if made is None:
            return b""
        shown, used = made
        key = (box, len(lines))
        line_stack = self._line_stacks.get(key)
        if line_stack is None:
            line_stack = self._line_stacks[key] = self._line_stack(*key)
        if line_stack.align == "left":
            if not line_stack.opening:
                return b""
            return b"%b%bTj ET" % (line_stack.opening, b"Tj T*".join(shown))
        x = box.x * MM + (width - used) / (1 if line_stack.align == "right" else 2)
        return b"%b%.1f %.1f Td%bTj ET" % (line_stack.opening, x, line_stack.baseline, shown[0])

    def _line_stack(self, box: TextBox | AddressBox, count: int) -> LineStack:
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
        opening = self.typesetter.text_start(style)
        if align == "left":
            if count > 1:
                opening += b" %.2f TL" % leading
            opening += b" %.1f %.1f Td" % (box.x * MM, baseline)
        else:
            opening += b" "
        return LineStack(opening if count <= room else b"", align, baseline)
