"""The mark by which machines identify a piece: a Data Matrix (ISO/IEC 16022) with its id or number.

Its modules are whole printer dots, as large as its box allows.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import zxingcpp

from service.engine.render.fit import TooLarge
from service.engine.render.layout import MM, PieceMark
from service.engine.render.symbols import DOT_PT

_QUIET = 1
_STEP = 2
"""The step of module sizes in dots at 600 dpi: one dot at 300 dpi."""
_LEAST_DOTS = 8
_GRID_PT = 2 * DOT_PT


def place_mark(
    mark: PieceMark, values: Mapping[str, str], *, ink: bytes, page_height: float
) -> bytes:
    """Content of the mark in its box. Raises `TooLarge` if the modules would be too small."""
    text = "".join(
        values[part.value] if part.kind == "variable" else part.value for part in mark.template
    )
    if not text:
        return b""
    rows = _modules(text)
    width, height = len(rows[0]) + 2 * _QUIET, len(rows) + 2 * _QUIET
    room = min(mark.w * MM / width, mark.h * MM / height)
    dots = int(room / DOT_PT / _STEP + 1e-6) * _STEP
    if dots < _LEAST_DOTS:
        least = _LEAST_DOTS * DOT_PT / MM
        raise TooLarge(f"a data matrix needs {width * least:.1f} x {height * least:.1f} mm")
    module = dots * DOT_PT
    left = _on_grid(mark.x * MM) + _QUIET * module
    foot = _on_grid(page_height - mark.y * MM) - (len(rows) + _QUIET) * module
    return b"q %b %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (
        ink, module, module, left, foot, _rectangles(rows),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The modules, row by row from the top; dark ones are True."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, forceSquare=True)
    image = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False))
    return tuple(tuple(bool(pixel < 128) for pixel in row) for row in image)


def _rectangles(rows: tuple[tuple[bool, ...], ...]) -> bytes:
    """One rectangle for each run of dark modules; a module is one unit."""
    drawn: list[bytes] = []
    for y, row in enumerate(reversed(rows)):
        start = None
        for x, dark in enumerate((*row, False)):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                drawn.append(b"%d %d %d 1 re" % (start, y, x - start))
                start = None
    return b" ".join(drawn)


def _on_grid(length: float) -> float:
    return round(length / _GRID_PT) * _GRID_PT
