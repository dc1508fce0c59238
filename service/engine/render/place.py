"""Drawing a symbol on the printer's grid, with its quiet zones and the text under it."""

from functools import cache
from typing import NamedTuple

from service.engine.render.fit import DoesNotFit, ascent
from service.engine.render.layout import MM, SymbolBox
from service.engine.render.painter import Painter
from service.engine.render.plans import Drawn
from service.engine.render.symbols import DOT_PT, GEOMETRY, SymbolProfile, symbol

_CAPTION_GAP_PT = 1.5
_GRID_PT = 2 * DOT_PT
"""One dot at 300 dpi, two at 600: every bar's edge falls on a dot of both."""


class _Frame(NamedTuple):
    """The symbol's unit square on the page, and the middle and baseline of the text under it."""

    opening: bytes
    middle: float
    foot: float


class PlacedSymbol(NamedTuple):
    """Content operators of a symbol and its text, that text, and what may be drawn by name."""

    ops: bytes
    human: str
    still: Drawn


def place_symbol(painter: Painter, box: SymbolBox, list_code: str) -> PlacedSymbol:
    """Draw the list's symbol in its box; raises `DoesNotFit` when quiet zones would be cut."""
    profile = painter.terms.profile
    made = symbol(list_code, profile, resolver=painter.terms.resolver)
    frame = _frame(box, profile, (made.width, made.height), painter.height_pt)
    style = box.style
    line = painter.typesetter.code_line(made.human, style)
    still = painter.bars(made)
    ops = b"%b %b %b f Q %b BT %.2f %.2f Td %b ET" % (
        frame.opening,
        still.ops,
        made.own,
        style.colour,
        frame.middle - line.width / 2,
        frame.foot,
        line.ops,
    )
    return PlacedSymbol(ops, made.human, still)


@cache
def _frame(
    box: SymbolBox, profile: SymbolProfile, size: tuple[int, int], page_height: float
) -> _Frame:
    """Where a symbol of this many modules stands in its box."""
    shape = GEOMETRY[profile]
    module = shape.dots * DOT_PT
    before, after = shape.quiet
    leading = box.style.size_pt * box.style.leading
    drop = ascent(box.style.size_pt, leading)
    beneath = leading + _CAPTION_GAP_PT
    width = (size[0] + before + after) * module
    bars = (size[1] + 2 * before) * module if shape.matrix else box.h * MM - beneath
    if width > box.w * MM + 0.01 or bars + beneath > box.h * MM + 0.01:
        raise DoesNotFit(
            f"a {profile} symbol needs {width / MM:.1f} x {(bars + beneath) / MM:.1f} mm"
            " with its quiet zones"
        )
    slack = {"left": 0.0, "centre": 0.5, "right": 1.0}[box.align] * (box.w * MM - width)
    x = _on_grid(box.x * MM + slack + before * module)
    top = _on_grid(page_height - box.y * MM)
    if shape.matrix:
        top -= before * module
        unit = module
        base = top - size[1] * module
        foot = base - before * module - drop
    else:
        unit = _on_grid(bars)
        base = top - unit
        foot = page_height - (box.y + box.h) * MM + leading - drop
    return _Frame(
        opening=b"q 0 g %.2f 0 0 %.2f %.2f %.2f cm" % (module, unit, x, base),
        middle=x + size[0] * module / 2,
        foot=foot,
    )


def _on_grid(length: float) -> float:
    return round(length / _GRID_PT) * _GRID_PT
