"""One list for a letter box, and none where the post would only bring it back."""

from unicodedata import normalize

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.publish.addresses import (
    LeftOutReason,
    address_key,
    normal_form,
    screen_contacts,
)

GOOD = {
    "name": "Ada Maplewick",
    "street": "85 Sunflower Way",
    "extra": "",
    "postcode": "42857",
    "city": "Elderwick",
    "region": "KY",
    "country": "US",
    "mail_consent": True,
    "came_back": False,
}


def contacts(*changes: dict[str, object]) -> pl.DataFrame:
    rows = [{"household_id": n, **GOOD, **change} for n, change in enumerate(changes, start=1)]
    return pl.DataFrame(rows)


def reasons(*changes: dict[str, object], by_name: bool = False) -> list[str | None]:
    found = screen_contacts(contacts(*changes), by_name=by_name)
    return found["reason"].to_list()


def forms(*texts: str, country: str = "US") -> list[str]:
    """The normal form of each text in a country."""
    frame = pl.DataFrame({"a": texts})
    return frame.select(normal_form(pl.col("a"), pl.lit(country))).to_series().to_list()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("85 Sunflower Street", "85  SUNFLOWER ST."),
        ("Hauptstraße 5", "Haupt-Str. 5"),
        ("Hauptstrasse 5", "HAUPTSTR 5"),
        ("Müllerweg 3a", "Muellerweg 3 A"),
        ("Müllerweg 3a", "mullerweg 3a"),
        ("12 Rue de l'Église, Apt 4", "12, rue de l eglise Flat 4"),
        ("10 North Main Avenue #3", "10 N. Main Ave 3"),
        ("Ørsted Allé 4", "orsted alle 4"),
        ("Sankt-Johann-Platz 1", "St. Johann Pl. 1"),
        ("Ελευθερίας 5", "ΕΛΕΥΘΕΡΙΑΣ 5"),
        ("Улица Йорка 7", "улица Йорка, 7"),
        ("רְחוֹב הרצל 5", "רחוב הרצל 5"),
        ("شارعُ النيل 5", "شارع النيل 5"),
        ("улица Королёва 3", "улица Королева 3"),
        ("Čermákova 9", "CERMAKOVA 9"),
        ("12 Huế", "12 huế"),
    ],
)
def test_two_ways_of_writing_a_street_are_one(one: str, other: str) -> None:
    first, second = forms(one, other)
    assert first == second != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/12 Elm Street", "11/2 Elm Street"),
        ("1 Elm Street", "11 Elm Street"),
        ("3 Elm Street Apt 4", "3 Elm Street Apt 5"),
        ("Elm Street 1 Apt 12", "Elm Street 11 Apt 2"),
        ("3a Elm Street", "3b Elm Street"),
        ("ซอยบี 5", "ซอยบา 5"),
        ("ซอยบี 5", "ซอยบิ 5"),
        ("かの町 5", "がの町 5"),
        ("राम नगर 5", "रमा नगर 5"),
        ("улица Майская 5", "улица Маиская 5"),
        ("вулиця Їжакевича 5", "вулиця Іжакевича 5"),
        ("Nguyễn Má", "Nguyễn Mà"),
    ],
)
def test_neighbours_stay_apart(one: str, other: str) -> None:
    first, second = forms(one, other)
    assert first != second


VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
SYLLABLES = [
    normalize("NFC", start + vowel + tone) for start in "dđ" for vowel in VOWELS for tone in TONES
]
"""One for each letter of Vietnamese with each of its tones."""


def test_no_two_syllables_of_vietnamese_are_one_in_vietnam() -> None:
    assert len(set(forms(*SYLLABLES, country="VN"))) == len(SYLLABLES) == 144
    assert len(set(forms(*(f"Nguyễn {each}" for each in SYLLABLES)))) == 144


@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4), st.sampled_from(["VN", "US"]))
def test_a_text_in_vietnamese_is_one_however_it_is_typed(words: list[str], country: str) -> None:
    text = " ".join(words)
    composed, decomposed, capital = forms(
        text, normalize("NFD", text), text.upper(), country=country
    )
    assert composed == decomposed == capital


@given(st.text("aeiouncszAEIOUNCSZ", min_size=1), st.sampled_from("\u0300\u0301\u0308\u030c\u0327"))
def test_elsewhere_an_accent_makes_no_other_name(name: str, accent: str) -> None:
    """Of one letter, and of each: readers of tills and forms leave them out."""
    first, every = name[0] + accent + name[1:], accent.join([*name, ""])
    assert len(set(forms(name, first, every))) == 1


def test_the_last_four_digits_of_a_zip_code_do_not_make_another_letter_box() -> None:
    first, second, other = (
        contacts({}, {"postcode": "42857-1234"}, {"postcode": "42858"})
        .select(address_key())
        .to_series()
    )
    assert first == second != other


@pytest.mark.parametrize("element", ["name", "street", "postcode", "city", "country"])
def test_an_address_without_an_element_is_left_out(element: str) -> None:
    assert reasons({element: ""}, {}) == [f"no_{element}", None]


def test_consent_comes_first_and_returned_mail_last() -> None:
    assert reasons(
        {"mail_consent": False, "name": "", "came_back": True},
        {"came_back": True, "postcode": "1"},
        {"came_back": True},
    ) == [LeftOutReason.NO_CONSENT, LeftOutReason.POSTCODE_FORM, LeftOutReason.RETURNED_MAIL]


@pytest.mark.parametrize(
    ("country", "good", "bad"),
    [
        ("US", "42857-0001", "4285"),
        ("CA", "K1A 0B1", "K1A 0BB"),
        ("GB", "sw1a 1aa", "SW1A"),
        ("DE", "01067", "1067"),
        ("NL", "1011 AB", "1011"),
        ("GR", "105 57", "1055"),
        ("PL", "00-950", "0950"),
        ("CN", "100000", "10000"),
        ("PT", "1000-001", "1000"),
        ("IE", "D02 AF30", "Dublin 2"),
    ],
)
def test_a_postcode_has_the_form_of_its_country(country: str, good: str, bad: str) -> None:
    named = [{"country": country, "postcode": code, "name": code} for code in (good, bad)]
    assert reasons(*named) == [None, "postcode_form"]


def test_a_country_that_is_not_known_takes_any_postcode() -> None:
    assert reasons({"country": "QQ", "postcode": "100-0001"}) == [None]


@pytest.mark.parametrize("written", ["LV-1010", "1010"])
def test_a_postcode_may_have_the_prefix_of_its_country(written: str) -> None:
    assert reasons({"country": "LV", "postcode": written}) == [None]


@pytest.mark.parametrize(
    ("country", "postcode", "city", "reason"),
    [
        ("HK", "", "Kowloon", None),
        ("AE", "", "Dubai", None),
        ("IE", "", "Dublin", None),
        ("PA", "", "Panamá", None),
        ("AO", "", "Luanda", None),
        ("SG", "238823", "", None),
        ("SG", "", "", "no_postcode"),
        ("US", "", "Elderwick", "no_postcode"),
        ("DE", "04109", "", "no_city"),
        ("QQ", "", "Town", "no_postcode"),
    ],
)
def test_only_what_a_country_has_must_be_in_its_addresses(
    country: str, postcode: str, city: str, reason: str | None
) -> None:
    given = {"country": country, "postcode": postcode, "city": city}
    assert reasons(given) == [reason]
    assert reasons(given, {}, given) == [reason, None, reason or "duplicate_address"]


def test_of_one_letter_box_the_household_known_longest_is_mailed() -> None:
    found = screen_contacts(
        contacts({"name": "Bo"}, {"street": "85 sunflower way."}, {"name": ""}, {}), by_name=False
    )
    assert found.select("household_id", "reason", "duplicate_of").rows() == [
        (1, None, None),
        (2, "duplicate_address", 1),
        (3, "no_name", None),
        (4, "duplicate_address", 1),
    ]


def test_a_household_that_is_left_out_has_no_duplicates() -> None:
    assert reasons({"mail_consent": False}, {}) == ["no_consent", None]


def test_where_many_share_a_street_number_the_name_counts_too() -> None:
    changes: tuple[dict[str, object], ...] = ({"name": "Bo"}, {"name": "BO."}, {"name": "Cy"})
    assert reasons(*changes, by_name=True) == [None, "duplicate_address", None]
