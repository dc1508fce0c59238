"""Font faces: widths and kerning of a TrueType file, and the subset that a document embeds.

The code of a character in the PDF is its Unicode code point (a CIDFontType2 with a CIDToGIDMap). So
text is encoded without looking up glyphs, and the content of a page does not depend on the rest of
the batch. Only characters of the Basic Multilingual Plane can be printed.
"""

import struct
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from reportlab.pdfbase.ttfonts import TTFontFile

SPACES = {0x2007: 0x20, 0x2009: 0x20, 0x202F: 0xA0}
"""Spaces that few fonts have, and the spaces printed instead."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """A TrueType file: its name without suffix, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FaceSubset:
    """An embeddable TrueType file and the glyph of each code point in it."""

    data: bytes
    glyphs: dict[int, int]


class Face:
    """One loaded font. Widths, kerning and metrics are in thousandths of the type size."""

    def __init__(self, file: FontFile) -> None:
        self.name = file.name
        self._file = TTFontFile(BytesIO(file.data))
        scale = 1000 / self._file.unitsPerEm
        widths: dict[int, float] = self._file.charWidths
        self.widths: dict[int, int] = {
            code: round(widths[code]) for code in self._file.charToGlyph if code <= 0xFFFF
        }
        for missing, instead in SPACES.items():
            if instead in self.widths and missing not in self.widths:
                self.widths[missing] = self.widths[instead]
                self._file.charToGlyph[missing] = self._file.charToGlyph[instead]
        self.advances: dict[str, int] = {chr(code): w for code, w in self.widths.items()}
        """`widths` by character instead of code point."""
        self.kerns = _kerns(file.data, self._file.charToGlyph, scale)
        self.ascent = round(self._file.ascent)
        self.descent = round(self._file.descent)
        self.cap_height = round(self._file.capHeight)
        self.bbox = tuple(round(edge) for edge in self._file.bbox)

    def subset(self, codes: set[int]) -> FaceSubset:
        """Make a subset for these code points. The same set gives the same bytes."""
        ordered = sorted(codes)
        glyphs: dict[int, int] = {}
        numbers: dict[int, int] = {0: 0}
        for code in ordered:
            original = self._file.charToGlyph[code]
            glyphs[code] = numbers.setdefault(original, len(numbers))
        return FaceSubset(data=bytes(self._file.makeSubset(ordered)), glyphs=glyphs)


def _kerns(data: bytes, glyph_of: dict[int, int], scale: float) -> dict[int, int]:
    """Pairs of the `kern` table, keyed by `left << 16 | right` in code points."""
    table = _table(data, b"kern")
    if table is None:
        return {}
    count = struct.unpack(">H", table[10:12])[0]
    rows = np.frombuffer(table, dtype=">u2", offset=18, count=3 * count).reshape(count, 3)
    code_of: dict[int, list[int]] = {}
    for code, glyph in glyph_of.items():
        if code <= 0xFFFF:
            code_of.setdefault(glyph, []).append(code)
    pairs: dict[int, int] = {}
    for left, right, value in rows.tolist():
        signed = value - 0x10000 if value & 0x8000 else value
        for first in code_of.get(left, ()):
            for second in code_of.get(right, ()):
                pairs[first << 16 | second] = round(signed * scale)
    return pairs


def _table(data: bytes, tag: bytes) -> bytes | None:
    for number in range(struct.unpack(">H", data[4:6])[0]):
        name, _, offset, length = struct.unpack(">4sIII", data[12 + 16 * number : 28 + 16 * number])
        if name == tag:
            return data[offset : offset + length]
    return None
