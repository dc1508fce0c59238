"""What is drawn for goods without a picture."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.content import Pictogram
from service.engine.pictogram_words import PictogramWords

WORDS = json.loads((files("templates") / "pictogram_words.json").read_text(encoding="utf-8"))
SHIPPED = PictogramWords(WORDS)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Iceberg Lettuce", "Salad Vegetables", "Produce"), "produce"),
        (("Dry Cat Food", "Cat Food", "Grocery"), "pet"),
        (("Frozen Vegetables Bag", "Frozen Vegetables", "Grocery"), "frozen"),
        (("Potato Chips", "Bag Snacks", "Grocery"), "snacks"),
        (("Shampoo", "Hair Care", "Health and Home"), "care"),
        (("Zyx 12", "Coffee", "Grocery"), "coffee"),
        (("Vollmilch", "Molkerei", "Kühlregal"), "dairy"),
        (("Weizenmischbrot", "", ""), "bakery"),
        (("Jambon blanc", "", ""), "meat"),
        (("鲜牛奶", "", ""), "dairy"),
        (("Pane integrale", "", ""), "bakery"),
        (("Propane Exchange", "", ""), "generic"),
        (("Succo d’arancia", "", ""), "drinks"),
        (("Frozen Succotash", "", ""), "frozen"),
        (("Coxas de frango", "", ""), "meat"),
        (("豚ひき肉", "", ""), "meat"),
        (("トイレットペーパー", "", ""), "household"),
        (("흰 우유", "", ""), "dairy"),
        (("الحليب الطازج", "", ""), "dairy"),
        (("חלב טרי", "", ""), "dairy"),
        (("นมสดพร่องมันเนย", "", ""), "dairy"),
        (("ขนมปังโฮลวีต", "", ""), "bakery"),
        (("Zyx", "Zyx", "Zyx"), "generic"),
    ],
)
def test_names_of_goods_as_shops_write_them(names: tuple[str, ...], expected: str) -> None:
    assert SHIPPED.of(*names) == expected
    assert SHIPPED.of(*(name.upper() for name in names)) == expected


def test_every_word_is_of_a_known_pictogram_and_every_pictogram_but_two_has_words() -> None:
    assert {Pictogram(name) for name in WORDS} == {*Pictogram} - {"generic", "partner"}


def test_the_retailer_s_own_choice_goes_before_every_word() -> None:
    own = PictogramWords(WORDS, {"Grocery": "household"})
    assert own.of("Milk", "Milk", "grocery") == "household"
    assert own.of("Milk", "Milk", "Produce") == "dairy"


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_names_have_a_pictogram_which_is_that_of_the_first_known_one(a: str, b: str) -> None:
    first = SHIPPED.of(a)
    assert SHIPPED.of(a, b) == (first if first != Pictogram.GENERIC else SHIPPED.of(b))
