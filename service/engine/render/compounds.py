"""Compound glyphs: a letter with its marks as one glyph of an embedded TrueType file.

A mark above or below its letter, shown as a string of its own, is taken by readers of the file for
a word of its own. As one glyph, a letter is one code with one meaning.
"""

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from reportlab.pdfbase.ttfonts import TTFontMaker, TTFontParser

_WORDS, _ARE_XY, _MORE = 0x0001, 0x0002, 0x0020


class Part(NamedTuple):
    """A glyph, and how far it is moved, in units of the font."""

    glyph: int
    right: int
    up: int


class Compound(NamedTuple):
    """Glyphs that are shown as one, and the width of the whole in units of the font."""

    width: int
    parts: tuple[Part, ...]


def add_compounds(data: bytes, compounds: Sequence[Compound]) -> tuple[bytes, int]:
    """A TrueType file with compound glyphs after its own, and the number of the first of them.

    Their parts are numbered as in the file.
    """
    file = TTFontParser(BytesIO(data))
    tables = {tag: file.get_table(tag) for tag in file.table}
    count = struct.unpack_from(">H", tables["maxp"], 4)[0]
    is_long = struct.unpack_from(">h", tables["head"], 50)[0]
    places = struct.unpack_from(f">{count}{'L' if is_long else 'H'}", tables["loca"])
    starts = [place if is_long else 2 * place for place in places]
    drawn = tables["glyf"]
    ends = [*starts[1:], len(drawn)]
    boxes = [_box(drawn, start, end) for start, end in zip(starts, ends, strict=True)]
    outlines = bytearray(drawn)
    metrics = _metrics(tables, count)
    for compound in compounds:
        outlines += bytes(-len(outlines) % 4)
        starts.append(len(outlines))
        box = _joint_box(compound, boxes)
        outlines += _outline(compound, box) if compound.parts else b""
        metrics.append((compound.width, box[0]))
    starts.append(len(outlines))
    made = TTFontMaker()
    tables["glyf"] = bytes(outlines)
    tables["loca"] = struct.pack(f">{len(starts)}L", *starts)
    tables["head"] = _spliced(tables["head"], 50, 1)
    tables["hmtx"] = b"".join(struct.pack(">Hh", *metric) for metric in metrics)
    tables["hhea"] = _spliced(tables["hhea"], 34, len(metrics))
    tables["maxp"] = _largest(tables["maxp"], compounds, len(metrics))
    for tag, table in tables.items():
        made.add(tag, table)
    return bytes(made.makeStream()), count


def _box(outlines: bytes, start: int, end: int) -> tuple[int, int, int, int]:
    if end <= start:
        return 0, 0, 0, 0
    left, bottom, right, top = struct.unpack_from(">4h", outlines, start + 2)
    return left, bottom, right, top


def _metrics(tables: dict[str, bytes], count: int) -> list[tuple[int, int]]:
    """The width and the left bearing of each glyph."""
    full = struct.unpack_from(">H", tables["hhea"], 34)[0]
    found = [struct.unpack_from(">Hh", tables["hmtx"], 4 * at) for at in range(full)]
    rest = struct.unpack_from(f">{count - full}h", tables["hmtx"], 4 * full)
    return [*found, *((found[-1][0], bearing) for bearing in rest)]


def _joint_box(
    compound: Compound, boxes: Sequence[tuple[int, int, int, int]]
) -> tuple[int, int, int, int]:
    """The box around all parts that show something."""
    moved = [
        (left + right, bottom + up, far + right, top + up)
        for glyph, right, up in compound.parts
        for left, bottom, far, top in (boxes[glyph],)
        if (left, bottom) != (far, top)
    ]
    if not moved:
        return 0, 0, 0, 0
    lefts, bottoms, rights, tops = zip(*moved, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _outline(compound: Compound, box: tuple[int, int, int, int]) -> bytes:
    records = [struct.pack(">5h", -1, *box)]
    for number, part in enumerate(compound.parts, 1):
        flags = _WORDS | _ARE_XY | (_MORE if number < len(compound.parts) else 0)
        records.append(struct.pack(">HHhh", flags, part.glyph, part.right, part.up))
    return b"".join(records)


def _largest(maxp: bytes, compounds: Sequence[Compound], count: int) -> bytes:
    """The table of limits, for so many glyphs: room for compounds of compounds."""
    limits = list(struct.unpack_from(">14H", maxp, 4))
    most = max(len(compound.parts) for compound in compounds)
    points, contours, together, outlines, parts, depth = 1, 2, 3, 4, 12, 13
    limits[0] = count
    limits[together] = min(0xFFFF, most * max(limits[points], limits[together]))
    limits[outlines] = min(0xFFFF, most * max(limits[contours], limits[outlines]))
    limits[parts] = max(limits[parts], most)
    limits[depth] += 1
    return maxp[:4] + struct.pack(">14H", *limits)


def _spliced(table: bytes, at: int, number: int) -> bytes:
    return table[:at] + struct.pack(">H", number) + table[at + 2 :]
