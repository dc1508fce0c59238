"""Texts that look alike are one; what nobody sees goes."""

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.engine.texts import clean, clean_column

TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("e\u0301\u200c\u200d\u200bا\u0653क\u094dेаA \u00ad\u202e\ufeff\u1100\u1161"),
    )
)


@given(TEXTS)
@example("e\u200d\u0301")
@example("क्\u200d\u200dष")
def test_cleaning_twice_is_cleaning_once_and_forms_do_not_matter(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    for form in ("NFC", "NFD"):
        assert clean(unicodedata.normalize(form, text)) == cleaned
    assert not [each for each in cleaned if unicodedata.category(each) == "Cc"]
    column = pl.Series([text, None, "plain", text])
    assert clean_column(column).to_list() == [cleaned, None, "plain", cleaned]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_never_changes(text: str) -> None:
    assert clean(text) == text
    assert clean_column(pl.Series([text])).to_list() == [text]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Mu\u0308ller", "Müller"),
        ("Mül\u00adler\u200b Bräu\ufeff", "Müller Bräu"),
        ("a\tb\r\nc\x00d\x85e\u2028f", "a b c d e f"),
        ("10\u00a0%\u3000x", "10\u00a0%\u3000x"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("Da\u200dle\u200c", "Dale"),
        ("\u200cمی\u200c", "می"),
        ("1\u200d2 م\u200c،", "12 م،"),
        ("\u202edlaD\u202c \u2066x\u2069\u200f", "dlaD x"),
        ("\u212b\u2126\ufa10", "ÅΩ塚"),
        ("한", "한"),
        ("👍🏽", "👍🏽"),
    ],
)
def test_what_goes_and_what_stays(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean_column(pl.Series(["x", text])).to_list() == ["x", cleaned]


def test_a_column_is_cleaned_of_every_code_point_as_a_text_is() -> None:
    points = [
        chr(each) for each in (*range(0xD800), *range(0xE000, 0x32400), *range(0xE0000, 0xE0200))
    ]
    found = clean_column(pl.Series(points))
    wanted = [clean(each) for each in points]
    assert [
        each for each, one, other in zip(points, found, wanted, strict=True) if one != other
    ] == []
    # What composes with the letter before it is seen too.
    seconds = {
        chr(int(parts[1], 16))
        for each in points
        if re.fullmatch(r"[0-9A-F]+ [0-9A-F]+", of := unicodedata.decomposition(each))
        and (parts := of.split())
    }
    pairs = [f"e{each}" for each in [*sorted(seconds), "\u1161", "\u11a8"]]
    assert clean_column(pl.Series(pairs)).to_list() == [clean(each) for each in pairs]
    hangul = pl.Series(["\u1100\u1161\u11a8", "가\u11a8"])
    assert clean_column(hangul).to_list() == ["각", "각"]
