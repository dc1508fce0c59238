from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.render.breaks import syllables, tokens
from service.engine.render.fit import TooLarge, Typesetter
from service.engine.render.parts import Style
from service.engine.render.shaping import MissingGlyph
from service.files import layouts

FACES = layouts.stationery().faces
SANS = Style(
    name="sans",
    chain=("larder-sans-regular", "larder-han-regular"),
    size_pt=10,
    shrink_pt=8,
    leading=1.2,
    colour=b"0 g",
    tracking_em=0,
    upper=False,
    kern=True,
)


def _typesetter():
    return Typesetter({name: FACES[name] for name in SANS.chain})


def _fit(text, *, width, lines=1, flow=False, **how):
    return _typesetter().fit(text, SANS, width=width, lines=lines, flow=flow, **how)


def _text_of(line):
    """The characters a line of the first font shows, back from its operators."""
    out, at = b"", 0
    ops = line.ops
    while (at := ops.find(b"(", at)) >= 0:
        at += 1
        while ops[at : at + 1] != b")":
            if ops[at : at + 1] == b"\\":
                at += 1
            out += ops[at : at + 1]
            at += 1
    return out.decode("utf-16-be")


def _width(text):
    return _fit(text, width=10_000).lines[0].width


def test_text_that_fits_keeps_its_size():
    fitted = _fit("Sharp cheddar", width=200)
    assert (fitted.size, len(fitted.lines)) == (10, 1)
    assert fitted.height == 12


def test_text_that_does_not_fit_shrinks_once():
    full = _width("Sharp cheddar")
    fitted = _fit("Sharp cheddar", width=full * 0.9, lines=2)
    assert (fitted.size, len(fitted.lines)) == (8, 1)
    assert fitted.lines[0].width == pytest.approx(full * 0.8)


def test_then_it_wraps_at_the_smaller_size():
    full = _width("Sharp cheddar")
    fitted = _fit("Sharp cheddar", width=full * 0.7, lines=2)
    assert fitted.size == 8
    assert [_text_of(line) for line in fitted.lines] == ["Sharp", "cheddar"]


def test_then_it_is_refused():
    with pytest.raises(TooLarge, match=r"'Sharp cheddar' does not fit 1 line of 10.6 mm at 8 pt"):
        _fit("Sharp cheddar", width=30)
    with pytest.raises(TooLarge):
        _fit("Cheddarcheddarcheddar", width=40, lines=5)


def test_a_paragraph_wraps_first_and_shrinks_then():
    text = "Roast the chicken on a bed of onions and serve with bread"
    full = _width(text)
    assert _fit(text, width=full * 0.6, lines=2, flow=True).size == 10
    assert _fit(text, width=full * 0.45, lines=2, flow=True).size == 8


def test_lines_can_be_made_even():
    text = "Valid from November 30, 2026 to December 13, 2026"
    full = _width(text)
    plain = _fit(text, width=full * 0.8, lines=2, flow=True)
    even = _fit(text, width=full * 0.8, lines=2, flow=True, even=True)
    assert _text_of(plain.lines[1]) == "December 13, 2026"
    assert len(even.lines) == 2
    assert abs(even.lines[0].width - even.lines[1].width) < full * 0.2


def test_a_last_word_is_not_left_alone_on_its_line():
    text = "Roast the chicken on a bed of onions, and serve it with bread"
    width = _width("Roast the chicken on a bed of onions, and serve it with")
    made = _fit(text, width=width + 0.1, lines=2, flow=True)
    assert [_text_of(line) for line in made.lines] == [
        "Roast the chicken on a bed of",
        "onions, and serve it with bread",
    ]


def test_kerning_brings_letters_closer():
    face = FACES["larder-sans-regular"]
    unkerned = sum(face.widths[ord(c)] for c in "Tomato") / 100
    assert _width("Tomato") < unkerned


def test_figures_are_not_kerned_so_that_they_stand_under_one_another():
    assert _width("1.11") == pytest.approx(_width("7.77"))


def test_chinese_breaks_between_characters_but_not_before_closing_marks():
    fitted = _fit("鸡腿铺在洋葱上，烤熟。", width=75, lines=2, flow=True)
    assert [line.width for line in fitted.lines] == [60, 50]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("至11月24日（含），", ["至", "11月", "24日", "（含），"]),
        ("买2件，送1件", ["买", "2件，", "送", "1件"]),
        ("5（五）", ["5", "（五）"]),
    ],
)
def test_a_number_stays_with_what_it_counts_in_chinese(text, parts):
    assert tokens(text) == parts


@settings(max_examples=60)
@given(text=st.text(alphabet="日本いっキャーン、。「」（）7a", min_size=2, max_size=24))
def test_no_line_begins_with_what_closes_or_ends_with_what_opens(text):
    found = tokens(text)
    assert "".join(found) == text
    for before, after in pairwise(found):
        assert after[0] not in "っャー、。」）", tokens
        assert before[-1] not in "「（" or set(before) <= {*"「（"}, tokens


def test_a_fallback_font_takes_over_for_what_the_first_lacks():
    setter = _typesetter()
    line = setter.fit("Tea 茶", SANS, width=100, lines=1, flow=False).lines[0]
    assert line.ops.index(b"/F0 ") < line.ops.index(b"/F1 ")
    assert setter.used["larder-han-regular"] == {" ", "茶"}


def test_a_character_of_no_font_is_refused_by_name():
    with pytest.raises(MissingGlyph, match=r"no font holds 'ش' \(U\+0634\), 'अ' \(U\+0905\)"):
        _fit("Tea شअ🍎", width=500)


def test_a_narrow_no_break_space_is_printed_as_a_no_break_space():
    assert _width("1\u202f234") == _width("1\u00a0234")


@settings(max_examples=150)
@given(
    st.text(alphabet=st.sampled_from("abc DEF é ß-/().,;\u00a0ΩЖ"), min_size=1, max_size=60),
    st.integers(60, 300),
)
def test_no_character_is_ever_lost(text, width):
    try:
        fitted = _fit(text, width=width, lines=9, flow=True)
    except TooLarge:
        return
    shown = "".join(_text_of(line) for line in fitted.lines)
    assert shown.replace(" ", "") == text.replace(" ", "")
    assert all(line.width <= width + 1e-6 for line in fitted.lines)


def test_a_thai_word_is_parted_at_a_vowel_only_where_no_line_holds_it():
    style = replace(SANS, chain=("larder-sans-regular", "larder-thai-regular"))
    setter = Typesetter({name: FACES[name] for name in style.chain})
    text = "น้ำยาล้างจานกลิ่นมะนาวเข้มข้นพิเศษแบบถุงเติม สูตรใหม่"

    def count(width, lines=4):
        return len(setter.fit(text, style, width=width, lines=lines, flow=True).lines)

    word = setter.fit(text.split()[0], style, width=1000, lines=1, flow=False).lines[0].width
    assert count(word + 1) == 2
    assert count(word - 1) == 2
    assert count(word * 0.6) == 3
    with pytest.raises(TooLarge):
        count(word * 0.2)
    assert syllables("เข้มข้นพิเศษแบบถุงเติม") == ["เข้มข้นพิ", "เศษ", "แบบถุง", "เติม"]
    assert syllables("Whole-bean") == ["Whole-bean"]


_SPOKEN = st.lists(
    st.sampled_from(
        [
            "a",
            "best-before",
            "Milk",
            "of the day",
            "1/2",
            "24日",
            "牛乳",
            "ไก่ไข่",
            "non\u00a0stop",
            "-",
            "",
        ]
    ),
    max_size=12,
)


@given(_SPOKEN, st.sampled_from([" ", "  ", "-", ""]), st.integers(10, 200))
@settings(deadline=None)
def test_a_line_measured_word_by_word_breaks_as_one_measured_whole(
    parts: list[str], between: str, width: int
) -> None:
    text = between.join(parts)
    setter = _typesetter()
    try:
        measured = setter._wrap(text, SANS, size=10, width=width)
    except MissingGlyph:
        return
    whole = _Whole({name: FACES[name] for name in SANS.chain})
    assert whole._wrap(text, SANS, size=10, width=width) == measured


class _Whole(Typesetter):
    """Measures each line as a whole, token by token."""

    def _wrap_words(self, text, style, *, size, width):
        line, broken = "", []
        for token in tokens(text):
            if self._width((line + token).rstrip(" "), style, size) <= width:
                line += token
                continue
            if not line.strip(" "):
                return None
            broken.append(line.rstrip(" "))
            line = token.lstrip(" ")
            if self._width(line, style, size) > width:
                return None
        return [*broken, line.rstrip(" ")]
