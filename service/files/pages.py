"""Pages of a PDF as pictures."""

import io
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium

from service.files.pixels import PDFIUM, to_png

DPI = 110
"""Of pages for people who look before they print."""


def count_pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    with PDFIUM:
        document = pdfium.PdfDocument(pdf)
        try:
            return len(document)
        finally:
            document.close()


def draw_page(source: bytes | Path | io.BufferedIOBase, page: int) -> bytes:
    """A page (from 0) as PNG."""
    with PDFIUM:
        document = pdfium.PdfDocument(source)
        try:
            drawn = document[page].render(scale=DPI / 72, rev_byteorder=True)
            pixels = drawn.to_numpy()[:, :, :3].copy()
        finally:
            document.close()
    return to_png(np.ascontiguousarray(pixels))
