"""Letters of a batch carry the barcode of the post, and the piece file says what is in it."""

import shutil
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pydantic import ValidationError

from service.errors import Conflict, Misconfigured
from service.files.layouts import load, preview, sender_of
from service.settings import LetterSettings, Settings
from service.store.session import Database
from tests.engine.render.four_state_reader import decode_intelligent_mail, read_bars
from tests.mail import pieces, print_batch

USPS = {
    "country": "US",
    "postal_barcode": "intelligent_mail",
    "imb_mailer_id": "567094",
    "imb_service_type": "270",
    "layout": "compact-letter",
}


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: nothing of a barcode is stored."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


def test_every_letter_has_the_number_that_its_piece_file_says(
    database: Database, mail: None, settings: Settings
) -> None:
    report = print_batch(database, settings.model_copy(update=USPS))
    rows = pieces(report)
    (name,) = {row["pdf"] for row in rows}
    drawn = pdfium.PdfDocument(Path(report.folder) / name)
    for row in rows:
        page = drawn[int(row["pdf_page_from"]) - 1]
        bars = read_bars(page.render(scale=300 / 72, grayscale=True).to_numpy())
        assert decode_intelligent_mail(bars) == row["postal_barcode"]
        assert row["postal_barcode"][20:] == row["postcode"].replace("-", "")
    assert len({row["postal_barcode"][:20] for row in rows}) == len(rows)


def test_a_preview_shows_the_barcode_that_letters_have() -> None:
    letter = LetterSettings(**{name: value for name, value in USPS.items() if name != "layout"})
    drawn = preview(load("classic-letter"), letter, languages=["en-US"])
    page = pdfium.PdfDocument(drawn.pdf)[0]
    said = decode_intelligent_mail(
        read_bars(page.render(scale=300 / 72, grayscale=True).to_numpy())
    )
    assert said == "00270567094000000000" + "62704"


def test_letters_that_it_cannot_tell_apart_are_not_printed(
    database: Database, mail: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.engine.render.IntelligentMail.serials", 2)
    with pytest.raises(Conflict, match="tells 2 letters apart, and 5 are to be mailed"):
        print_batch(database, settings.model_copy(update=USPS))
    assert not settings.output_folder.exists()


def test_a_layout_without_a_place_for_it_is_named_with_the_setting(settings: Settings) -> None:
    uk = {
        "postal_barcode": "mailmark_l",
        "mailmark_supply_chain_id": "123456",
        "mailmark_class": "1",
    }
    with pytest.raises(Misconfigured, match=r"LARDER_POSTAL_BARCODE: is mailmark_l; layout"):
        sender_of(settings.model_copy(update=uk))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"postal_barcode": "intelligent_mail"}, "IMB_MAILER_ID and LARDER_IMB_SERVICE_TYPE"),
        ({**USPS, "imb_mailer_id": "912345"}, "should match pattern"),
        ({**USPS, "country": ""}, "needs LARDER_COUNTRY=US"),
        ({**USPS, "country": "GB"}, "needs LARDER_COUNTRY=US"),
        ({"postal_barcode": "mailmark_c"}, "MAILMARK_SUPPLY_CHAIN_ID and LARDER_MAILMARK_CLASS"),
        (
            {"country": "GB", "postal_barcode": "mailmark_c", "mailmark_supply_chain_id": "123456",
             "mailmark_class": "9"},
            "needs a LARDER_MAILMARK_SUPPLY_CHAIN_ID of 2 digits",
        ),
    ],
)  # fmt: skip
def test_what_it_says_of_all_letters_must_be_set(
    settings: Settings, given: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        Settings(**{**settings.model_dump(), **given})
