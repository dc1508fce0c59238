"""Whole letters in every script, read back from the file."""

from functools import cache
from io import BytesIO
from unicodedata import normalize

import pypdfium2
import pytest
from reportlab.pdfbase.ttfonts import TTFontFile

from service.engine.render import render_batch
from service.engine.render.shaping import Shaper
from service.engine.render.words import WordEncoder
from service.files import layouts
from tests.engine.render.letters import LETTERS, NAMES, layout_with_letters, letter


def _print(*languages: str) -> bytes:
    out = BytesIO()
    pieces = [letter(language) for language in languages]
    render_batch(pieces, layout_with_letters(), out, title="Letters", language="en")
    return out.getvalue()


@cache
def _front(language: str) -> str:
    text: str = pypdfium2.PdfDocument(_print(language))[0].get_textpage().get_text_range()
    return _letters(text)


def _letters(text: str) -> str:
    """A text without its blanks, which the reader moves where scripts meet."""
    return normalize("NFC", "".join(text.split()))


@pytest.mark.parametrize("language", LETTERS)
def test_a_letter_is_read_back_as_it_was_written(language):
    front = _front(language)
    wanted = [_letters(text) for text in (*LETTERS[language], *NAMES[language][:3])]
    # The reader turns a sign of percent around in Arabic.
    known = {_letters(LETTERS["ar"][4])}
    assert {text for text in wanted if text not in front} == known & {*wanted}


@pytest.mark.parametrize(
    ("text", "from_right", "fonts"),
    [
        ("a שלום b", False, ["sans", "hebrew", "sans"]),
        ("שלום 12 abc", True, ["sans", "sans", "sans", "sans", "hebrew"]),
        ("abc שלום", True, ["hebrew", "sans", "sans"]),
        ("abc שלום", False, ["sans", "hebrew"]),
    ],
)
def test_parts_stand_from_left_to_right_as_they_are_seen(text, from_right, fonts):
    chain = ("larder-sans-regular", "larder-hebrew-regular")
    shaper = Shaper({name: layouts.stationery().faces[name] for name in chain})
    runs, _ = shaper.shape(text, chain, kern=True, from_right=from_right)
    assert [run.name.split("-")[1] for run in runs] == fonts


@pytest.mark.parametrize("text", ["محمد علي", "שלום דוד", "น้ำปลาแท้", "𠮷田"])
def test_a_text_is_as_wide_as_its_parts_set_apart(text):
    faces = layouts.stationery().faces
    chain = tuple(faces)
    shaper = Shaper(faces)

    def width(part: str) -> int:
        return shaper.shape(part, chain, kern=True, from_right=False)[1]

    words = text.split(" ")
    apart = sum(map(width, words)) + (len(words) - 1) * width(" ")
    assert abs(width(text) - apart) <= len(words)


def test_a_letter_with_its_marks_is_one_glyph_with_one_meaning():
    faces = layouts.stationery().faces
    shaper = Shaper(faces)
    name = "larder-thai-regular"
    runs, _ = shaper.shape("น้ำ", (name,), kern=True, from_right=False)
    codes = shaper.codes[name]
    assert [*codes.meanings.values()] == ["น้ำ"]
    (compound,) = codes.shapes.values()
    subset = faces[name].subset({0xE19}, [compound])
    read = TTFontFile(BytesIO(subset.data))
    assert read.hmetrics[subset.shaped[compound]][0] == compound.width
    assert len(runs) == 1


def test_what_no_font_holds_is_set_in_its_compatible_form():
    words = WordEncoder(layouts.stationery().faces)
    style = next(box.style for box in layouts.load("classic-a4").elements if box.id == "greeting")
    assert words.split("ﬁnn", style) == words.split("finn", style)


def test_emoji_are_left_out_and_joiners_need_no_glyph():
    faces = layouts.stationery().faces
    shaper = Shaper(faces)

    def width(text: str) -> int:
        return shaper.shape(text, tuple(faces), kern=True, from_right=False)[1]

    assert width("Kim🎉❤️👩‍👧") == width("Kim")
    assert width("葛\U000e0100") == width("葛")


def test_letters_in_all_scripts_are_the_same_bytes_twice():
    assert _print(*LETTERS) == _print(*LETTERS)
