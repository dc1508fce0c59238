"""Fit text in a box: shrink it once, then wrap it, else raise `TooLarge`.

Widths are in points. A fitted line is PDF content (font, size, glyphs with kerning) that only needs
a position.
"""

import re
from collections.abc import Mapping, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple

from service.engine.render.breaks import breaks_elsewhere, syllables, tokens
from service.engine.render.fonts import Face
from service.engine.render.inks import pen
from service.engine.render.parts import Style
from service.engine.render.runs import GLYPHS, Run, literal
from service.engine.render.scripts import RIGHT_TO_LEFT
from service.engine.render.words import Word, WordEncoder

_BLANKS = re.compile(r"[\t\r\v\f\u0085\u2028\u2029]+")


_BOLDER = 0.022
"""Stroke width around a glyph of a fallback font that replaces a bold one, per point of size."""


_ORPHAN = 0.18
"""If the last line is shorter than this share of the width, the lines are made even."""


class TooLarge(Exception):
    """A text is too long for its box even if it is shrunk and wrapped."""


class SetLine(NamedTuple):
    """One line as content operators, and its width."""

    ops: bytes
    width: float


class Fitted(NamedTuple):
    """Fitted lines of one size. `leading` is the distance between baselines in points."""

    lines: tuple[SetLine, ...]
    size: float
    leading: float
    ascent: float
    """Distance from the top of the text to the first baseline."""
    height: float


_PLAIN = attrgetter("plain")
_SHOWN = attrgetter("shown")
_IS_SHAPED = attrgetter("is_shaped")


class Typesetter:
    """Sets text in given faces, and records which characters it used of each."""

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self._fonts: dict[tuple[str, Style, float], bytes] = {}
        self._words = WordEncoder(faces)
        self.resources = {name: b"F%d" % number for number, name in enumerate(faces)}
        self.resources |= {name + GLYPHS: b"G%d" % number for number, name in enumerate(faces)}
        self.used = self._words.used
        self.shape_codes = self._words.shaper.codes

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
        """Fit `text` in at most `lines` lines of `width`, and within `height` if given.

        A newline ends a paragraph. Text with `flow` wraps first and shrinks then; other text
        shrinks first. `even` makes the lines of wrapped text about equally long without adding
        one. Raises `MissingGlyph` or `TooLarge`.
        """
        if style.upper:
            text = text.upper()
        if not text.isprintable():
            text = _BLANKS.sub(" ", text)
        if "\n" not in text:
            words = self._words.split(text, style)
            ems = self._words.ems(words, style)
            if ems * style.size_pt <= width:
                return self._fit_single(words, style, style.size_pt, ems=ems)
            if not flow and ems * style.shrink_pt <= width:
                return self._fit_single(words, style, style.shrink_pt, ems=ems)
        if lines > 1:
            for size in [style.size_pt, style.shrink_pt] if flow else [style.shrink_pt]:
                max_lines = (
                    lines
                    if height is None
                    else min(lines, _line_count(height, size * style.leading))
                )
                broken = self._wrap(text, style, size=size, width=width)
                if broken is not None and len(broken) <= max_lines:
                    if even or self._ends_in_orphan(broken, style, size=size, width=width):
                        broken = self._wrap_evenly(
                            text, style, size=size, width=width, count=len(broken)
                        )
                    set_lines = []
                    for part in broken:
                        words = self._words.split(part, style)
                        ems = self._words.ems(words, style)
                        set_lines.append(self._line(words, style, size, ems=ems))
                    return _fit_lines(set_lines, style, size)
        allowed = "1 line" if lines == 1 else f"{lines} lines"
        raise TooLarge(
            f"{_short(text)!r} does not fit {allowed} of {width / 72 * 25.4:.1f} mm"
            f" at {style.shrink_pt:g} pt"
        )

    def single_line(self, text: str, style: Style, width: float) -> SetLine | None:
        """Set a text that fits one line at full size and needs no special treatment; else None."""
        if style.upper or style.tracking_em or not text.isprintable():
            return None
        words = self._words.split(text, style)
        ems = self._words.ems(words, style)
        if ems * style.size_pt > width:
            return None
        return self._line(words, style, style.size_pt, ems=ems)

    def code_line(self, text: str, style: Style) -> SetLine:
        """Set a code as one line at full size."""
        set_lines = self.plain_strings((text,), style, inf)
        if set_lines is None:
            words = [self._words.encode(text, style)]
            return self._line(words, style, style.size_pt, ems=self._words.ems(words, style))
        (shown,), width = set_lines
        return SetLine(self._font(style.chain[0], style, style.size_pt) + shown + b"Tj", width)

    def plain_strings(
        self, lines: Sequence[str], style: Style, width: float
    ) -> tuple[Sequence[bytes], float] | None:
        """Encode lines at full size, without kerning; returns PDF strings and the last width.

        None if a line is too wide or needs another font or style. It is meant for addresses and
        numbers, which rarely repeat, so that caching words would not pay.
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
    def fonts_used(self) -> set[str]:
        """The names of the fonts used so far."""
        return {name for name, _, _ in self._fonts}

    def text_start(self, style: Style) -> bytes:
        """Operators that start a text in the colour and first font of a style at full size."""
        return b"%b BT %b" % (style.colour, self._font(style.chain[0], style, style.size_pt))

    def _fit_single(
        self, words: Sequence[Word], style: Style, size: float, *, ems: float
    ) -> Fitted:
        return _fit_lines((self._line(words, style, size, ems=ems),), style, size)

    def _line(self, words: Sequence[Word], style: Style, size: float, *, ems: float) -> SetLine:
        """Set words as one line, which is `ems` wide."""
        first = style.chain[0]
        width = ems * size
        font = self._font(first, style, size)
        if not style.tracking_em and all(map(_PLAIN, words)):
            shown = b"\0 )".join(map(_SHOWN, words))
            return SetLine(b"%b[%b)]TJ" % (font, shown), width)
        ops: list[bytes] = []
        for run in _merge_runs(words, first):
            ops.append(b"%b[%b]TJ" % (self._font(run.name, style, size), run.shown))
            if "bold" in first and "bold" not in run.name:
                ops.append(b"0 Tr")
        if style.tracking_em and not any(map(_IS_SHAPED, words)):
            ops = [b"%.3g Tc" % (style.tracking_em * size), *ops, b"0 Tc"]
        return SetLine(ops=b" ".join(ops), width=width)

    def _font(self, name: str, style: Style, size: float) -> bytes:
        """Operators that select a font. A fallback font that replaces a bold one is emboldened."""
        key = (name, style, size)
        font = self._fonts.get(key)
        if font is None:
            font = b"/%b %g Tf" % (self.resources[name], size)
            if "bold" in style.chain[0] and "bold" not in name:
                stroke = pen(style.colour)
                font += b" %b 2 Tr %.3g w" % (stroke, size * _BOLDER)
            self._fonts[key] = font
        return font

    def _width(self, text: str, style: Style, size: float) -> float:
        return self._words.ems(self._words.split(text, style), style) * size

    def _ends_in_orphan(
        self, lines: Sequence[str], style: Style, *, size: float, width: float
    ) -> bool:
        """Whether the last line is so short that it looks lost."""
        return len(lines) > 1 and self._width(lines[-1], style, size) < width * _ORPHAN

    def _wrap_evenly(
        self, text: str, style: Style, *, size: float, width: float, count: int
    ) -> list[str]:
        """Wrap to the narrowest width that needs `count` lines, in steps of 1/20 of the width."""
        best = self._wrap(text, style, size=size, width=width)
        for part in range(19, 9, -1):
            broken = self._wrap(text, style, size=size, width=width * part / 20, widest=width)
            if broken is None or len(broken) > count:
                break
            best = broken
        return best or [text]

    def _wrap(
        self, text: str, style: Style, *, size: float, width: float, widest: float = 0.0
    ) -> list[str] | None:
        """Break at spaces, after hyphens and between Han characters; None if a word is too wide.

        Only a word of Thai that is wider than `widest`, which is `width` if it is not given, is
        broken between syllables.
        """
        broken: list[str] = []
        widest = widest or width
        for paragraph in text.split("\n"):
            if self._width(paragraph, style, size) <= width:
                broken.append(paragraph)
                continue
            if _has_plain_words(paragraph, style):
                lines_of_words = self._wrap_words(paragraph, style, size=size, width=width)
                if lines_of_words is None:
                    return None
                broken += lines_of_words
                continue
            line = ""
            for token in self._tokens(paragraph, style, size=size, widest=widest):
                candidate = line + token
                if self._width(candidate.rstrip(" "), style, size) <= width:
                    line = candidate
                    continue
                if not line.strip(" "):
                    return None
                broken.append(line.rstrip(" "))
                line = token.lstrip(" ")
                if self._width(line, style, size) > width:
                    return None
            broken.append(line.rstrip(" "))
        return broken

    def _wrap_words(
        self, text: str, style: Style, *, size: float, width: float
    ) -> list[str] | None:
        """`_wrap` for a paragraph that breaks at single spaces only."""
        words = text.split(" ")
        space = self._words.space(style.chain[0])
        broken: list[str] = []
        begin = units = 0
        for place, word in enumerate(self._words.encoded(words, style)):
            longer = units + space + word.units if place > begin else word.units
            if longer / 1000 * size > width:
                if place == begin or word.units / 1000 * size > width:
                    return None
                broken.append(" ".join(words[begin:place]))
                begin, longer = place, word.units
            units = longer
        broken.append(" ".join(words[begin:]))
        return broken

    def _tokens(self, text: str, style: Style, *, size: float, widest: float) -> Sequence[str]:
        """What is never broken, except for words that are too wide."""
        whole = tokens(text)
        parts = [syllables(token) for token in whole]
        if len(whole) == sum(map(len, parts)):
            return whole
        return [
            each
            for token, apart in zip(whole, parts, strict=True)
            for each in (apart if self._width(token, style, size) > widest else [token])
        ]


def _has_plain_words(text: str, style: Style) -> bool:
    """Whether a text breaks at single spaces only, and its width is that of its words."""
    if style.from_right or style.tracking_em or breaks_elsewhere(text):
        return False
    return text.isascii() or RIGHT_TO_LEFT.search(text) is None


def _fit_lines(lines: Sequence[SetLine], style: Style, size: float) -> Fitted:
    leading = size * style.leading
    return Fitted(tuple(lines), size, leading, ascent(size, leading), leading * len(lines))


def ascent(size: float, leading: float) -> float:
    """Distance from the top of a line to its baseline."""
    return size * 0.74 + (leading - size) / 2


def _merge_runs(words: Sequence[Word], first: str) -> list[Run]:
    """Merge words, and spaces in the first font between them, into runs of one font each."""
    runs: list[Run] = []
    for place, word in enumerate(words):
        for run in (Run(first, b"(\0 )"), *word.runs) if place else word.runs:
            last = runs[-1] if runs else None
            if last is not None and last.name == run.name:
                runs[-1] = last._replace(shown=last.shown + run.shown)
            else:
                runs.append(run)
    return runs


def _line_count(height: float, leading: float) -> int:
    return int((height + 0.01) / leading)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
