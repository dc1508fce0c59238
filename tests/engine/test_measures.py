"""Units by their many names."""

import pytest

from service.engine.measures import parse_units, unit_of
from service.engine.reading import PLAIN, Reading


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("each", "each"), ("EA", "each"), ("ST", "each"), ("PCS", "each"), ("c62", "each"),
        ("", "each"), ("kg", "kg"), ("KGM", "kg"), ("KG", "kg"), ("LBR", "lb"), ("LB", "lb"),
        (" lbs ", "lb"), ("UNECE:GRM", "g"), ("ONZ", "oz"), ("LTR", "l"), ("MLT", "ml"),
        ("Furlong", "furlong"), ("a very long name of a unit", "a very long name"),
        ("a\x00b", "ab"),
    ],
)  # fmt: skip
def test_a_name_is_a_unit_or_stays_itself(name: str, unit: str) -> None:
    assert PLAIN.unit(name) == unit


def test_a_retailer_s_own_names_come_first() -> None:
    others = parse_units("cs=each; PFD = lb;EA=kg;")
    assert [Reading(others=others).unit(name) for name in ("CS", "pfd", "ea", "kg")] == [
        "each", "lb", "kg", "kg"
    ]  # fmt: skip
    assert unit_of("nothing", others) is None


@pytest.mark.parametrize("text", ["CS", "CS=crate", "=each"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not NAME=UNIT with one of each, kg, g, lb, oz, l, ml"):
        parse_units(text)
