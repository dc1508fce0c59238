"""Words: texts without spaces, encoded for a font, kerned, measured and cached."""

import unicodedata
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.render.fonts import Face
from service.engine.render.parts import Style
from service.engine.render.runs import Run, literal
from service.engine.render.scripts import RIGHT_TO_LEFT, SHAPED, is_emoji
from service.engine.render.shaping import MissingGlyph, Shaper

_MAX_CACHED = 50_000
_UNITS = attrgetter("units")
_IS_SHAPED = attrgetter("is_shaped")


class Word(NamedTuple):
    """A text without spaces, or a line with letters from right to left: runs of one font each, and
    the width in 1/1000 of the type size."""

    runs: tuple[Run, ...]
    units: int
    length: int
    plain: bool
    """Whether it is only in the first font of the style."""
    shown: bytes
    """For a plain word, its only run without the closing parenthesis."""
    is_shaped: bool = False
    """Whether its glyphs stand in places of their own, so that nothing may come between them."""


class WordEncoder:
    """Encodes words in given faces, caches them, and records which characters it used.

    Kerning is applied within words, not around spaces.
    """

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self.shaper = Shaper(faces)
        self._spaces: dict[str, int] = {}
        self._kinds: dict[tuple[tuple[str, ...], bool, bool], dict[str, Word]] = {}
        self._caches: dict[Style, dict[str, Word]] = {}
        """The cached words of each style. Styles with the same fonts and kerning share them."""
        self.used: dict[str, set[str]] = {name: {" "} for name in faces}

    def split(self, text: str, style: Style) -> list[Word]:
        """Split a text at spaces and encode its words, with the cache.

        A line with letters from right to left is one word: its order depends on the whole.
        """
        if style.from_right or not (text.isascii() or RIGHT_TO_LEFT.search(text) is None):
            return self.encoded([text], style)
        return self.encoded(text.split(" "), style)

    def encoded(self, parts: Sequence[str], style: Style) -> list[Word]:
        """Encode words, with the cache."""
        cache = self._caches.get(style)
        if cache is None:
            kind = (style.chain, style.kern, style.from_right)
            cache = self._caches[style] = self._kinds.setdefault(kind, {})
        words: list[Any] = [*map(cache.get, parts)]
        if None in words:
            if len(cache) > _MAX_CACHED:
                cache.clear()
            for place, part in enumerate(parts):
                if words[place] is None:
                    words[place] = cache[part] = self._encode_held(part, style)
        return words

    def ems(self, words: Sequence[Word], style: Style) -> float:
        """The width of words with spaces between them, as a multiple of the type size."""
        units: int = self.space(style.chain[0]) * (len(words) - 1) + sum(map(_UNITS, words))
        if style.tracking_em and not any(map(_IS_SHAPED, words)):
            length = len(words) - 1 + sum([word.length for word in words])
            return units / 1000 + style.tracking_em * length
        return units / 1000

    def _encode_held(self, text: str, style: Style) -> Word:
        """Encode one word; what no font holds is set in its compatible form if that is held."""
        try:
            return self.encode(text, style)
        except MissingGlyph:
            compatible = unicodedata.normalize("NFKC", text)
            if compatible == text:
                raise
            return self.encode(compatible, style)

    def space(self, name: str) -> int:
        """The width of a space in a font."""
        width = self._spaces.get(name)
        if width is None:
            width = self._spaces[name] = self._faces[name].widths[0x20]
        return width

    def encode(self, text: str, style: Style) -> Word:
        """Encode one word without the cache. Raises `MissingGlyph`."""
        if text and (style.from_right or SHAPED.search(text)):
            shaped, width = self.shaper.shape(
                text, style.chain, kern=style.kern, from_right=style.from_right
            )
            return Word(shaped, width, len(text), plain=False, shown=b"", is_shaped=True)
        runs: list[Run] = []
        units = 0
        for name, run in self._runs(text, style):
            self.used[name].update(run)
            shown, width = _kerned(run, self._faces[name], kern=style.kern)
            runs.append(Run(name, shown))
            units += width
        plain = len(runs) == 1 and runs[0].name == style.chain[0]
        return Word(
            runs=tuple(runs),
            units=units,
            length=len(text),
            plain=plain,
            shown=runs[0].shown[:-1] if plain else b"",
        )

    def _runs(self, text: str, style: Style) -> list[tuple[str, str]]:
        """Split a text where the font changes. Usually it is one run in the first font."""
        first = self._faces[style.chain[0]].advances
        if not text:
            return []
        if first.keys() >= {*text}:
            return [(style.chain[0], text)]
        runs: list[tuple[str, str]] = []
        missing: dict[str, None] = {}
        for character in text:
            for name in style.chain:
                if character in self._faces[name].advances:
                    break
            else:
                if not is_emoji(character):
                    missing[character] = None
                continue
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1] + character)
            else:
                runs.append((name, character))
        if missing:
            raise MissingGlyph(list(missing))
        return runs


def _kerned(run: str, face: Face, *, kern: bool) -> tuple[bytes, int]:
    """Strings and kerning for the operator TJ, and the width in 1/1000 of the type size.

    Numbers are not kerned, so that digits of different rows are aligned.
    """
    kerns = face.kerns
    total = sum(map(face.advances.__getitem__, run))
    if not kern or not kerns or run.upper() == run.lower():
        return literal(run), total
    pieces: list[bytes] = []
    start = previous = 0
    for at, code in enumerate(map(ord, run)):
        pair = kerns.get(previous << 16 | code)
        if pair is not None and at:
            pieces.append(literal(run[start:at]))
            pieces.append(b"%d" % -pair)
            total += pair
            start = at
        previous = code
    pieces.append(literal(run[start:]))
    return b"".join(pieces), total
