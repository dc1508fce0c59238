"""What colours are printed with: light for screens, or inks of a press.

Layouts say colours as `#rrggbb`. Each kind of inks turns them into operators of a PDF page. On a
press, greys are the black ink alone, and those as dark as text are solid: screened letters have
fuzzy edges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from service.engine.render.pdf import name_object
from service.engine.render.printing_condition import Cmyk, Pixel, PrintingCondition

Rgb = tuple[float, float, float]
"""Red, green and blue, each from 0 to 1."""
_SOLID_BELOW = 0.5
"""Greys darker than this are solid black on a press: those of texts, not those of grounds."""
_SPOT_RESOURCE = b"Spot"
_LEAST_DARKNESS = 0.01


class Inks(Protocol):
    """Turns colours into operators."""

    @property
    def black(self) -> bytes:
        """The fill operator of bars and modules, which must be solid."""

    @property
    def spaces(self) -> Mapping[bytes, bytes]:
        """The colour spaces that operators name, as PDF objects."""

    def fill(self, colour: Rgb) -> bytes:
        """The fill operator of a colour."""

    def __hash__(self) -> int:
        """Layouts are kept by their inks."""

    def tuned(self, colours: Mapping[str, Rgb]) -> "Inks":
        """The inks for the colours of one layout, by their names."""


def rgb_of(text: str) -> Rgb:
    """A `#rrggbb` colour."""
    red, green, blue = (value / 255 for value in bytes.fromhex(text.removeprefix("#")))
    return red, green, blue


def pen(fill: bytes) -> bytes:
    """The stroke operator of the same colour as a fill operator."""
    *operands, operator = fill.split(b" ")
    if operator == b"scn":
        name, _, *tint = operands
        return b" ".join((name, b"CS", *tint, b"SCN"))
    return b" ".join((*operands, operator.upper()))


@dataclass(frozen=True, slots=True)
class ScreenInks:
    """Red, green and blue light; greys as the one grey channel."""

    black: bytes = b"0 g"
    spaces: Mapping[bytes, bytes] = field(default_factory=dict, hash=False)

    def fill(self, colour: Rgb) -> bytes:
        """A grey, or red, green and blue."""
        if _is_grey(colour):
            return b"%.3g g" % colour[0]
        return b"%.3g %.3g %.3g rg" % colour

    def tuned(self, colours: Mapping[str, Rgb]) -> "ScreenInks":  # noqa: ARG002
        """The same for all layouts."""
        return self


SCREEN = ScreenInks()


@dataclass(frozen=True, slots=True)
class ProcessInks:
    """Cyan, magenta, yellow and black, by a printing condition or by the retailer's own recipes."""

    condition: PrintingCondition
    recipes: tuple[tuple[Pixel, Cmyk], ...] = ()
    black: bytes = b"0 0 0 1 k"
    spaces: Mapping[bytes, bytes] = field(default_factory=dict, hash=False)

    def fill(self, colour: Rgb) -> bytes:
        """Cyan, magenta, yellow and black."""
        return b"%b k" % _shares(self.share_of(colour))

    def share_of(self, colour: Rgb) -> Cmyk:
        """The percentage of each ink in a colour."""
        recipe = dict(self.recipes).get(_in_bytes(colour))
        if recipe is not None:
            return recipe
        if _is_grey(colour):
            return 0, 0, 0, _grey_percent(colour)
        return self.condition.share_of(_in_bytes(colour))

    def tuned(self, colours: Mapping[str, Rgb]) -> "ProcessInks":  # noqa: ARG002
        """The same for all layouts."""
        return self


@dataclass(frozen=True, slots=True)
class BlackInk:
    """The black ink alone; a colour is as dark as its grey."""

    black: bytes = b"0 0 0 1 k"
    spaces: Mapping[bytes, bytes] = field(default_factory=dict, hash=False)

    def fill(self, colour: Rgb) -> bytes:
        """Black, or a tint of it."""
        return b"%b k" % _shares((0, 0, 0, _grey_percent(colour)))

    def tuned(self, colours: Mapping[str, Rgb]) -> "BlackInk":  # noqa: ARG002
        """The same for all layouts."""
        return self


@dataclass(frozen=True, slots=True)
class SpotInks:
    """Black and one ink of the retailer's own: every colour is a tint of that ink.

    `solid` is the colour that the full ink has, the layout's `accent` unless told otherwise.
    """

    name: str
    process: ProcessInks
    solid: Rgb = (0, 0, 0)
    black: bytes = b"0 0 0 1 k"

    @property
    def spaces(self) -> Mapping[bytes, bytes]:
        """The spot ink, with the process inks that stand in for it on other devices."""
        definition = (
            b"[/Separation%b/DeviceCMYK<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[%b]/N 1>>]"
        )
        solid = _shares(self.process.share_of(self.solid))
        return {_SPOT_RESOURCE: definition % (name_object(self.name), solid)}

    def fill(self, colour: Rgb) -> bytes:
        """A tint of the spot ink, or of black for a grey."""
        if _is_grey(colour):
            return b"%b k" % _shares((0, 0, 0, _grey_percent(colour)))
        full = max(_LEAST_DARKNESS, 1 - _brightness(self.solid))
        tint = min(1.0, (1 - _brightness(colour)) / full)
        return b"/%b cs %.2g scn" % (_SPOT_RESOURCE, tint)

    def tuned(self, colours: Mapping[str, Rgb]) -> "SpotInks":
        """With the accent of a layout, or else its darkest colour, as the full ink."""
        coloured = [each for each in colours.values() if not _is_grey(each)]
        darkest = min(coloured, key=_brightness, default=(0, 0, 0))
        accent = colours.get("accent", darkest)
        return replace(self, solid=darkest if _is_grey(accent) else accent)


def _shares(percents: Cmyk) -> bytes:
    return b"%.3g %.3g %.3g %.3g" % tuple(each / 100 for each in percents)


def _is_grey(colour: Rgb) -> bool:
    return colour[0] == colour[1] == colour[2]


def _grey_percent(colour: Rgb) -> float:
    brightness = _brightness(colour)
    return 100 if brightness < _SOLID_BELOW else round(100 * (1 - brightness))


def _brightness(colour: Rgb) -> float:
    """Luma of a colour, from 0 to 1 (ITU-R BT.601, as the luminance of a JPEG)."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _in_bytes(colour: Rgb) -> Pixel:
    red, green, blue = (round(255 * value) for value in colour)
    return red, green, blue
