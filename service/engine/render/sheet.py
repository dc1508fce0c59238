"""Pages of business documents, drawn from their top: texts, rules and boxes in points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.engine.render.fit import SetLine, TooLarge, Typesetter
from service.engine.render.fonts import Face
from service.engine.render.parts import Style
from service.engine.render.scripts import runs_right_to_left
from service.engine.render.shaping import MissingGlyph

INK, SOFT = b"0.1 g", b"0.38 g"
A4 = (595.28, 841.89)
LETTER = (612.0, 792.0)
_LETTER_COUNTRIES = frozenset(
    ["US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "SV", "VE"]
)
_MOST_LINES = 40
_UNKNOWN = "?"


def paper_of(country: str) -> tuple[float, float]:
    """The size of paper in a country (ISO 3166), in points."""
    return LETTER if country in _LETTER_COUNTRIES else A4


@dataclass(frozen=True, slots=True)
class Texts:
    """The styles of a document in one language."""

    title: Style
    heading: Style
    body: Style
    strong: Style
    small: Style
    cell: Style
    strong_cell: Style

    @staticmethod
    def of(faces: Mapping[str, Face], language: str) -> "Texts":
        """The styles; fonts follow the regular and the semibold text face, by weight."""
        regular = _chain(faces, language, bold=False)
        bold = _chain(faces, language, bold=True)
        from_right = runs_right_to_left(language)
        plain = Style(
            "body", regular, 9, 8, 1.35, INK, 0, upper=False, kern=True, from_right=from_right
        )
        return Texts(
            title=replace(plain, name="title", chain=bold, size_pt=20, shrink_pt=14, leading=1.15),
            heading=replace(plain, name="heading", chain=bold, size_pt=11, shrink_pt=9.5),
            body=plain,
            strong=replace(plain, name="strong", chain=bold),
            small=replace(plain, name="small", size_pt=7.5, shrink_pt=7, colour=SOFT),
            cell=replace(plain, name="cell", size_pt=8.5, shrink_pt=7),
            strong_cell=replace(plain, name="strong_cell", chain=bold, size_pt=8.5, shrink_pt=7),
        )


def _chain(faces: Mapping[str, Face], language: str, *, bold: bool) -> tuple[str, ...]:
    text = ("larder-sans-semibold",) if bold else ("larder-sans-regular",)
    japanese = ("larder-kanji-regular",) if language.startswith("ja") else ()
    others = sorted(faces, key=lambda name: (("bold" in name) != bold, "serif" in name, name))
    return tuple(dict.fromkeys((*text, *japanese, *others)))


class Sheet:
    """Pages of one size; `y` is counted from the top of the page."""

    def __init__(self, faces: Mapping[str, Face], size: tuple[float, float]) -> None:
        self.width, self.height = size
        self.typesetter = Typesetter(faces)
        self.pages: list[list[bytes]] = []

    def add_page(self) -> None:
        """Begin a page; what is drawn from now on is on it."""
        self.pages.append([])

    def text(
        self,
        text: str,
        style: Style,
        *,
        x: float,
        y: float,
        width: float,
        align: str = "left",
        page: int = -1,
    ) -> float:
        """Set a text below `y`, wrapped at `width`, and return its height.

        A word that is too wide is broken, and a character of no font is printed as `?`: nothing of
        a document may get lost.
        """
        lines, size, leading = self._fit(text, style, width)
        right = align == "right" or (style.from_right and align != "start")
        ops = self.pages[page]
        ops.append(style.colour)
        for place, line in enumerate(lines):
            left = x + width - line.width if right else x
            base = self.height - y - place * leading - (leading - size) / 2 - size * 0.74
            ops.append(b"BT 1 0 0 1 %.2f %.2f Tm %b ET" % (left, base, line.ops))
        return len(lines) * leading

    def cells(self, texts: Sequence[str], style: Style, *, ends: Sequence[float], y: float) -> None:
        """Set short texts of one line, each ending at its place: the numbers of a row."""
        ops = self.pages[-1]
        ops.append(style.colour)
        size = style.size_pt
        base = self.height - y - size * (style.leading - 1) / 2 - size * 0.74
        for text, end in zip(texts, ends, strict=True):
            if text:
                line = self.typesetter.code_line(text, style)
                ops.append(b"BT 1 0 0 1 %.2f %.2f Tm %b ET" % (end - line.width, base, line.ops))

    def height_of(self, text: str, style: Style, width: float) -> float:
        """The height of a text wrapped at a width."""
        lines, _, leading = self._fit(text, style, width)
        return len(lines) * leading

    def rule(
        self, *, x: float, y: float, width: float, weight: float = 0.5, grey: float = 0.7
    ) -> None:
        """Draw a line from left to right."""
        at = self.height - y
        self.pages[-1].append(
            b"%.3g G %.3g w %.2f %.2f m %.2f %.2f l S" % (grey, weight, x, at, x + width, at)
        )

    def box(self, *, x: float, y: float, width: float, height: float, grey: float = 0.955) -> None:
        """Fill a rectangle below `y`."""
        self.pages[-1].append(
            b"%.3g g %.2f %.2f %.2f %.2f re f" % (grey, x, self.height - y - height, width, height)
        )

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *, colour: bytes, weight: float
    ) -> None:
        """Draw a line between two points; `colour` sets that of strokes (`0.2 G`)."""
        points = (start[0], self.height - start[1], end[0], self.height - end[1])
        self.pages[-1].append(b"%b %.3g w %.2f %.2f m %.2f %.2f l S" % (colour, weight, *points))

    def shape(self, points: Sequence[tuple[float, float]], *, colour: bytes) -> None:
        """Fill a shape with straight sides; `colour` sets that of fillings (`0.2 g`)."""
        (x, y), *rest = ((x, self.height - y) for x, y in points)
        sides = b" ".join(b"%.2f %.2f l" % each for each in rest)
        self.pages[-1].append(b"%b %.2f %.2f m %b f" % (colour, x, y, sides))

    def _fit(self, text: str, style: Style, width: float) -> tuple[Sequence[SetLine], float, float]:
        try:
            single = self.typesetter.single_line(text, style, width)
            if single is not None:
                return (single,), style.size_pt, style.size_pt * style.leading
            fitted = self.typesetter.fit(text, style, width=width, lines=_MOST_LINES, flow=True)
        except MissingGlyph as error:
            return self._fit(
                text.translate({ord(each): _UNKNOWN for each in error.characters}), style, width
            )
        except TooLarge:
            return self._fit(_broken(text), style, width)
        return fitted.lines, fitted.size, fitted.leading


def _broken(text: str) -> str:
    """The text with its longest word broken in two."""
    words = text.split(" ")
    place = max(range(len(words)), key=lambda each: len(words[each]))
    longest = words[place]
    if len(longest) < 2:
        raise ValueError("a page is too narrow for its text")
    words[place] = f"{longest[: len(longest) // 2]} {longest[len(longest) // 2 :]}"
    return " ".join(words)
