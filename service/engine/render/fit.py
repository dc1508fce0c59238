"""Setting text in a box: shrink once, then wrap, then refuse.

Widths are in points. A fitted line is a ready piece of PDF content (font, size, glyphs with
kerning) that only needs a position.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.engine.render.fonts import Face
from service.engine.render.layout import Style

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


class DoesNotFit(Exception):
    """A text is too long for its box even when shrunk and wrapped."""


class MissingGlyph(Exception):
    """No font of the style's chain holds these characters."""

    def __init__(self, characters: Sequence[str]) -> None:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in characters)
        super().__init__(f"no font holds {named}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: content operators and its width."""

    ops: bytes
    width: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of one size; `leading` is the distance between baselines in points."""

    lines: tuple[Line, ...]
    size: float
    leading: float
    ascent: float
    """From the top of the text to its first baseline."""
    height: float


class Typesetter:
    """Encodes and measures text in given faces, and remembers which characters it used."""

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self._faces = faces
        self.resources = {name: b"F%d" % number for number, name in enumerate(faces)}
        self.used: dict[str, set[int]] = {name: set() for name in faces}

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
        text = _BLANKS.sub(" ", text.upper() if style.upper else text)
        runs = self._runs(text.replace("\n", " "), style)
        full = self._width(runs, style, style.size_pt)
        forced = "\n" in text
        if full <= width and not forced:
            return self._fitted([text], style, style.size_pt)
        sizes = [style.size_pt, style.shrink_pt] if flow else [style.shrink_pt]
        if not flow and full * style.shrink_pt / style.size_pt <= width and not forced:
            return self._fitted([text], style, style.shrink_pt)
        if lines > 1 or forced:
            for size in sizes:
                room = lines if height is None else min(lines, _rows(height, size * style.leading))
                broken = self._wrap(text, style, size=size, width=width)
                if broken is not None and len(broken) <= room:
                    if even:
                        broken = self._even(text, style, size=size, width=width, count=len(broken))
                    return self._fitted(broken, style, size)
        rows = "1 line" if lines == 1 else f"{lines} lines"
        raise DoesNotFit(
            f"{_short(text)!r} does not fit {rows} of {width / 72 * 25.4:.1f} mm"
            f" at {style.shrink_pt:g} pt"
        )

    def _fitted(self, texts: Iterable[str], style: Style, size: float) -> Fitted:
        made = tuple(self._line(text, style, size) for text in texts)
        leading = size * style.leading
        ascent = size * 0.74 + (leading - size) / 2
        return Fitted(
            lines=made, size=size, leading=leading, ascent=ascent, height=leading * len(made)
        )

    def _line(self, text: str, style: Style, size: float) -> Line:
        runs = self._runs(text, style)
        ops: list[bytes] = []
        width = 0.0
        for name, run in runs:
            face = self._faces[name]
            self.used[name].update(map(ord, run))
            shown, units = _show(run, face)
            embolden = b""
            if name != style.chain[0] and style.chain[0].endswith(("bold", "semibold")):
                pen = style.colour.replace(b"rg", b"RG").replace(b" g", b" G")
                embolden = b"%b 2 Tr %.3g w " % (pen, size * _BOLDER)
            ops.append(b"/%b %g Tf %b%b" % (self.resources[name], size, embolden, shown))
            if embolden:
                ops.append(b"0 Tr")
            width += units * size / 1000 + style.tracking_em * size * len(run)
        if style.tracking_em:
            ops.insert(0, b"%.3g Tc" % (style.tracking_em * size))
            ops.append(b"0 Tc")
        return Line(ops=b" ".join(ops), width=width)

    def _width(self, runs: Sequence[tuple[str, str]], style: Style, size: float) -> float:
        total = 0.0
        for name, run in runs:
            total += _units(run, self._faces[name]) + 1000 * style.tracking_em * len(run)
        return total * size / 1000

    def _runs(self, text: str, style: Style) -> list[tuple[str, str]]:
        """Cut the text where the font changes. The usual text is one run of the first font."""
        first = self._faces[style.chain[0]].widths
        codes = {*map(ord, text)}
        if first.keys() >= codes:
            return [(style.chain[0], text)]
        runs: list[tuple[str, str]] = []
        missing: dict[str, None] = {}
        for character in text:
            code = ord(character)
            for name in style.chain:
                if code in self._faces[name].widths:
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
            line = ""
            for token in _TOKENS.findall(paragraph):
                longer = line + token
                measured = self._runs(longer.rstrip(" "), style)
                if self._width(measured, style, size) <= width:
                    line = longer
                    continue
                if not line.strip():
                    return None
                broken.append(line.rstrip(" "))
                line = token.lstrip(" ")
                if self._width(self._runs(line, style), style, size) > width:
                    return None
            broken.append(line.rstrip(" "))
        return broken


def _rows(height: float, leading: float) -> int:
    return int((height + 0.01) / leading)


def _units(run: str, face: Face) -> int:
    widths, kerns = face.widths, face.kerns
    codes = [*map(ord, run)]
    total = sum([widths[code] for code in codes])
    if kerns:
        previous = 0
        for code in codes:
            if pair := kerns.get(previous << 16 | code):
                total += pair
            previous = code
    return total


def _show(run: str, face: Face) -> tuple[bytes, int]:
    """The operator that shows a run with kerning, and its width in thousandths."""
    kerns = face.kerns
    pieces: list[bytes] = []
    start = 0
    total = 0
    previous = 0
    for at, code in enumerate(map(ord, run)):
        total += face.widths[code]
        if pair := kerns.get(previous << 16 | code):
            pieces.append(_literal(run[start:at]))
            pieces.append(b"%d" % -pair)
            total += pair
            start = at
        previous = code
    last = _literal(run[start:])
    if not pieces:
        return last + b"Tj", total
    return b"[%b%b]TJ" % (b"".join(pieces), last), total


def _literal(text: str) -> bytes:
    raw = text.encode("utf-16-be")
    raw = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + raw.replace(b"\r", b"\\r") + b")"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
