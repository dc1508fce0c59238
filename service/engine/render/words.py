"""Words: texts without spaces, encoded for a font, kerned, measured and cached."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.render.fonts import Face
from service.engine.render.layout import Style

_MAX_CACHED = 50_000
_UNITS = attrgetter("units")


class MissingGlyph(Exception):
    """None of the fonts of a style has these characters."""

    def __init__(self, characters: Sequence[str]) -> None:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in characters)
        super().__init__(f"no font holds {named}")
        self.characters = tuple(characters)


class Word(NamedTuple):
    """A text without spaces: runs of one font each, and the width in 1/1000 of the type size."""

    runs: tuple[tuple[str, bytes], ...]
    units: int
    length: int
    plain: bool
    """Whether it is only in the first font of the style."""
    shown: bytes
    """For a plain word, its only run without the closing parenthesis."""


class WordEncoder:
    """Encodes words in given faces, caches them, and records which characters it used.

    Kerning is applied within words, not around spaces.
    """

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self._spaces = {
            name: face.widths[0x20] for name, face in faces.items() if 0x20 in face.widths
        }
        self._kinds: dict[tuple[tuple[str, ...], bool], dict[str, Word]] = {}
        self._caches: dict[Style, dict[str, Word]] = {}
        """The cached words of each style. Styles with the same fonts and kerning share them."""
        self.used: dict[str, set[str]] = {name: {" "} for name in faces}

    def split(self, text: str, style: Style) -> list[Word]:
        """Split a text at spaces and encode its words, with the cache."""
        cache = self._caches.get(style)
        if cache is None:
            kind = (style.chain, style.kern)
            cache = self._caches[style] = self._kinds.setdefault(kind, {})
        parts = text.split(" ")
        words: list[Any] = [*map(cache.get, parts)]
        if None in words:
            if len(cache) > _MAX_CACHED:
                cache.clear()
            for place, part in enumerate(parts):
                if words[place] is None:
                    words[place] = cache[part] = self.encode(part, style)
        return words

    def ems(self, words: Sequence[Word], style: Style) -> float:
        """The width of words with spaces between them, as a multiple of the type size."""
        units: int = self._spaces[style.chain[0]] * (len(words) - 1) + sum(map(_UNITS, words))
        if style.tracking_em:
            length = len(words) - 1 + sum([word.length for word in words])
            return units / 1000 + style.tracking_em * length
        return units / 1000

    def encode(self, text: str, style: Style) -> Word:
        """Encode one word without the cache. Raises `MissingGlyph`."""
        runs: list[tuple[str, bytes]] = []
        units = 0
        for name, run in self._runs(text, style):
            self.used[name].update(run)
            shown, width = _kerned(run, self._faces[name], kern=style.kern)
            runs.append((name, shown))
            units += width
        plain = len(runs) == 1 and runs[0][0] == style.chain[0]
        return Word(
            runs=tuple(runs),
            units=units,
            length=len(text),
            plain=plain,
            shown=runs[0][1][:-1] if plain else b"",
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


def literal(text: str) -> bytes:
    """A PDF string in the encoding of the fonts, UTF-16."""
    raw = text.encode("utf-16-be")
    raw = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + raw.replace(b"\r", b"\\r") + b")"
