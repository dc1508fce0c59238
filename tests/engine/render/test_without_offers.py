"""A letter to whom a cycle holds out is whole, and promises neither a worth nor a scan."""

from dataclasses import replace
from io import BytesIO
from typing import Any
from unicodedata import category

import pypdfium2 as pdfium
import pytest

from service.engine.render import Checker, render_batch
from service.engine.render.samples import SAMPLE_DAY, longest_piece, sample_piece
from service.files import layouts
from service.settings import LetterSettings

LANGUAGES = tuple(layouts.samples())


def page_texts(name: str, language: str) -> str:
    return printed(name, language, offers=(), worth_cents=0, tip="")


def printed(name: str, language: str, **changed: Any) -> str:
    """The texts of a sample letter of which something is changed."""
    layout = layouts.load(name)
    masthead = layouts.masthead(LetterSettings(_env_file=None), SAMPLE_DAY)
    piece = sample_piece(layouts.samples()[language], masthead=masthead, language=language)
    other = replace(piece, document=replace(piece.document, **changed))
    out = BytesIO()
    render_batch([other], layout, out, title="t", language=language)
    pages = pdfium.PdfDocument(out.getvalue())
    return " ".join(page.get_textpage().get_text_bounded() for page in pages).replace("\r\n", " ")


def squeezed(text: str) -> str:
    """Without blanks, and without the marks of letters, which pdfium does not always read."""
    return "".join(each for each in text if not (each.isspace() or category(each) == "Mn"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_without_offers_says_so_in_every_language(language: str) -> None:
    """Nothing that speaks of offers, a worth or a scan is left of the texts of other lists."""
    phrases = layouts.stationery().phrases_for(language)
    promises = ("worth_label", "intro", "scan_title", "scan_text", "list_hint", "valid")
    text = page_texts("classic-letter", language)
    for name in promises:
        # What a line break in print, or a value, may stand in.
        for part in phrases.texts[name].split("{")[0].split("\n")[:1]:
            assert not part or squeezed(part) not in squeezed(text), name
    assert "0.00" not in text.replace(",", ".")
    for name in ("intro", "scan_title", "scan_text", "list_hint"):
        assert squeezed(phrases.without_offers[name]) in squeezed(text), name
    assert set(phrases.without_offers) == {*promises, "offers_heading", "ends"}


@pytest.mark.parametrize("name", layouts.names())
def test_the_longest_list_without_offers_fits_every_layout(name: str) -> None:
    layout = layouts.load(name)
    checker = Checker(layout)
    for language in LANGUAGES:
        piece = longest_piece(layouts.samples()[language], language=language)
        bare = replace(piece, document=replace(piece.document, offers=(), worth_cents=0))
        assert checker.problems(bare) == (), language
