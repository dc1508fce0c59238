"""Font faces: widths and kerning of a TrueType file, and the subset that a document embeds.

The code of a simple character in the PDF is its Unicode code point (a CIDFontType2 with a
CIDToGIDMap). So most text is encoded without looking up glyphs. Text that must be shaped is written
in glyph numbers of the whole face, in a second font of the same file. Either way the content of a
page does not depend on the rest of the batch.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from threading import Lock

import numpy as np
from reportlab.pdfbase.ttfonts import TTFontFile

from service.engine.render.compounds import Compound, add_compounds
from service.engine.render.scripts import SHAPED

INSTEAD = {0x2007: 0x20, 0x2009: 0x20, 0x202F: 0xA0, 0x2010: 0x2D, 0x2011: 0x2D}
"""Spaces and hyphens that few fonts have, and those printed instead."""
_GLYPH = 0x110000
"""Added to a glyph number where a code point is asked for."""
Shape = int | Compound
"""The number of a glyph of a face, or several glyphs as one."""
_ONE_AT_A_TIME = Lock()
"""Held while a subset is made: a font file has one place at which it is read."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """A TrueType file: its name without suffix, and a function that returns its bytes."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class FaceSubset:
    """An embeddable TrueType file, and its glyph for each code point and each shape."""

    data: bytes
    glyphs: dict[int, int]
    shaped: dict[Shape, int]


class Face:
    """One font, loaded when it is first needed.

    Widths, kerning and metrics are in thousandths of the type size.
    """

    def __init__(self, file: FontFile) -> None:
        self.name = file.name
        self.read = file.read

    @cached_property
    def _file(self) -> TTFontFile:
        file = TTFontFile(BytesIO(self.read()))
        for missing, instead in INSTEAD.items():
            if instead in file.charToGlyph and missing not in file.charToGlyph:
                file.charToGlyph[missing] = file.charToGlyph[instead]
                file.charWidths[missing] = file.charWidths[instead]
        return file

    @cached_property
    def widths(self) -> dict[int, int]:
        """The widths of the characters that are set one by one."""
        widths: dict[int, float] = self._file.charWidths
        return {
            code: round(widths[code])
            for code in self._file.charToGlyph
            if code <= 0xFFFF and not SHAPED.match(chr(code))
        }

    @cached_property
    def advances(self) -> dict[str, int]:
        """`widths` by character instead of code point."""
        return {chr(code): width for code, width in self.widths.items()}

    @cached_property
    def kerns(self) -> dict[int, int]:
        """Pairs of the `kern` table, keyed by `left << 16 | right` in code points."""
        return _kerns(self.read(), self._file.charToGlyph, 1000 / self._file.unitsPerEm)

    @cached_property
    def units_per_em(self) -> int:
        """The grid of the outlines."""
        return int(self._file.unitsPerEm)

    @property
    def codes(self) -> Iterable[int]:
        """All code points that the face has a glyph for."""
        codes: Iterable[int] = self._file.charToGlyph.keys()
        return codes

    def holds(self, character: str) -> bool:
        """Whether the face has a glyph for a character, set one by one or shaped."""
        return ord(character) in self._file.charToGlyph

    def shape_width(self, shape: Shape) -> int:
        """The width of a glyph of the face, or of several as one."""
        width: int = shape.width if isinstance(shape, Compound) else self._file.hmetrics[shape][0]
        return round(width * 1000 / self.units_per_em)

    @cached_property
    def metrics(self) -> tuple[int, int, int]:
        """Ascent, descent and height of capitals."""
        file = self._file
        return round(file.ascent), round(file.descent), round(file.capHeight)

    @cached_property
    def bbox(self) -> tuple[int, int, int, int]:
        """The box that holds every glyph."""
        left, bottom, right, top = map(round, self._file.bbox)
        return left, bottom, right, top

    def subset(self, codes: set[int], shapes: Iterable[Shape] = ()) -> FaceSubset:
        """Make a subset for these code points and shapes. The same ones give the same bytes."""
        shapes = dict.fromkeys(shapes)
        compounds = sorted(shape for shape in shapes if isinstance(shape, Compound))
        numbers = {shape for shape in shapes if isinstance(shape, int)}
        numbers |= {part.glyph for compound in compounds for part in compound.parts}
        to_glyph: dict[int, int] = self._file.charToGlyph
        wanted = {_GLYPH + number: number for number in sorted(numbers)}
        ordered = [*sorted(codes), *wanted]
        places: dict[int, int] = {0: 0}
        for code in ordered:
            places.setdefault(wanted[code] if code in wanted else to_glyph[code], len(places))
        with _ONE_AT_A_TIME:
            to_glyph |= wanted
            data = bytes(self._file.makeSubset(ordered))
            for code in wanted:
                del to_glyph[code]
        shaped: dict[Shape, int] = {number: places[number] for number in numbers}
        if compounds:
            placed = [
                each._replace(
                    parts=tuple(part._replace(glyph=places[part.glyph]) for part in each.parts)
                )
                for each in compounds
            ]
            data, first = add_compounds(data, placed)
            shaped |= {compound: first + place for place, compound in enumerate(compounds)}
        return FaceSubset(data, {code: places[to_glyph[code]] for code in sorted(codes)}, shaped)


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
