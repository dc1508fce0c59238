"""Cards and phones: one first form however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine import codes
from service.engine.identities import forms

GSRN = "952123400000000017"


def texts(kind: str, value: str, country: str = "") -> list[str]:
    return [form.text for form in forms(kind, value, country=country)]


@pytest.mark.parametrize(
    "written",
    [
        GSRN,
        "9521 2340 0000 0000 17",
        f"]C1\x1d8018{GSRN}",
        f"]C18018{GSRN}",
        f"]C0{GSRN}",
        f"(8018){GSRN}",
        f"]C1(8018){GSRN}(8019)12",
        f"8018{GSRN}",
        f"8018{GSRN}\x1d80191",
        f"<FNC1>8018{GSRN}",
        f"https://id.example.com/8018/{GSRN}?x=1",
    ],
)
def test_a_card_is_known_by_its_number_however_it_is_scanned(written: str) -> None:
    found = texts("card", written)
    assert found[:2] == [GSRN, f"8018{GSRN}"]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("412345678903", ["412345678903", "0412345678903"]),
        ("0412345678903", ["412345678903", "0412345678903"]),
        ("]E00412345678903", ["412345678903", "0412345678903", "E00412345678903"]),
        ("]A0AB-77", ["AB77", "A0AB77"]),
        ("ab 7", ["AB7"]),
        ("007", ["007"]),
        ("?", [""]),
    ],
)
def test_other_cards(written: str, found: list[str]) -> None:
    assert texts("card", written) == found


@pytest.mark.parametrize(
    ("country", "written", "number"),
    [
        ("", "+1 502 555 0101", "15025550101"),
        ("", "15025550101", "15025550101"),
        ("", "0015025550101", "15025550101"),
        ("", "+49 (0)151 12345678", "4915112345678"),
        ("", "tel:+49-151-12345678", "4915112345678"),
        ("US", "(502) 555-0101", "15025550101"),
        ("US", "1 502 555 0101", "15025550101"),
        ("US", "011 49 151 12345678", "4915112345678"),
        ("US", "0049 151 12345678", "4915112345678"),
        ("DE", "0151 12345678", "4915112345678"),
        ("DE", "151 12345678", "4915112345678"),
        ("DE", "4915112345678", "4915112345678"),
        ("DE", "0049151 12345678", "4915112345678"),
        ("IT", "06 698 12345", "390669812345"),
        ("HU", "06 20 123 4567", "36201234567"),
        ("CN", "138 1234 5678", "8613812345678"),
        ("VN", "0935 123 456", "84935123456"),
    ],
)
def test_a_phone_is_known_by_its_international_number(
    country: str, written: str, number: str
) -> None:
    assert texts("phone", written, country)[0] == number


def test_what_is_no_phone_stays_as_it_is_and_no_country_is_guessed() -> None:
    assert texts("phone", "1") == ["1"]
    assert texts("phone", "0151 12345678") == ["015112345678"]
    assert texts("phone", "---") == [""]


def test_a_number_that_could_be_another_country_s_does_not_move() -> None:
    found = forms("phone", "15025550101", country="DE")
    assert (found[0].text, found[-1]) == ("4915025550101", ("15025550101", False))
    assert all(form.moves for form in forms("phone", "0151 12345678", country="DE"))


@given(st.integers(0, 10**17 - 1), st.sampled_from(["{}", "(8018){}", "8018{}", "]C18018{}"]))
def test_every_form_of_a_card_has_the_same_first(number: int, way: str) -> None:
    digits = f"{number:017d}"
    gsrn = f"{digits}{codes.check_digit(digits)}"
    assert texts("card", way.format(gsrn))[0] == gsrn


@given(st.sampled_from(["card", "phone"]), st.text(max_size=80), st.sampled_from(["", "DE", "XX"]))
def test_the_first_form_is_its_own_and_the_last_is_the_plain_one(
    kind: str, value: str, country: str
) -> None:
    found = texts(kind, value, country)
    assert len(set(found)) == len(found) <= 5
    keep = str.isdigit if kind == "phone" else str.isalnum
    assert found[-1] == "".join(c for c in value if c.isascii() and keep(c)).upper()[:] or (
        found[-1] in found[:2]
    )
