"""The colours, fonts and styles that a layout names."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from service.engine.render.box_fields import StyleFields
from service.engine.render.inks import Inks, Rgb, rgb_of
from service.engine.render.layout_fields import LayoutFields
from service.engine.render.parts import Style
from service.engine.render.phrases import Stationery
from service.errors import InvalidInput, Problem

_HEX = re.compile(r"#[0-9a-f]{6}")
_DERIVED = re.compile(r"(?:(on|dark) )?([a-z_]+)(?: ([0-9]{1,3})%)?")
_WHITE, _INK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
_READABLE = 4.5
"""The contrast of text with its ground that WCAG 2.2 asks for (success criterion 1.4.3)."""
_STEPS = 50
_T = TypeVar("_T")


def fault(where: str, detail: str, remedy: str = "") -> InvalidInput:
    """An error that says what is wrong with a layout, and where."""
    problem = Problem(where=where, detail=detail, remedy=remedy)
    return InvalidInput(f"layout: {problem}", [problem])


def look_up(where: str, name: str, known: Mapping[str, _T]) -> _T:
    """The thing of this name. Raises `InvalidInput` if the layout refers to an unknown name."""
    if name not in known:
        raise fault(where, f"is {name!r}", f"use {', '.join(known)}")
    return known[name]


class Styles:
    """The colours as fill operators, the chains of fonts, and the styles made of both."""

    def __init__(self, fields: LayoutFields, stationery: Stationery, inks: Inks) -> None:
        self._fonts = {
            name: _whole_chain(chain, stationery) for name, chain in fields.fonts.items()
        }
        self.fonts = tuple(dict.fromkeys(font for chain in self._fonts.values() for font in chain))
        named = colours(fields.colours)
        self.inks = inks.tuned(named)
        self._colours = {name: self.inks.fill(colour) for name, colour in named.items()}
        self._styles = {name: self._build(name, each) for name, each in fields.styles.items()}

    def style(self, element: str, name: str) -> Style:
        """The style that an element names."""
        return look_up(f"{element}.style", name, self._styles)

    def colour(self, element: str, name: str, key: str = "colour") -> bytes:
        """The colour that an element names, as a fill operator."""
        return look_up(f"{element}.{key}", name, self._colours)

    def _build(self, name: str, fields: StyleFields) -> Style:
        where = f"styles.{name}"
        return Style(
            name=name,
            chain=look_up(f"{where}.font", fields.font, self._fonts),
            size_pt=fields.size_pt,
            shrink_pt=fields.size_pt if fields.shrink_pt is None else fields.shrink_pt,
            leading=fields.leading,
            colour=look_up(f"{where}.colour", fields.colour, self._colours),
            tracking_em=fields.tracking_em,
            upper=fields.upper,
            kern=fields.kern,
        )


def colours(named: Mapping[str, str]) -> dict[str, Rgb]:
    """Named colours.

    A colour is `#rrggbb`, or made of one named before it: `accent 8%` of it on white, `dark accent`
    dark enough for text on white, `on accent` white or ink, whichever is better read on it.
    """
    made: dict[str, Rgb] = {}
    for name, text in named.items():
        made[name] = _rgb(name, text, made)
    return made


def _rgb(name: str, text: str, known: Mapping[str, Rgb]) -> Rgb:
    if _HEX.fullmatch(text):
        return rgb_of(text)
    derived = _DERIVED.fullmatch(text)
    if derived is None or derived[2] not in known or (derived[3] and int(derived[3]) > 100):
        raise fault(
            f"colours.{name}",
            f"{text!r} is no colour",
            "write #rrggbb, or for a colour named before it `NAME 8%`, `dark NAME` or `on NAME`",
        )
    base = known[derived[2]]
    if derived[1] == "on":
        base = max((_WHITE, _INK), key=lambda each: _contrast(each, base))
    elif derived[1] == "dark":
        base = _darkened(base)
    return _mixed(base, _WHITE, int(derived[3]) / 100) if derived[3] else base


def _darkened(rgb: Rgb) -> Rgb:
    for step in range(_STEPS):
        shade = _mixed(rgb, (0.0, 0.0, 0.0), 1 - step / _STEPS)
        if _contrast(shade, _WHITE) >= _READABLE:
            return shade
    return _INK


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _whole_chain(chain: Sequence[str], stationery: Stationery) -> tuple[str, ...]:
    """A chain of fonts, and after it all others for what it lacks, of its own weight first."""
    missing = sorted({*chain} - stationery.faces.keys())
    if missing:
        raise fault("fonts", f"{', '.join(missing)} not found", "see templates/fonts")
    bold = "bold" in chain[0]
    others = sorted(stationery.faces, key=lambda name: ("bold" in name) != bold)
    return tuple(dict.fromkeys([*chain, *others]))
