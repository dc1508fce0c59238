"""How batches are printed, from the settings: the standard, the inks, and the press."""

import re
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from service.engine.render.inks import (
    SCREEN,
    BlackInk,
    Inks,
    ProcessInks,
    SpotInks,
)
from service.engine.render.printing_condition import (
    Cmyk,
    Pixel,
    PrintingCondition,
    condition_from,
)
from service.engine.render.standard import PLAIN, Conformance, Standard, for_press
from service.errors import InvalidInput, Misconfigured, Problem
from service.settings import Settings

_SHIPPED = "fogra39l.icc"
_IDENTIFIER, _INFO = "FOGRA39", "Coated FOGRA39 (ISO 12647-2:2004)"
_REGISTRY = "http://www.color.org"
_RECIPE = re.compile(r"(#[0-9a-f]{6}) *=((?: *[0-9]{1,3}(?:\.[0-9])?\b){4}) *")


def conformance_of(settings: Settings, *, made_on: date) -> Conformance:
    """What the print files of a batch of this day conform to. Raises Misconfigured."""
    standard = Standard(settings.print_profile)
    if not is_for_press(settings):
        return PLAIN if standard is Standard.PLAIN else Conformance(standard)
    return for_press(
        standard,
        condition=_condition_of(settings),
        bleed_mm=settings.print_bleed_mm,
        made_on=made_on,
    )


def inks_of(settings: Settings) -> Inks:
    """The inks that batches are printed with. Raises Misconfigured."""
    if not is_for_press(settings):
        return SCREEN
    if settings.print_inks == "black":
        return BlackInk()
    process = ProcessInks(_condition_of(settings), _recipes(settings.print_colours))
    if settings.print_inks == "process":
        return process
    if not settings.print_spot.strip():
        raise _misconfigured("LARDER_PRINT_SPOT", "is empty", "name the spot ink")
    return SpotInks(settings.print_spot.strip(), process)


def is_for_press(settings: Settings) -> bool:
    """Whether batches are printed in inks."""
    return settings.print_profile in ("x4", "vt1")


def _condition_of(settings: Settings) -> PrintingCondition:
    if settings.print_condition is None:
        return _shipped_condition()
    return _condition_in(settings.print_condition)


@lru_cache(maxsize=1)
def _shipped_condition() -> PrintingCondition:
    folder = files("templates") / "press"
    return condition_from(
        (folder / _SHIPPED).read_bytes(),
        srgb=(folder / "srgb.icc").read_bytes(),
        identifier=_IDENTIFIER,
        info=_INFO,
        registry=_REGISTRY,
    )


def _condition_in(path: Path) -> PrintingCondition:
    try:
        return condition_from(path.read_bytes(), srgb=_shipped_condition().srgb)
    except OSError as error:
        raise _misconfigured(
            "LARDER_PRINT_CONDITION", f"{path} cannot be read: {error.strerror}", "give a file"
        ) from None
    except InvalidInput as error:
        (problem,) = error.problems
        raise _misconfigured(
            "LARDER_PRINT_CONDITION", f"{path} {problem.detail}", problem.remedy
        ) from None


def _recipes(text: str) -> tuple[tuple[Pixel, Cmyk], ...]:
    recipes: list[tuple[Pixel, Cmyk]] = []
    for part in filter(None, map(str.strip, text.split(";"))):
        found = _RECIPE.fullmatch(part)
        shares = [float(each) for each in found[2].split()] if found else []
        if found is None or max(shares) > 100:
            raise _misconfigured(
                "LARDER_PRINT_COLOURS",
                f"{part!r} is no colour with four percentages",
                "write #1f5138=85 20 70 50",
            )
        cyan, magenta, yellow, black = shares
        red, green, blue = bytes.fromhex(found[1][1:])
        recipes.append(((red, green, blue), (cyan, magenta, yellow, black)))
    return tuple(recipes)


def _misconfigured(where: str, detail: str, remedy: str) -> Misconfigured:
    problem = Problem(where, detail, remedy)
    return Misconfigured(str(problem), [problem])
