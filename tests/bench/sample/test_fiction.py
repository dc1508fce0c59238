"""Invented people and brands: each a function of its number, none met twice."""

import pytest

from bench.sample import fiction


def test_every_household_number_of_the_source_has_its_own_card_and_telephone() -> None:
    numbers = range(1, 2501)

    assert len({fiction.phone(number) for number in numbers}) == 2500
    assert len({fiction.card(number) for number in numbers}) == 2500
    with pytest.raises(ValueError, match="no fictional telephone number is left"):
        fiction.phone(fiction.HOUSEHOLD_ID_MAX + 1)


def test_a_household_is_a_function_of_its_number() -> None:
    one = fiction.household(7)

    assert one == fiction.household(7)
    assert (one.household_id, one.card, one.phone) == ("7", "952123400000000079", "+15025550107")
    assert (one.country, one.region, one.language) == ("US", "KY", "en")


def test_brands_of_all_manufacturers_differ() -> None:
    assert len({fiction.brand(number) for number in range(7130)}) == 7130
