"""What is not parted at the end of a line, and what a department says that goes on."""

from dataclasses import replace

import pypdfium2 as pdfium
import pytest

from service.engine.redeem import BuyGet, Condition, Need, Terms
from service.engine.render import render_one
from service.engine.render.joins import join_counts, join_units
from service.engine.render.scripts import runs_right_to_left
from service.files import layouts
from tests.engine.render.lists import ADDRESS, document


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Milk, 2 l", "Milk, 2~l"),
        ("Thighs 1.5 lb, 12 ct", "Thighs 1.5~lb, 12~ct"),
        ("Сыр 200 г", "Сыр 200~г"),
        ("2 different soaps", "2 different soaps"),
        ("Aisle 3", "Aisle 3"),
        # A narrow box has room for this in two lines only.
        ("KWD~0.125 off", "KWD~0.125 off"),
        ("$5.00 off", "$5.00 off"),
    ],
)
def test_a_number_stays_with_its_unit(text: str, joined: str) -> None:
    text, joined = text.replace("~", "\u00a0"), joined.replace("~", "\u00a0")
    assert join_units(text) == joined
    assert join_units(joined) == joined


def test_what_is_given_is_never_parted_from_its_number_in_any_language() -> None:
    terms = Terms(Condition((Need(2000),)), BuyGet(1))
    for language, wording in layouts.wordings().items():
        value = join_counts(wording.benefit(terms, currency="EUR"))
        for line in value.split(" "):
            # Whoever reads a line's end sees no number that waits for its word.
            assert not line[-1].isdigit(), (language, value)
            assert line != "+", (language, value)


def test_dates_are_not_parted_in_any_language() -> None:
    for language, wording in layouts.wordings().items():
        assert " " not in wording.days.short(document().valid_to), language


def test_a_department_that_goes_on_in_another_column_says_so() -> None:
    for language in layouts.wordings():
        doc = document(offers=12, reminders=12, language=language)
        doc = replace(
            doc,
            offers=tuple(replace(line, department="Grocery") for line in doc.offers),
            reminders=tuple(replace(line, department="Grocery") for line in doc.reminders),
        )
        page = pdfium.PdfDocument(render_one(doc, ADDRESS, layouts.load("classic-a4")))[1]
        text = page.get_textpage().get_text_range().upper()
        heading = layouts.stationery().phrases_for(language).texts["continued"]
        assert text.count("GROCERY") == 3, language
        # From right to left, letters that run the other way are read apart from the rest.
        shown = "" if runs_right_to_left(language) else "Grocery"
        assert heading.format(department=shown).upper().strip(" ()") in text, language
