"""Readable words for what the data abbreviates."""

import pytest

from bench.sample import wording


def test_reduced_words_become_readable_ones() -> None:
    assert wording.plain("FRZN BRD WHOLE FILLETS") == "Frozen Breaded Whole Fillets"
    assert wording.plain("SPICES & SEASONINGS") == "Spices and Seasonings"
    assert wording.plain("CANDY BARS (SINGLES)(INCLUDING") == "Candy Bars"


def test_items_stay_apart_when_their_names_would_coincide() -> None:
    names = wording.item_names([("MADE UP (A)", "SOUP"), ("MADE UP (B)", "SOUP"), ("MADE UP", "X")])

    assert names == {
        "MADE UP": "Made Up",
        "MADE UP (A)": "Made Up (Soup)",
        "MADE UP (B)": "Made Up (Soup) 2",
    }


@pytest.mark.parametrize(
    ("text", "department", "expected"),
    [
        ("16 OZ", "GROCERY", "16 oz"),
        ("1 GA", "GROCERY", "1 gal"),
        ("4/4 OZ", "GROCERY", "4 x 4 oz"),
        ("L      8 OZ", "GROCERY", "8 oz"),
        (".75 OZ", "GROCERY", "0.75 oz"),
        ("40 LB", "PRODUCE", None),
        ("36 CT", "PRODUCE", None),
        ("36 CT", "GROCERY", "36 ct"),
        ("10 LB", "GROCERY", "10 lb"),
        ("405.6 OZ", "GROCERY", None),
        ("974246  PK", "GROCERY", None),
        ("CTN", "PRODUCE", None),
        (None, "GROCERY", None),
    ],
)
def test_package_sizes_are_those_a_shopper_sees(
    text: str | None, department: str, expected: str | None
) -> None:
    assert wording.package_size(text, department) == expected
