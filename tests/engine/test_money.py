"""Splitting, percents, and money as customers read it."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.engine.money import basis_points_off, format_money, percent_off, spread
from service.errors import InvalidInput

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (200, [299, 199], [120, 80]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (5, [0, 7, 0], [0, 5, 0]),
        (7, [1, 2, 4], [1, 2, 4]),
    ],
)
def test_spread_by_largest_remainder(total: int, parts: list[int], expected: list[int]) -> None:
    assert spread(total, parts) == expected


@pytest.mark.parametrize(("total", "parts"), [(1, []), (1, [0, 0]), (5, [3, -1]), (0, [1, -1])])
def test_spread_refuses_what_cannot_carry_the_sum(total: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        spread(total, parts)


@given(st.integers(-100_000, 100_000), weights)
def test_parts_sum_to_the_whole_and_stay_within_one_of_their_share(
    total: int, parts: list[int]
) -> None:
    assume(sum(parts) > 0)
    given_parts = spread(total, parts)
    assert sum(given_parts) == total
    for part, weight in zip(given_parts, parts, strict=True):
        assert abs(part - Fraction(total * weight, sum(parts))) < 1


@given(st.data(), weights)
def test_no_part_exceeds_its_weight_when_the_sum_does_not(
    data: st.DataObject, parts: list[int]
) -> None:
    assume(sum(parts) > 0)
    total = data.draw(st.integers(0, sum(parts)))
    assert all(0 <= a <= b for a, b in zip(spread(total, parts), parts, strict=True))


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [
        (250, 25, 63),
        (249, 50, 125),
        (1, 50, 1),
        (1, 49, 0),
        (199, Decimal("12.5"), 25),
        (199, 100, 199),
        (199, 0, 0),
        (-250, 25, -63),
    ],
)
def test_percent_rounds_half_up(amount: int, percent: int | Decimal, expected: int) -> None:
    assert percent_off(amount, percent) == expected


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_percent_is_the_exact_value_rounded(amount: int, basis_points: int) -> None:
    exact = Fraction(amount * basis_points, 10_000)
    assert basis_points_off(amount, basis_points) == floor(exact + Fraction(1, 2))


def test_percent_wants_an_exact_number_of_two_decimals() -> None:
    with pytest.raises(TypeError, match="Decimal"):
        percent_off(100, 12.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two decimals"):
        percent_off(100, Decimal("12.345"))


@pytest.mark.parametrize(
    ("cents", "currency", "locale", "expected"),
    [
        (123450, "USD", "en-US", "$1,234.50"),
        (123450, "USD", "en_US", "$1,234.50"),
        (5, "USD", "en", "$0.05"),
        (-150, "USD", "en", "-$1.50"),
        (123450, "EUR", "de", "1.234,50\u00a0€"),
        (-99, "EUR", "de-DE", "-0,99\u00a0€"),
        (123450, "CHF", "de-CH", "CHF\u00a01’234.50"),
        (123450, "EUR", "fr-FR", "1\u202f234,50\u00a0€"),
        (123450, "EUR", "nl", "€\u00a01.234,50"),
        (1234, "JPY", "en", "¥1,234"),
        (1234, "KWD", "en", "KWD\u00a01.234"),
        (100, "PLN", "pl", "1,00\u00a0zł"),
        (123456789, "GBP", "en-GB", "£1,234,567.89"),
        (123450, "EUR", "el", "1.234,50\u00a0€"),
        (123450, "RUB", "ru", "1\u00a0234,50\u00a0₽"),
        (123450, "UAH", "uk", "1\u00a0234,50\u00a0₴"),
        (123450, "CNY", "zh-CN", "¥1,234.50"),
        (-123450, "ILS", "he", "\u200f\u200e-1,234.50\u00a0\u200f₪"),
        (123450, "EGP", "ar", "\u200f1,234.50\u00a0\u200fج.م"),
        (123450, "EGP", "ar-EG", "\u200f1,234.50\u00a0\u200fج.م"),
        (123450, "EGP", "he", "\u200f1,234.50\u00a0\u200fEGP"),
        (1234500, "KWD", "ar", "\u200f1,234.500\u00a0\u200fد.ك"),
    ],
)
def test_money_as_customers_read_it(cents: int, currency: str, locale: str, expected: str) -> None:
    assert format_money(cents, currency, locale) == expected


@pytest.mark.parametrize(("currency", "locale"), [("usd", "en"), ("US", "en"), ("USD", "tlh")])
def test_unknown_currency_form_or_language_is_refused(currency: str, locale: str) -> None:
    with pytest.raises(InvalidInput):
        format_money(1, currency, locale)
