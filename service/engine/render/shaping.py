"""Shaping: letters that join, carry marks or run from right to left, as glyphs in their places."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, groupby
from typing import Any, NamedTuple

import uharfbuzz
from bidi.algorithm import (
    explicit_embed_and_overrides,
    get_embedding_levels,
    get_empty_storage,
    resolve_implicit_levels,
    resolve_neutral_types,
    resolve_weak_types,
)
from bidi.mirror import MIRRORED

from service.engine.render.compounds import Compound, Part
from service.engine.render.fonts import Face, Shape
from service.engine.render.runs import GLYPHS, Run, string
from service.engine.render.scripts import CLINGING, DIRECTIONS, RIGHT_TO_LEFT, is_emoji


class MissingGlyph(Exception):
    """None of the fonts of a style has these characters."""

    def __init__(self, characters: Sequence[str]) -> None:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in characters)
        super().__init__(f"no font holds {named}")
        self.characters = tuple(characters)


class _Item(NamedTuple):
    """A part of a text in one font and one direction; odd levels run from right to left."""

    text: str
    name: str
    level: int


class Shaper:
    """Shapes texts in given faces, and records which glyphs it used and what they mean."""

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self._fonts: dict[str, uharfbuzz.Font] = {}
        self.codes = {name: ShapeCodes() for name in faces}

    def shape(
        self, text: str, chain: Sequence[str], *, kern: bool, from_right: bool
    ) -> tuple[tuple[Run, ...], int]:
        """The runs of a text from left to right, and its width in 1/1000 of the type size.

        `from_right` is the direction of the paragraph. Raises `MissingGlyph`.
        """
        levels = _levels(text, from_right=from_right)
        items = _in_visual_order(self._items(text, levels, chain))
        runs: list[Run] = []
        width = 0
        for item in items:
            made, advance = self._shape_item(item, kern=kern)
            runs.append(made)
            width += advance
        return tuple(runs), width

    def _items(self, text: str, levels: Sequence[int], chain: Sequence[str]) -> list[_Item]:
        """Split a text where its font or its direction changes."""
        items: list[_Item] = []
        missing: dict[str, None] = {}
        for character, level in zip(text, levels, strict=True):
            if character in DIRECTIONS:
                continue
            last = items[-1] if items else None
            if last is not None and (
                CLINGING.match(character)
                or (_is_mark(character) and self._faces[last.name].holds(character))
            ):
                items[-1] = last._replace(text=last.text + character)
                continue
            name = next((name for name in chain if self._faces[name].holds(character)), "")
            if not name:
                if not (is_emoji(character) or CLINGING.match(character)):
                    missing[character] = None
            elif last is not None and (last.name, last.level) == (name, level):
                items[-1] = last._replace(text=last.text + character)
            else:
                items.append(_Item(character, name, level))
        if missing:
            raise MissingGlyph(list(missing))
        return items

    def _shape_item(self, item: _Item, *, kern: bool) -> tuple[Run, int]:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(item.text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if item.level % 2 else "ltr"
        uharfbuzz.shape(self._font(item.name), buffer, {"kern": kern})
        face = self._faces[item.name]
        scale = 1000 / face.units_per_em
        codes = self.codes[item.name]
        shown = b""
        at, pen = 0, 0.0
        for meaning, glyphs in _letters(item.text, buffer):
            shape, right, advance = _shape(glyphs)
            place = round(pen + right * scale)
            if place != at:
                shown += b"%d" % (at - place)
            if item.level % 2:
                # Readers of a file turn around what they find, code by code; what they take for a
                # number's separator they move to its other side.
                meaning = meaning.translate(_TURNED)
                for letter in meaning[:0:-1]:
                    shown += string(codes.code(_NOTHING, letter).to_bytes(2, "big"))
                meaning = meaning[0]
            shown += string(codes.code(shape, meaning).to_bytes(2, "big"))
            at = place + face.shape_width(shape)
            pen += advance * scale
        width = round(pen)
        if width != at:
            shown += b"%d" % (at - width)
        return Run(item.name + GLYPHS, shown), width

    def _font(self, name: str) -> uharfbuzz.Font:
        font = self._fonts.get(name)
        if font is None:
            font = self._fonts[name] = uharfbuzz.Font(uharfbuzz.Face(self._faces[name].read()))
        return font


class ShapeCodes:
    """The codes by which a file shows the shapes of one face.

    A code is the number of its glyph. Several glyphs as one, and a glyph that also means something
    else, get further codes from the end.
    """

    def __init__(self) -> None:
        self.meanings: dict[int, str] = {}
        self.shapes: dict[int, Shape] = {}
        self._codes: dict[tuple[Shape, str], int] = {}
        self._next = 0xFFFF

    def code(self, shape: Shape, meaning: str) -> int:
        """The code of a shape with this meaning."""
        code = self._codes.get((shape, meaning))
        if code is None:
            if isinstance(shape, Compound) or shape in self.shapes:
                code, self._next = self._next, self._next - 1
            else:
                code = shape
            self._codes[shape, meaning] = code
            self.meanings[code] = meaning
            self.shapes[code] = shape
        return code


_NOTHING = Compound(0, ())
_TURNED = str.maketrans({**MIRRORED, "\u00a0": " "})
_Glyph = tuple[Any, Any]
"""What uharfbuzz says of a glyph, and of its position."""


def _letters(text: str, buffer: uharfbuzz.Buffer) -> Iterator[tuple[str, Sequence[_Glyph]]]:
    """The parts of a text that cannot be parted, with their glyphs, from left to right."""
    placed = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    groups = [(start, [*glyphs]) for start, glyphs in groupby(placed, lambda each: each[0].cluster)]
    starts = sorted(start for start, _ in groups)
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    for start, glyphs in groups:
        yield text[start : ends[start]], glyphs


def _shape(glyphs: Sequence[_Glyph]) -> tuple[Shape, int, int]:
    """The shape of a letter, how far to move right before it, and how far it advances."""
    info, position = glyphs[0]
    if len(glyphs) == 1 and not position.y_offset:
        return info.codepoint, position.x_offset, position.x_advance
    parts: list[Part] = []
    pen = 0
    for info, position in glyphs:
        parts.append(Part(info.codepoint, pen + position.x_offset, position.y_offset))
        pen += position.x_advance
    return Compound(max(pen, 0), tuple(parts)), 0, pen


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _levels(text: str, *, from_right: bool) -> Sequence[int]:
    """The embedding level of each character (Unicode Standard Annex 9)."""
    if not from_right and not RIGHT_TO_LEFT.search(text):
        return [0] * len(text)
    kept = [not CLINGING.match(character) for character in text]
    storage = get_empty_storage()
    storage["base_level"] = int(from_right)
    storage["base_dir"] = "R" if from_right else "L"
    get_embedding_levels("".join(compress(text, kept)), storage)
    explicit_embed_and_overrides(storage)
    resolve_weak_types(storage)
    resolve_neutral_types(storage, False)
    resolve_implicit_levels(storage, False)
    found = iter([each["level"] for each in storage["chars"]])
    levels: list[int] = []
    for is_kept in kept:
        levels.append(next(found) if is_kept else levels[-1] if levels else int(from_right))
    return levels


def _in_visual_order(items: list[_Item]) -> list[_Item]:
    """Items from left to right: sequences at or above each odd level are turned around."""
    if not items:
        return items
    highest = max(item.level for item in items)
    for level in range(highest, 0, -1):
        start = 0
        while start < len(items):
            end = start
            while end < len(items) and items[end].level >= level:
                end += 1
            if end > start:
                items[start:end] = items[start:end][::-1]
            start = end + 1
    return items
