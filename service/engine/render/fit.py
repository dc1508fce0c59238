"""Setting text in a box: shrink once, then wrap, then refuse.

Widths are in points. A fitted line is a ready piece of PDF content (font, size, glyphs with
kerning) that only needs a position.
"""

import re
from collections.abc import Mapping, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple

from service.engine.render.fonts import Face
from service.engine.render.layout import Style
from service.engine.render.words import Word, Words, literal

_HAN = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
# What may not be broken: a Han character with the opening marks before and the closing marks
# after it, a word up to its hyphen or slash, or a stretch of plain spaces. No-break spaces and
# all that is left belong to words.
_TOKENS = re.compile(
    rf"[「『（《〈“]*[{_HAN}][、。，．：；！？）》〉」』”％]*"
    rf"|[^ {_HAN}]+?(?:[-‐–/](?=\w)|(?=[ {_HAN}]|$))"
    r"| +",
    re.DOTALL,
)
_BLANKS = re.compile(r"[\t\r\v\f\u0085\u2028\u2029]+")


_BOLDER = 0.022
"""Stroke round a glyph of a fallback font that stands in for a bold one, in parts of the size."""


_ORPHAN = 0.18
"""A last line shorter than this part of the width is evened out with those before it."""


class DoesNotFit(Exception):
    """A text is too long for its box even when shrunk and wrapped."""


class Line(NamedTuple):
    """One line: content operators and its width."""

    ops: bytes
    width: float


class Fitted(NamedTuple):
    """Lines of one size; `leading` is the distance between baselines in points."""

    lines: tuple[Line, ...]
    size: float
    leading: float
    ascent: float
    """From the top of the text to its first baseline."""
    height: float


_PLAIN = attrgetter("plain")
_SHOWN = attrgetter("shown")


class Typesetter:
    """Sets text in given faces, and remembers which characters it used."""

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self._fonts: dict[tuple[str, Style, float], bytes] = {}
        self._words = Words(faces)
        self.resources = {name: b"F%d" % number for number, name in enumerate(faces)}
        self.used = self._words.used

    def fit(
        self,
        text: str,
        style: Style,
        *,
        width: float,
        lines: int,
        flow: bool,
        height: float | None = None,
        even: bool = False,
    ) -> Fitted:
        """Set `text`; raises `MissingGlyph` or `DoesNotFit`. A newline is a paragraph's end.

        `even` makes the lines of a wrapped text as even as they can be without adding one.
        """
        if style.upper:
            text = text.upper()
        if not text.isprintable():
            text = _BLANKS.sub(" ", text)
        if "\n" not in text:
            words = self._words.split(text, style)
            ems = self._words.ems(words, style)
            if ems * style.size_pt <= width:
                return self._single(words, style, style.size_pt, ems=ems)
            if not flow and ems * style.shrink_pt <= width:
                return self._single(words, style, style.shrink_pt, ems=ems)
        if lines > 1:
            for size in [style.size_pt, style.shrink_pt] if flow else [style.shrink_pt]:
                room = lines if height is None else min(lines, _rows(height, size * style.leading))
                broken = self._wrap(text, style, size=size, width=width)
                if broken is not None and len(broken) <= room:
                    if even or self._orphaned(broken, style, size=size, width=width):
                        broken = self._even(text, style, size=size, width=width, count=len(broken))
                    made = []
                    for part in broken:
                        words = self._words.split(part, style)
                        ems = self._words.ems(words, style)
                        made.append(self._line(words, style, size, ems=ems))
                    return _fitted(made, style, size)
        rows = "1 line" if lines == 1 else f"{lines} lines"
        raise DoesNotFit(
            f"{_short(text)!r} does not fit {rows} of {width / 72 * 25.4:.1f} mm"
            f" at {style.shrink_pt:g} pt"
        )

    def single(self, text: str, style: Style, width: float) -> Line | None:
        """A text that fits one line at full size and is no more than words; else None."""
        if style.upper or style.tracking_em or not text.isprintable():
            return None
        words = self._words.split(text, style)
        ems = self._words.ems(words, style)
        if ems * style.size_pt > width:
            return None
        return self._line(words, style, style.size_pt, ems=ems)

    def code_line(self, text: str, style: Style) -> Line:
        """A code as one line at full size."""
        made = self.plain((text,), style, inf)
        if made is None:
            words = [self._words.encode(text, style)]
            return self._line(words, style, style.size_pt, ems=self._words.ems(words, style))
        (shown,), width = made
        return Line(self._font(style.chain[0], style, style.size_pt) + shown + b"Tj", width)

    def plain(
        self, lines: Sequence[str], style: Style, width: float
    ) -> tuple[Sequence[bytes], float] | None:
        """Lines at full size as bare strings, and the width of the last; None if there is more.

        For addresses and numbers, which are seldom seen twice: the text is neither kerned nor
        kept word by word.
        """
        if style.upper or style.tracking_em:
            return None
        name, part = style.chain[0], style.size_pt / 1000
        advance = self._faces[name].advances.__getitem__
        used = 0.0
        try:
            for text in lines:
                used = sum(map(advance, text)) * part
                if used > width:
                    return None
        except KeyError:
            return None
        self.used[name].update(*lines)
        return [*map(literal, lines)], used

    @property
    def chosen(self) -> set[str]:
        """The fonts that some content is set in."""
        return {name for name, _, _ in self._fonts}

    def opening(self, style: Style) -> bytes:
        """The operators that choose a style's colour and first font at full size."""
        return b"%b BT %b" % (style.colour, self._font(style.chain[0], style, style.size_pt))

    def _single(self, words: Sequence[Word], style: Style, size: float, *, ems: float) -> Fitted:
        return _fitted((self._line(words, style, size, ems=ems),), style, size)

    def _line(self, words: Sequence[Word], style: Style, size: float, *, ems: float) -> Line:
        """Words as one line that is so many ems wide."""
        first = style.chain[0]
        width = ems * size
        font = self._font(first, style, size)
        if not style.tracking_em and all(map(_PLAIN, words)):
            shown = b"\0 )".join(map(_SHOWN, words))
            return Line(b"%b[%b)]TJ" % (font, shown), width)
        ops: list[bytes] = []
        for name, shown in _joined(words, first):
            ops.append(b"%b[%b]TJ" % (self._font(name, style, size), shown))
            if "bold" in first and "bold" not in name:
                ops.append(b"0 Tr")
        if style.tracking_em:
            ops = [b"%.3g Tc" % (style.tracking_em * size), *ops, b"0 Tc"]
        return Line(ops=b" ".join(ops), width=width)

    def _font(self, name: str, style: Style, size: float) -> bytes:
        """The operators that choose a font; one that stands in for a bold one is emboldened."""
        key = (name, style, size)
        font = self._fonts.get(key)
        if font is None:
            font = b"/%b %g Tf" % (self.resources[name], size)
            if "bold" in style.chain[0] and "bold" not in name:
                pen = style.colour.replace(b"rg", b"RG").replace(b" g", b" G")
                font += b" %b 2 Tr %.3g w" % (pen, size * _BOLDER)
            self._fonts[key] = font
        return font

    def _width(self, text: str, style: Style, size: float) -> float:
        return self._words.ems(self._words.split(text, style), style) * size

    def _orphaned(self, lines: Sequence[str], style: Style, *, size: float, width: float) -> bool:
        """Whether a last word is left alone on its line."""
        return len(lines) > 1 and self._width(lines[-1], style, size) < width * _ORPHAN

    def _even(self, text: str, style: Style, *, size: float, width: float, count: int) -> list[str]:
        """The narrowest setting in `count` lines, to a twentieth of the width."""
        best = self._wrap(text, style, size=size, width=width)
        for part in range(19, 9, -1):
            broken = self._wrap(text, style, size=size, width=width * part / 20)
            if broken is None or len(broken) > count:
                break
            best = broken
        return best or [text]

    def _wrap(self, text: str, style: Style, *, size: float, width: float) -> list[str] | None:
        """Break greedily at spaces, after hyphens and between Han characters; None: no way."""
        broken: list[str] = []
        for paragraph in text.split("\n"):
            if self._width(paragraph, style, size) <= width:
                broken.append(paragraph)
                continue
            line = ""
            for token in _TOKENS.findall(paragraph):
                longer = line + token
                if self._width(longer.rstrip(" "), style, size) <= width:
                    line = longer
                    continue
                if not line.strip(" "):
                    return None
                broken.append(line.rstrip(" "))
                line = token.lstrip(" ")
                if self._width(line, style, size) > width:
                    return None
            broken.append(line.rstrip(" "))
        return broken


def _fitted(lines: Sequence[Line], style: Style, size: float) -> Fitted:
    leading = size * style.leading
    return Fitted(tuple(lines), size, leading, ascent(size, leading), leading * len(lines))


def ascent(size: float, leading: float) -> float:
    """From the top of a line to its baseline."""
    return size * 0.74 + (leading - size) / 2


def _joined(words: Sequence[Word], first: str) -> list[tuple[str, bytes]]:
    """Words and the spaces between them, which are of the first font, as runs."""
    runs: list[tuple[str, bytes]] = []
    for place, word in enumerate(words):
        for name, shown in ((first, b"(\0 )"), *word.runs) if place else word.runs:
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1] + shown)
            else:
                runs.append((name, shown))
    return runs


def _rows(height: float, leading: float) -> int:
    return int((height + 0.01) / leading)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
