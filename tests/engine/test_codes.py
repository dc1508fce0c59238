"""Check digits, list codes as scanners deliver them, product numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.codes import (
    ListCode,
    check_digit,
    gcn,
    gtin,
    gtin_text,
    list_code,
    parse_list_code,
)
from service.errors import InvalidInput

CODE = "2559521234000013000000000042"
PARSED = ListCode(gcn="9521234000013", serial="000000000042")
digits = st.text("0123456789", min_size=1, max_size=17)


@pytest.mark.parametrize(
    ("body", "expected"),
    [("952123400001", 3), ("629104150021", 3), ("03600029145", 2), ("9638507", 4), ("0", 0)],
)
def test_check_digits_of_published_examples(body: str, expected: int) -> None:
    assert check_digit(body) == expected


@given(digits)
def test_weighted_sum_with_check_digit_is_zero_modulo_ten(body: str) -> None:
    number = body + str(check_digit(body))
    weighted = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(number)))
    assert weighted % 10 == 0


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(body: str, place: int, shift: int) -> None:
    number = gcn(body)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(InvalidInput, match="check digit"):
        list_code(wrong, "000000000042")


def test_list_code_is_ai_coupon_number_and_serial() -> None:
    assert list_code(gcn("952123400001"), "000000000042") == CODE
    assert str(PARSED) == CODE


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"]C1{CODE}",
        f"]c1{CODE}",
        f"\x1d{CODE}",
        f"]C1\x1d{CODE}\x1d",
        f"<GS>{CODE}",
        f"<FNC1>{CODE}",
        "(255)9521234000013000000000042",
        " (255) 9521234000013 000000000042\r\n",
        "255 9521 2340 0001 3000 0000 0004 2",
        "https://id.example.org/255/9521234000013000000000042",
        "https://example.org/shop/255/9521234000013000000000042?17=261231",
    ],
)
def test_every_form_a_scanner_or_keyboard_delivers(text: str) -> None:
    assert parse_list_code(text) == PARSED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "digits"),
        ("255", "28 digits, not 3"),
        (CODE[:-1], "28 digits, not 27"),
        (CODE + "0", "28 digits, not 29"),
        ("414" + CODE[3:], "starts with 255"),
        ("2559521234000014000000000042", "check digit should be 3"),
        (CODE + "\x1d17261231", "digits"),
        ("255952123400001300000000004٢", "digits"),
        ("255(9521234000013)000000000042", "digits"),
    ],
)
def test_what_is_not_a_list_code_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        parse_list_code(text)
    assert not text or text not in caught.value.detail


@given(
    st.text("0123456789", min_size=12, max_size=12), st.text("0123456789", min_size=12, max_size=12)
)
def test_codes_survive_the_round_trip(prefix: str, serial: str) -> None:
    code = list_code(gcn(prefix), serial)
    assert len(code) == 28
    assert str(parse_list_code(f"]C1{code}")) == code


@pytest.mark.slow
@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for read in (parse_list_code, gtin):
        try:
            read(text)
        except InvalidInput:
            continue


@pytest.mark.parametrize("serial", ["", "42", "0000000000042", "00000000004x"])
def test_list_code_wants_twelve_digits_of_serial(serial: str) -> None:
    with pytest.raises(InvalidInput):
        list_code("9521234000013", serial)


@pytest.mark.parametrize("prefix", ["", "95212340000", "9521234000013", "95212340000x"])
def test_coupon_number_wants_twelve_digits(prefix: str) -> None:
    with pytest.raises(InvalidInput):
        gcn(prefix)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("96385074", 96385074),
        ("036000291452", 36000291452),
        ("0036000291452", 36000291452),
        ("00036000291452", 36000291452),
        ("6291041500213", 6291041500213),
        (" 6291041500213 ", 6291041500213),
        ("4011", 4011),
        ("94011", 94011),
        ("04011", 4011),
    ],
)
def test_product_numbers_become_one_key(text: str, key: int) -> None:
    assert gtin(text) == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6291041500214", "check digit is 4 and should be 3"),
        ("123456", "not 6"),
        ("123456789012345", "not 15"),
        ("00000000", "not zero"),
        ("0000000004018", "PLU"),
        ("-4011", "digits"),
        ("", "digits"),
        ("4011.0", "digits"),
    ],
)
def test_wrong_product_numbers_are_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        gtin(text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (4011, "4011"),
        (94011, "94011"),
        (96385074, "96385074"),
        (36000291452, "0036000291452"),
        (6291041500213, "6291041500213"),
        (16291041500210, "16291041500210"),
    ],
)
def test_product_key_is_written_with_its_customary_digits(key: int, text: str) -> None:
    assert gtin_text(key) == text


@pytest.mark.parametrize("key", [0, -4011, 10**14])
def test_key_out_of_range_is_refused(key: int) -> None:
    with pytest.raises(InvalidInput):
        gtin_text(key)


@given(st.integers(10_000, 10**13 - 1))
def test_key_survives_being_written_and_read(body: int) -> None:
    key = body * 10 + check_digit(str(body))
    assert gtin(gtin_text(key)) == key
