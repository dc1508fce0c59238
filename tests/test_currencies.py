"""The table of ISO 4217: amounts are printed as they are read back, in every currency."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.currencies import CURRENCIES, minor_digits
from service.deals.numbers import Decimals, decimals_of, read_money
from service.engine.money import _STYLES, decimal_mark, format_money
from service.engine.texts import clean
from service.errors import InvalidInput
from service.files.cell import Cell
from service.settings import Settings
from tests.conftest import CODE, SECRET

NO_MINOR_UNIT = ["XAU", "XAG", "XDR", "XTS", "XXX", "XBA", "XSU", "XUA"]


def test_the_table_is_that_of_iso_4217() -> None:
    assert len(CURRENCIES) == 165
    of = {
        digits: " ".join(sorted(name for name, each in CURRENCIES.items() if each == digits))
        for digits in (0, 3, 4)
    }
    assert of == {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
    assert {CURRENCIES[name] for name in ("HUF", "IDR", "COP", "RSD", "MRU", "MGA")} == {2}
    assert all(len(name) == 3 and name.isalpha() and name.isupper() for name in CURRENCIES)


@pytest.mark.parametrize("name", [*NO_MINOR_UNIT, "usd", "EURO", "", "DEM", "US"])
def test_what_has_no_minor_unit_is_no_currency_here(name: str) -> None:
    with pytest.raises(ValueError, match="no currency"):
        minor_digits(name)
    with pytest.raises(InvalidInput):
        format_money(1, name)
    with pytest.raises(ValidationError, match="no currency"):
        Settings(_env_file=None, secret_key=SECRET, code_key=CODE, currency=name)


@given(
    currency=st.sampled_from(sorted(CURRENCIES)),
    locale=st.sampled_from(sorted(_STYLES)),
    cents=st.integers(-(10**9), 10**9),
)
def test_what_is_printed_is_read_back(currency: str, locale: str, cents: int) -> None:
    printed = format_money(cents, currency, locale)
    digits = minor_digits(currency)
    decimals = Decimals(frozenset(decimal_mark(locale)), currency, digits)
    if digits == 0:
        decimals = Decimals(currency=currency, digits=0)
    assert read_money(clean(printed), decimals, low=-(10**7), high=10**7).value == cents
    plain = f"{Decimal(cents).scaleb(-minor_digits(currency)):f}"
    in_cells = Decimals(digits=digits)
    # As a sheet's numbers are given, which have a point for decimals only.
    plain = re.sub(r"(\.\d{3})$", r"\g<1>0", plain)
    assert read_money(plain, in_cells, low=-(10**7), high=10**7).value == cents


@pytest.mark.parametrize(
    ("text", "digits", "cents", "said"),
    [
        ("100", 0, 100, ""), ("1,500", 0, 1500, "1,500 was read as 1500"),
        ("100.50", 0, None, "has decimals"), ("1.250", 3, 1250, "1.250 was read as 1.250"),
        ("1,250", 3, 1250, "1,250 was read as 1.250"), ("0.0005", 3, None, "more than three"),
        ("1.5", 3, 1500, ""), ("10.0001", 4, 100_001, ""), ("1.005", 2, 100_500, "read as 1005"),
        ("99,999,999,999", 0, None, "is not from 0 to 1,000,000,000"),
    ],
)  # fmt: skip
def test_amounts_have_the_decimals_of_their_currency(
    text: str, digits: int, cents: int | None, said: str
) -> None:
    cell = read_money(text, Decimals(digits=digits), low=0, high=10**7)
    assert cell.value == cents
    assert said in cell.note + cell.detail


def test_a_file_of_three_decimals_says_which_mark_is_which() -> None:
    grouped = Decimals(decimals_of(["1,250.500"]).seen, digits=3)
    assert read_money("1,250", grouped, low=0, high=10**7) == Cell(1_250_000)
    assert read_money("1.250", grouped, low=0, high=10**7) == Cell(1250)
