"""Previews: what the settings print, the longest texts, and all that a letter can carry."""

import io
import json

import pikepdf
import pypdfium2 as pdfium
import zxingcpp

from service.engine.render.samples import SAMPLE_DAY
from service.files import layouts
from service.settings import LetterSettings

LETTERS = LetterSettings(_env_file=None)


def test_a_preview_shows_samples_and_the_longest_texts():
    shown = layouts.preview(layouts.load("classic-letter"), LETTERS, languages=["en-US", "zh"])
    assert [p.piece_id for p in shown.pages] == [
        "SAMPLE-en-US",
        "LONGEST-en-US",
        "SAMPLE-zh",
        "LONGEST-zh",
    ]
    pages = pdfium.PdfDocument(shown.pdf)
    assert len(pages) == 8
    assert "Sharp cheddar" in pages[0].get_textpage().get_text_range()
    assert "Bartholomew" in pages[2].get_textpage().get_text_range()
    assert "购物清单" in pages[5].get_textpage().get_text_range()
    with pikepdf.open(io.BytesIO(shown.pdf)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_a_preview_of_everything_has_all_that_a_letter_can_carry():
    """Also in the words of the language, with a recipe that has no room beside its picture."""
    settings = LETTERS.model_copy(
        update={
            "country": "US",
            "postal_barcode": "intelligent_mail",
            "imb_mailer_id": "123456",
            "imb_service_type": "301",
        }
    )
    languages = ["en-US", "es"]
    layout = layouts.load("classic-letter")
    shown = layouts.preview(layout, settings, languages=languages, everything=True)
    assert [each.piece_id for each in shown.pages] == ["SAMPLE-en-US", "SAMPLE-es"]
    pages = pdfium.PdfDocument(shown.pdf)
    front, back, _, spanish = (
        " ".join(page.get_textpage().get_text_bounded().split()) for page in pages
    )
    assert "2 for $6.98 instead of 2 for $7.98" in front
    assert "25% off" in front
    for text in (
        "Cheese $1.50 off Sharp cheddar 1 due",
        "PARTNERS",
        "your bicycle",
        "Offers 1, 3:",
    ):
        assert text in back
    assert "1 family pack chicken thighs 5" in back
    for text in ("COLABORADORES", "Muslos de pollo con cebolla", "250 g de espinacas"):
        assert text in spanish
    with pikepdf.open(io.BytesIO(shown.pdf)) as pdf:
        images = [each for each in pdf.objects if each_is_image(each)]
    assert len(images) == 1 + 8 + 1  # A logo, goods, and the recipe.
    codes = zxingcpp.read_barcodes(pages[1].render(scale=3).to_pil())
    assert [each.text for each in codes] == ["https://lists.example/l/SAMPLE4FK9XQ2MWV7PT3SZHB6D"]


def each_is_image(thing):
    return isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"


def test_a_preview_says_what_a_cycle_with_these_settings_would_say(tmp_path):
    """Names, days, money and small print are the settings', reasons and benefits the composer's."""
    legal = tmp_path / "legal.json"
    legal.write_text(json.dumps({"en": "No more lists? Tell any cashier."}), encoding="utf-8")
    settings = LetterSettings(
        _env_file=None,
        retailer="Birch & Sons",
        currency="EUR",
        country="IE",
        return_address="Birch & Sons; 1 Quay Street; Galway",
        legal_file=legal,
        mail_lead_days=3,
        validity_days=10,
        retailer_colour="#7a1f3d",
    )
    shown = layouts.preview(layouts.load("classic-a4"), settings, languages=["en-US"])
    pages = pdfium.PdfDocument(shown.pdf)
    text = " ".join(
        " ".join(pages[number].get_textpage().get_text_bounded().split()) for number in (0, 1)
    )
    phrases = layouts.stationery().phrases_for("en-US").texts
    for expected in (
        "Birch & Sons · 1 Quay Street",
        "UNITED STATES",
        phrases["greeting"],
        "€1.50 off",
        "Valid from November 24, 2026 to December 6, 2026",
        "about every 6 days",
        "No more lists? Tell any cashier.",
    ):
        assert expected in text, expected
    assert layouts.masthead(settings, SAMPLE_DAY).colour == "#7a1f3d"
    for each in ("Good morning", "$", "Larder", "Nov 24 ·", "Nov 25", "Nov 26", "YOUR LIST ON"):
        assert each not in text, each
