"""Marks besides the symbol: those for inserters, and the code that opens the list on a phone.

The mark of a piece is a Data Matrix (ISO/IEC 16022), the code of the page a QR code (ISO/IEC
18004). Their modules are whole printer dots, as large as the box allows.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import zxingcpp

from service.engine.render.boxes import ControlMarks, PageCode, PieceMark
from service.engine.render.fit import TooLarge
from service.engine.render.painter import Painter
from service.engine.render.parts import MM
from service.engine.render.symbols import DOT_PT

_QUIET, _QUIET_QR = 1, 4
_EVEN = "even"
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
    modules = _modules(text)
    return _place(mark, modules, _QUIET, name="data matrix", ink=ink, page_height=page_height)


def place_page_code(box: PageCode, url: str, *, ink: bytes, page_height: float) -> bytes:
    """Content of the QR code of a list's page. Raises `TooLarge` as `place_mark` does."""
    return _place(box, qr_modules(url), _QUIET_QR, name="QR code", ink=ink, page_height=page_height)


def qr_modules(url: str) -> tuple[tuple[bool, ...], ...]:
    """The modules of a QR code, row by row from the top; dark ones are True."""
    return _rows(zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode, ec_level="M"))


def place_control_marks(
    marks: ControlMarks, *, page: int, pages: int, seq: int, painter: Painter
) -> bytes:
    """Content of the bars of a page of so many, for an inserter that reads them."""
    is_on = {
        "always": True,
        "first": page == 1,
        "last": page == pages,
        "sequence_1": bool(seq & 1),
        "sequence_2": bool(seq & 2),
        "sequence_4": bool(seq & 4),
    }
    count = sum(is_on.get(bar, False) for bar in marks.bars)
    is_on[_EVEN] = count % 2 == 1
    drawn = [painter.layout.inks.black]
    for place, bar in enumerate(marks.bars):
        if is_on[bar]:
            top = painter.height_pt - (marks.y + place * marks.pitch) * MM
            frame = (marks.x * MM, top - marks.h * MM, marks.w * MM, marks.h * MM)
            drawn.append(b"%.2f %.2f %.2f %.2f re" % frame)
    return b" ".join([*drawn, b"f"])


def _place(
    box: PieceMark | PageCode,
    rows: tuple[tuple[bool, ...], ...],
    quiet: int,
    *,
    name: str,
    ink: bytes,
    page_height: float,
) -> bytes:
    width, height = len(rows[0]) + 2 * quiet, len(rows) + 2 * quiet
    room = min(box.w * MM / width, box.h * MM / height)
    dots = int(room / DOT_PT / _STEP + 1e-6) * _STEP
    if dots < _LEAST_DOTS:
        least = _LEAST_DOTS * DOT_PT / MM
        raise TooLarge(f"a {name} needs {width * least:.1f} x {height * least:.1f} mm")
    module = dots * DOT_PT
    left = _on_grid(box.x * MM) + quiet * module
    foot = _on_grid(page_height - box.y * MM) - (len(rows) + quiet) * module
    return b"q %b %.2f 0 0 %.2f %.2f %.2f cm %b f Q" % (
        ink, module, module, left, foot, _rectangles(rows),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The modules, row by row from the top; dark ones are True."""
    return _rows(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, forceSquare=True))


def _rows(made: zxingcpp.Barcode) -> tuple[tuple[bool, ...], ...]:
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
