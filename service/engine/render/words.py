"""Words: stretches without spaces, encoded for a font, kerned and measured once."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.render.fonts import Face
from service.engine.render.layout import Style

_WORDS_KEPT = 50_000
_UNITS = attrgetter("units")


class MissingGlyph(Exception):
    """No font of the style's chain holds these characters."""

    def __init__(self, characters: Sequence[str]) -> None:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in characters)
        super().__init__(f"no font holds {named}")


class Word(NamedTuple):
    """A stretch without spaces: its pieces of text per font, and its width in thousandths."""

    runs: tuple[tuple[str, bytes], ...]
    units: int
    length: int
    plain: bool
    """Whether all of it is in the first font of its chain."""
    shown: bytes
    """Of a plain word: its only run without the closing parenthesis."""


class Words:
    """Sets words in given faces, keeps them, and remembers which characters it used.

    Kerning is applied within words, not round spaces.
    """

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self._spaces = {
            name: face.widths[0x20] for name, face in faces.items() if 0x20 in face.widths
        }
        self._kinds: dict[tuple[tuple[str, ...], bool], dict[str, Word]] = {}
        self._stores: dict[Style, dict[str, Word]] = {}
        """The words set so far, which styles of the same fonts and kerning share."""
        self.used: dict[str, set[str]] = {name: {" "} for name in faces}

    def split(self, text: str, style: Style) -> list[Word]:
        """The words of a text, each set once and kept."""
        store = self._stores.get(style)
        if store is None:
            kind = (style.chain, style.kern)
            store = self._stores[style] = self._kinds.setdefault(kind, {})
        parts = text.split(" ")
        words: list[Any] = [*map(store.get, parts)]
        if None in words:
            if len(store) > _WORDS_KEPT:
                store.clear()
            for place, part in enumerate(parts):
                if words[place] is None:
                    words[place] = store[part] = self.encode(part, style)
        return words

    def ems(self, words: Sequence[Word], style: Style) -> float:
        """Width in parts of the type size."""
        units: int = self._spaces[style.chain[0]] * (len(words) - 1) + sum(map(_UNITS, words))
        if style.tracking_em:
            length = len(words) - 1 + sum([word.length for word in words])
            return units / 1000 + style.tracking_em * length
        return units / 1000

    def encode(self, text: str, style: Style) -> Word:
        """Set one word, which is not kept; raises `MissingGlyph`."""
        runs: list[tuple[str, bytes]] = []
        units = 0
        for name, run in self._runs(text, style):
            self.used[name].update(run)
            shown, width = _show(run, self._faces[name], kern=style.kern)
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
        """Cut the text where the font changes. The usual text is one run of the first font."""
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


def _show(run: str, face: Face, *, kern: bool) -> tuple[bytes, int]:
    """Strings with kerning between them, for TJ, and the width in thousandths.

    Numbers are not kerned: figures are to stand under one another.
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
    """A PDF string of code points, as the fonts are encoded."""
    raw = text.encode("utf-16-be")
    raw = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + raw.replace(b"\r", b"\\r") + b")"
