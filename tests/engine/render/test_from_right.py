"""Where things stand in languages that are read from right to left."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pypdfium2
import pytest

from service.engine.money import format_money
from service.engine.render import render_one
from service.engine.render.boxes import AddressBox, SymbolBox
from service.engine.render.elements import Element, Slot
from service.engine.render.localise import page_in
from service.engine.render.parts import MM, Rule
from service.engine.render.runs import GLYPHS
from service.engine.render.shaping import Shaper
from service.files import layouts
from tests.engine.render.letters import layout_with_letters
from tests.engine.render.lists import document
from tests.engine.render.test_fronts import sample

TITLES = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf")
_ESCAPED = {b"r": b"\r"}


@cache
def _places(language: str, page: int, *texts: str) -> list[tuple[float, float]]:
    """Where texts begin on a page: the middle in points, and the distance from its foot."""
    plain = document(language=language, offers=len(TITLES), reminders=6)
    offers = tuple(
        replace(offer, title=title, value_text="20%", face_value_cents=1000 - offer.line)
        for offer, title in zip(plain.offers, TITLES, strict=True)
    )
    sheet = render_one(
        replace(plain, offers=offers), None, layout_with_letters(), departments=("Dairy", "Bakery")
    )
    text = pypdfium2.PdfDocument(sheet)[page].get_textpage()
    places = []
    for wanted in texts:
        index, count = text.search(wanted, match_case=True).get_next()
        left, bottom, right, _ = text.get_charbox(index)
        right = max(right, text.get_charbox(index + count - 1)[2])
        places.append(((left + right) / 2, round(bottom)))
    return places


def _rows(places: list[tuple[float, float]]) -> list[list[float]]:
    """The middles of what stands in one row, row by row from the top."""
    feet = sorted({foot for _, foot in places}, reverse=True)
    return [[middle for middle, foot in places if foot == row] for row in feet]


def test_offers_and_columns_are_in_order_from_the_right() -> None:
    for language, is_mirrored in (("en", False), ("he", True)):
        rows = _rows(_places(language, 0, *TITLES))
        assert [len(row) for row in rows] == [3, 2, 2]
        for row in rows:
            assert row == sorted(row, reverse=is_mirrored), language
        headings = _places(language, 1, "DAIRY", "BAKERY", "PRODUCE")
        middles = [middle for middle, _ in headings]
        assert middles == sorted(middles, reverse=is_mirrored), language


@pytest.mark.parametrize("language", ["ar", "he"])
@pytest.mark.parametrize("cents", [123450, -123450])
@pytest.mark.parametrize("before", ["", "Cola ", "שלום ", "מחיר Cola "])
@pytest.mark.parametrize("after", ["", " Cola", " שלום"])
def test_the_sign_of_money_stands_on_the_left_of_its_amount(
    language: str, before: str, after: str, cents: int
) -> None:
    chain = ("larder-sans-regular", "larder-hebrew-regular")
    shaper = Shaper({name: layouts.stationery().faces[name] for name in chain})
    text = before + format_money(cents, "USD", language) + after
    runs, _ = shaper.shape(text, chain, kern=False, from_right=True)
    seen = "".join(
        shaper.codes[run.name.removesuffix(GLYPHS)].meanings[code]
        for run in runs
        for code in _codes(run.shown)
    )
    wanted = "$ 1,234.50" if cents > 0 else "$ -1,234.50"
    assert wanted in seen.replace("\u00a0", " "), seen


def _codes(shown: bytes) -> list[int]:
    """The codes that the strings of a run show, two bytes each."""
    strings = re.findall(rb"\(((?:[^\\)]|\\.)*)\)", shown, re.DOTALL)
    raw = re.sub(rb"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), b"".join(strings))
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


@pytest.mark.parametrize("name", layouts.names())
def test_a_page_mirrored_twice_is_as_it_was_and_what_machines_read_stays(name: str) -> None:
    layout = layouts.load(name)
    width = layout.size_pt[0] / MM
    for page in range(1, layout.pages + 1):
        here = [each for each in layout.elements if each.page == page]
        art = [each for each in here if isinstance(each, Rule) and not each.conditions]
        others = [each for each in here if each not in art]
        assert page_in(others, art, language="de", width=width) is others
        once = page_in(others, art, language="he", width=width)
        twice = page_in(once, art, language="he", width=width)
        assert _lefts(twice) == pytest.approx(_lefts(others))
        fixed = [each for each in others if isinstance(each, AddressBox | SymbolBox)]
        assert [each for each in once if isinstance(each, AddressBox | SymbolBox)] == fixed
        if not fixed:
            assert _lefts(once) != pytest.approx(_lefts(others))


def _lefts(elements: Sequence[Element]) -> list[float]:
    """Where elements and the parts of their slots begin."""
    lefts: list[float] = []
    for each in elements:
        if isinstance(each, Slot):
            lefts += _lefts(each.elements)
        else:
            lefts.append(each.x)
            lefts += _lefts(getattr(each, "slots", ()))
    return lefts


@pytest.mark.parametrize(
    ("language", "title", "phone"),
    [("ar", "قائمة التسوق", "قائمتكم على الهاتف"), ("he", "רשימת קניות", "הרשימה שלכם בטלפון")],
)
def test_the_title_of_the_back_is_on_the_right_and_the_phone_on_the_left(
    language: str, title: str, phone: str
) -> None:
    piece = sample(language, offers=12)
    sheet = render_one(piece.document, piece.address, layouts.load("classic-a4"))
    text = pypdfium2.PdfDocument(sheet)[1].get_textpage()
    edges = []
    for wanted in (title, phone):
        index, count = text.search(wanted).get_next()
        boxes = [text.get_charbox(at) for at in range(index, index + count)]
        edges.append((min(box[0] for box in boxes) / MM, max(box[2] for box in boxes) / MM))
    (title_left, title_right), (_, phone_right) = edges
    assert 185 < title_right <= 190.5
    assert phone_right < 105 < title_left
