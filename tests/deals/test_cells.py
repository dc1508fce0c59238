"""Single cells: numbers, dates and GTINs as people and spreadsheets write them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.deals.columns import COLUMNS, column_named
from service.deals.gtins import GtinReader, read_gtins
from service.deals.numbers import decimals_of, read_money, read_number
from service.engine.codes import check_digit
from service.files.cell import Cell
from service.files.dates import Order, find_order, read_day
from service.files.headers import plain

NO_EVIDENCE = decimals_of([])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"), ("1.00", "1.00"), ("$1,234.50", "1234.50"), ("1.234,50 €", "1234.50"),
        ("1 234,50", "1234.50"), ("1\u00a0234,5", "1234.5"), ("1'234.50", "1234.50"),
        ("1’234’567", "1234567"), ("1,234,567", "1234567"), ("1.234.567", "1234567"),
        ("USD 5", "5"), ("5 kr", "5"), ("￥5".replace("￥", "¥"), "5"), ("20%", "20"),
        ("12,5 %", "12.5"), (".50", "0.50"), (",5", "0.5"), ("-,5", "-0.5"), ("5.", "5"),
        ("0.125", "0.125"), ("1,234", "1234"), ("1.234", "1234"), ("0,125", "0.125"),
        ("1E3", "1000"), ("2.5E-1", "0.25"), ("12,34,567.00", "1234567.00"), ("1,23,456", "123456"),
        ("EUR1.200,00", "1200.00"), ("1200USD", "1200"), ("1.200,- €", "1200"),
        ("1٬234٫50", "1234.50"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, value: str) -> None:
    assert read_number(text, NO_EVIDENCE).value == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "x", "1,2,3", "1.2.3", "12,34.5", "1,234.567,8", "1-2", "½", "1e999", "--1", "$"]
)
def test_what_is_no_number(text: str) -> None:
    cell = read_number(text, NO_EVIDENCE)
    assert (cell.value, cell.detail.endswith("is not a number")) == (None, True)


def test_three_digits_after_a_mark_go_by_the_rest_of_the_file() -> None:
    comma = decimals_of(["0,50"])
    assert read_number("1.234", comma) == Cell(Decimal(1234))
    assert read_number("1,234", comma).detail == "'1,234' may be 1234 or 1.234"
    point = decimals_of(["$1,000.50"])
    assert read_number("1,234", point) == Cell(Decimal(1234))
    assert read_number("1.234", point).detail == "'1.234' may be 1234 or 1.234"
    guessed = read_number("1.234", NO_EVIDENCE)
    assert (guessed.note, guessed.asks) == ("1.234 was read as 1234", True)
    assert not read_number("1,234", NO_EVIDENCE).asks


def test_a_binary_fraction_counts_as_what_it_shows() -> None:
    cell = read_money("3.3000000000000003", NO_EVIDENCE, low=0, high=100)
    assert cell.value == 330
    assert read_money("0.005", NO_EVIDENCE, low=0, high=100).detail.endswith(
        "has more than two decimals"
    )


@given(st.integers(0, 10**9))
def test_an_amount_is_read_back_however_it_is_written(cents: int) -> None:
    whole, rest = divmod(cents, 100)
    grouped = f"{whole:,}.{rest:02d}"
    swiss = grouped.replace(",", "'")
    german = grouped.translate(str.maketrans(",.", ".,"))
    for text in (grouped, swiss, german, f"{whole}.{rest:02d}", f"${grouped}", f"{german} €"):
        decimals = decimals_of([text])
        assert read_money(text, decimals, low=0, high=10**8).value == cents


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-25", "2026/4/25", "2026.04.25", "20260425", "25/04/2026", "25.4.26", "25-04-2026",
        "04/25/2026", "25 April 2026", "25. April 2026", "25 Apr 26", "25-Apr-26", "April 25, 2026",
        "Apr 25 2026", "25th April 2026", "2026年4月25日", "2026-04-25 00:00:00",
        "2026-04-25T00:00:00Z", "4/25/2026 0:00", "46137", "46137.0", "25 avr. 2026", "25 abril 26",
    ],
)  # fmt: skip
def test_dates_as_people_write_them(text: str) -> None:
    assert read_day(text, Order.ASK).value == date(2026, 4, 25)


@pytest.mark.parametrize(
    "text", ["", "x", "31.2.2026", "2026-13-01", "1.1.1999", "1/2", "99999", "25 Foo 2026", "1.1.1"]
)
def test_what_is_no_date(text: str) -> None:
    assert read_day(text, Order.ASK).value is None


def test_what_comes_first_is_told_by_the_whole_file() -> None:
    assert find_order(["03/04/2026", "25/04/2026"], otherwise=Order.ASK).order is Order.DAY_FIRST
    assert find_order(["03/04/2026", "4/25/2026"], otherwise=Order.ASK).order is Order.MONTH_FIRST
    both = find_order(["25/04/2026", "4/25/2026"], otherwise=Order.DAY_FIRST)
    assert (both.order, both.reason) == (
        Order.ASK, "25/04/2026 has the day first, 4/25/2026 the month",
    )  # fmt: skip
    assert find_order(["03/04/2026"], otherwise=Order.DAY_FIRST).order is Order.DAY_FIRST
    assert find_order(["2026-04-03", "3.4.2026"], otherwise=Order.ASK).reason == ""
    assert read_day("03/04/2026", Order.ASK).value is None
    assert read_day("04/04/2026", Order.ASK).value == date(2026, 4, 4)
    assert read_day("03/04/2026", Order.DAY_FIRST).value == date(2026, 4, 3)
    assert read_day("03/04/2026", Order.MONTH_FIRST).value == date(2026, 3, 4)


@given(st.integers(0, 36_000))
def test_every_day_is_read_back_from_its_number_and_its_names(after: int) -> None:
    wanted = date(2000, 1, 1) + timedelta(days=after)
    texts = [str(36526 + after), wanted.isoformat(), f"{wanted:%d.%m.%Y}", f"{wanted:%d %B %Y}"]
    assert [read_day(text, Order.ASK).value for text in texts] == [wanted] * 4


@pytest.mark.parametrize(
    ("text", "found", "noted"),
    [
        ("2000000000015", [2000000000015], False),
        ("2000000000015; 4011 ;", [2000000000015, 4011], False),
        ("2000000000015\n2000000000053", [2000000000015, 2000000000053], False),
        ("2000000000015 2000000000053", [2000000000015, 2000000000053], False),
        ("0 36000 29145 2", [36000291452], False),
        ("2000000000015.0", [2000000000015], False),
        ("'2000000000015", [2000000000015], False),
        ("2.000000000015E+12", [2000000000015], False),
        ("2,000000000015E+12", [2000000000015], False),
        ("36000291452", [36000291452], True),
        ("123457", [123457], True),
    ],
)
def test_gtins_as_spreadsheets_leave_them(text: str, found: list[int], noted: bool) -> None:
    cell = read_gtins(text)
    assert (cell.value, bool(cell.note), cell.detail) == (tuple(found), noted, "")


def test_what_was_read_plainly_is_known_again_and_nothing_else() -> None:
    cells = ("2000000000015;123457", "2000000000015", "2000000000015; 4011", "4011;2000000000015",
             "123457", "4011;;4011", "0004011")  # fmt: skip
    reader = GtinReader()
    for text in (*cells, *cells):
        assert reader.read(text) == read_gtins(text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("1.23E+11", "'1.23E+11' has lost its last digits"),
        ("1,23E+11", "'1.23E+11' has lost its last digits"),
        ("36000291453", "'36000291453' has 11 digits, and is no GTIN without its leading zeros"),
        ("123", "'123' is not a GTIN: a product number has 8, 12, 13 or 14 digits (4 or 5), not 3"),
        ("Milk", "'Milk' is not a GTIN"),
    ],
)
def test_gtins_that_are_lost(text: str, detail: str) -> None:
    assert (read_gtins(text).value, read_gtins(text).detail) == (None, detail)


@given(st.integers(100_000, 10**12), st.integers(0, 9))
def test_zeros_are_only_put_back_where_the_check_digit_proves_it(body: int, last: int) -> None:
    digits = f"{body}{last}"
    cell = read_gtins(digits)
    assert (cell.value == (int(digits),)) == (last == check_digit(str(body)))


def test_every_name_of_a_column_is_one_column_only() -> None:
    for column in COLUMNS:
        for name in (column.name, *column.also):
            assert column_named(name.upper()) == column.name
    assert plain(" Título_de  la-Oferta ") == "titulo de la oferta"
    assert (column_named("Title_DE"), column_named("legal text fr")) == (
        "title_de",
        "legal_text_fr",
    )
    assert column_named("something else") is None
