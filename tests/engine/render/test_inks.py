"""Inks: the settings of a press, and what a colour becomes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.render.inks import BlackInk, ProcessInks, ScreenInks, SpotInks, pen, rgb_of
from service.engine.render.standard import Conformance, Standard
from service.errors import Misconfigured
from service.files.print_setup import conformance_of, inks_of
from tests.engine.render.press import DAY, setup


@pytest.mark.parametrize("name", ["PANTONE 279 C", "HKS 57/K (matt)", "Grün #1 100%", "墨"])
def test_a_spot_ink_keeps_its_name(name: str) -> None:
    inks = inks_of(setup("x4, spot", print_spot=name)).tuned({"accent": rgb_of("#1f5138")})
    (definition,) = inks.spaces.values()
    assert str(pikepdf.Object.parse(definition)[1]) == f"/{name}"


@pytest.mark.parametrize(
    ("given_settings", "problem"),
    [
        (
            {"print_condition": Path("none.icc")},
            "PRINT_CONDITION: none.icc cannot be read: No such",
        ),
        (
            {"print_condition": Path("templates/press/srgb.icc")},
            "srgb.icc is no output profile .give the ICC profile of a CMYK press",
        ),
        ({"print_condition": Path("pyproject.toml")}, "pyproject.toml is no ICC profile"),
        ({"print_inks": "spot"}, "LARDER_PRINT_SPOT: is empty .name the spot ink"),
        ({"print_colours": "#1f5138=85 20 70"}, "'#1f5138=85 20 70' is no colour with four"),
        ({"print_colours": "#1f5138=85 20 70 101"}, "is no colour with four percentages"),
        ({"print_colours": "green=85 20 70 10"}, "LARDER_PRINT_COLOURS: 'green=85"),
    ],
)
def test_a_wrong_setting_of_the_press_is_named(
    given_settings: dict[str, Any], problem: str
) -> None:
    settings = setup("x4", **given_settings)
    with pytest.raises(Misconfigured, match=problem):
        (inks_of(settings), conformance_of(settings, made_on=DAY))


def test_a_press_may_have_a_profile_of_its_own() -> None:
    settings = setup("x4", print_condition=Path("templates/press/fogra39l.icc"))
    condition = conformance_of(settings, made_on=DAY).condition
    assert condition is not None
    assert (condition.identifier, condition.info) == ("Custom", "Larder FOGRA39L coated")
    assert condition.registry == ""


COLOURS = st.tuples(*[st.floats(0, 1)] * 3)
INKS: Sequence[Any] = (
    ScreenInks(),
    BlackInk(),
    inks_of(setup("x4")),
    inks_of(setup("x4, spot")).tuned({"accent": rgb_of("#1f5138")}),
)


@given(COLOURS)
def test_every_colour_has_inks_in_range_and_a_pen_of_the_same(colour: tuple[float, ...]) -> None:
    for inks in INKS:
        fill, stroke = inks.fill(colour).split(), pen(inks.fill(colour)).split()
        shares = [float(each) for each in fill if each[:1].isdigit()]
        assert all(0 <= share <= 1 for share in shares)
        assert stroke[-1] == fill[-1].upper()
        assert [float(each) for each in stroke if each[:1].isdigit()] == shares


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_darker_grey_has_no_less_black_and_no_other_ink(one: float, other: float) -> None:
    light, dark = max(one, other), min(one, other)
    for inks in INKS[1:]:
        *others, less = (float(each) for each in inks.fill((light,) * 3).split()[:4])
        more = float(inks.fill((dark,) * 3).split()[3])
        assert less <= more
        assert not any(others)


def test_kinds_of_inks_are_told_apart_by_what_they_are_made_of() -> None:
    assert inks_of(setup("x4")) == inks_of(setup("vt1", print_colours=""))
    assert inks_of(setup("x4")) != inks_of(setup("vt1"))
    assert isinstance(inks_of(setup("x4")), ProcessInks)
    spot = inks_of(setup("x4, spot"))
    assert isinstance(spot, SpotInks)
    assert spot.tuned({"ink": (0.1, 0.1, 0.1), "leaf": (0, 0.4, 0)}).solid == (0, 0.4, 0)
    assert conformance_of(setup("ua1"), made_on=DAY) == Conformance(Standard.UA1)
