"""Drawing a symbol on the printer's grid, with its quiet zones and the text under it."""

from dataclasses import dataclass

from service.engine.render.fit import DoesNotFit
from service.engine.render.layout import MM, SymbolBox, TextBox
from service.engine.render.painter import Painter
from service.engine.render.symbols import DOT_PT, GEOMETRY, symbol

_CAPTION_GAP_PT = 1.5
_GRID_PT = 2 * DOT_PT
"""One dot at 300 dpi, two at 600: every bar's edge falls on a dot of both."""


@dataclass(frozen=True, slots=True)
class PlacedSymbol:
    """Content operators of the modules and of the human-readable text, and that text."""

    modules: bytes
    text: bytes
    human: str


def place_symbol(painter: Painter, box: SymbolBox, list_code: str) -> PlacedSymbol:
    """Draw the list's symbol in its box; raises `DoesNotFit` when quiet zones would be cut."""
    profile = painter.terms.profile
    shape = GEOMETRY[profile]
    made = symbol(list_code, profile, resolver=painter.terms.resolver)
    module = shape.dots * DOT_PT
    before, after = shape.quiet
    caption = TextBox(box.id, box.page, 0, 0, box.w, box.style, ())
    fitted = painter.fit(caption, made.human)
    width = (made.width + before + after) * module
    beneath = fitted.height + _CAPTION_GAP_PT
    bars = (made.height + 2 * before) * module if shape.matrix else box.h * MM - beneath
    if width > box.w * MM + 0.01 or bars + beneath > box.h * MM + 0.01:
        raise DoesNotFit(
            f"a {profile} symbol needs {width / MM:.1f} x {(bars + beneath) / MM:.1f} mm"
            " with its quiet zones"
        )
    slack = {"left": 0.0, "centre": 0.5, "right": 1.0}[box.align] * (box.w * MM - width)
    x = _on_grid(box.x * MM + slack + before * module)
    top = _on_grid(painter.height_pt - box.y * MM)
    if shape.matrix:
        top -= before * module
        base = top - made.height * module
        modules = b"q 0 g %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (
            module, module, x, base, made.ops,
        )  # fmt: skip
        foot = base - before * module - fitted.ascent
    else:
        tall = _on_grid(bars)
        modules = b"q 0 g %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (
            module, tall, x, top - tall, made.ops,
        )  # fmt: skip
        foot = painter.height_pt - (box.y + box.h) * MM + fitted.height - fitted.ascent
    line = fitted.lines[0]
    middle = x + made.width * module / 2
    text = b"%b BT 1 0 0 1 %.2f %.2f Tm %b ET" % (
        box.style.colour, middle - line.width / 2, foot, line.ops,
    )  # fmt: skip
    return PlacedSymbol(modules=modules, text=text, human=made.human)


def _on_grid(length: float) -> float:
    return round(length / _GRID_PT) * _GRID_PT
