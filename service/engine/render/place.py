"""Draw a symbol on the grid of printer dots, with its quiet zones and the text below it."""

from functools import cache
from typing import NamedTuple

from service.engine.render.boxes import SymbolBox
from service.engine.render.contents import Content
from service.engine.render.fit import TooLarge, ascent
from service.engine.render.painter import Painter
from service.engine.render.parts import MM, Rule, TextBox
from service.engine.render.symbols import DOT_PT, GEOMETRY, SymbolProfile, make_symbol

_CAPTION_GAP_PT = 1.5
_GRID_PT = 2 * DOT_PT
"""One dot at 300 dpi, two at 600 dpi: the edges of bars are on dots of both."""


class _SymbolFrame(NamedTuple):
    """The coordinate system of the symbol, and the middle and baseline of the text below it."""

    opening: bytes
    middle: float
    baseline: float


class PlacedSymbol(NamedTuple):
    """A symbol with its text as operators, the text, and content that may be drawn by name."""

    ops: bytes
    human: str
    shared: Content


def place_symbol(painter: Painter, box: SymbolBox, list_code: str) -> PlacedSymbol:
    """Draw the symbol of a list code in its box. Raises `TooLarge` if it is too large."""
    profile = painter.options.profile
    made = make_symbol(list_code, profile, resolver=painter.options.resolver)
    ink = painter.layout.inks.black
    frame = _frame(box, profile, (made.width, made.height), painter.height_pt, ink)
    style = box.style
    line = painter.typesetter.code_line(made.human, style)
    shared = painter.symbol_content(made)
    ops = b"%b %b %b f Q %b BT %.2f %.2f Td %b ET" % (
        frame.opening,
        shared.ops,
        made.own,
        style.colour,
        frame.middle - line.width / 2,
        frame.baseline,
        line.ops,
    )
    return PlacedSymbol(ops, made.human, shared)


def place_draft(painter: Painter, box: SymbolBox, text: str) -> bytes:
    """Say in the box of the symbol that the list is a draft. Raises as `place_symbol` does."""
    label = TextBox(box.id, box.page, box.x, box.y, box.w, box.style, (), align="centre")
    fitted = painter.fit(label, text, height=box.h * MM)
    top = painter.height_pt - box.y * MM - (box.h * MM - fitted.height) / 2
    frame = Rule(box.id, box.page, box.x, box.y, box.w, box.h, box.style.colour, stroke_pt=0.5)
    outline = painter.rule_ops(frame)
    return b"%b %b" % (outline, painter.line_ops(label, fitted, left=box.x * MM, top=top))


@cache
def _frame(
    box: SymbolBox, profile: SymbolProfile, size: tuple[int, int], page_height: float, ink: bytes
) -> _SymbolFrame:
    """Place a symbol of `size` modules in its box, with quiet zones and text."""
    shape = GEOMETRY[profile]
    module = shape.dots * DOT_PT
    before, after = shape.quiet
    leading = box.style.size_pt * box.style.leading
    drop = ascent(box.style.size_pt, leading)
    below = leading + _CAPTION_GAP_PT
    width = (size[0] + before + after) * module
    height = (size[1] + 2 * before) * module if shape.matrix else box.h * MM - below
    if width > box.w * MM + 0.01 or height + below > box.h * MM + 0.01:
        raise TooLarge(
            f"a {profile} symbol needs {width / MM:.1f} x {(height + below) / MM:.1f} mm"
            " with its quiet zones"
        )
    slack = {"left": 0.0, "centre": 0.5, "right": 1.0}[box.align] * (box.w * MM - width)
    x = _on_grid(box.x * MM + slack + before * module)
    top = _on_grid(page_height - box.y * MM)
    if shape.matrix:
        top -= before * module
        unit = module
        base = top - size[1] * module
        baseline = base - before * module - drop
    else:
        unit = _on_grid(height)
        base = top - unit
        baseline = page_height - (box.y + box.h) * MM + leading - drop
    return _SymbolFrame(
        opening=b"q %b %.2f 0 0 %.2f %.2f %.2f cm" % (ink, module, unit, x, base),
        middle=x + size[0] * module / 2,
        baseline=baseline,
    )


def _on_grid(length: float) -> float:
    return round(length / _GRID_PT) * _GRID_PT
