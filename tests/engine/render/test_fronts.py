"""Fronts and backs: offers in even rows, slots that yield, and what the back joins."""

from dataclasses import replace
from io import BytesIO
from itertools import cycle

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from service.engine.records import Due, ListDocument, Mailpiece
from service.engine.render import Checker, render_batch, render_one
from service.engine.render.elements import OfferGrid
from service.engine.render.grids import arrangements, natural_height, place_rows
from service.engine.render.parts import MM
from service.engine.render.samples import SAMPLE_DAY, longest_piece, sample_piece
from service.files import layouts
from service.settings import LetterSettings

LANGUAGES = tuple(layouts.samples())
MOST = 24
PAGE = "https://lists.example/l/4fK9xQ2mWv7pT3sZ"
GRIDS = [
    (name, each)
    for name in layouts.names()
    for each in layouts.load(name).elements
    if isinstance(each, OfferGrid)
]


def sample(language: str, *, offers: int, url: bool = True) -> Mailpiece:
    """The everyday list of a language with so many offers, and with content."""
    masthead = layouts.masthead(LetterSettings(_env_file=None), SAMPLE_DAY)
    data = layouts.samples()[language]
    piece = sample_piece(data, masthead=masthead, language=language, page_url=PAGE)
    document = piece.document
    given = zip(range(1, offers + 1), cycle(document.offers), strict=False)
    lines = tuple(replace(offer, line=line, offer_id=line) for line, offer in given)
    reminders = tuple(
        replace(each, line=line) for line, each in enumerate(document.reminders[:12], offers + 1)
    )
    changed = replace(
        document,
        offers=lines,
        reminders=reminders,
        page_url=document.page_url if url else "",
        tip=document.tip if lines else "",
    )
    return replace(piece, document=changed)


def pages(document: ListDocument, layout: str) -> list[str]:
    """The text of each page."""
    drawn = pdfium.PdfDocument(render_one(document, None, layouts.load(layout)))
    return [" ".join(page.get_textpage().get_text_range().split()) for page in drawn]


@given(
    grid=st.sampled_from([grid for _, grid in GRIDS]),
    count=st.integers(1, MOST),
    high=st.floats(4, 12),
    spare=st.floats(0, 300),
)
def test_rows_fill_their_width_and_stay_in_their_room(
    grid: OfferGrid, count: int, high: float, spare: float
) -> None:
    for arrangement in arrangements(grid, count):
        assert sum(row.offers for row in arrangement) == count
        for row in arrangement:
            wide = row.offers * row.cell.w + (row.offers - 1) * grid.gutter
            assert wide == pytest.approx(grid.w)
        for kind in {id(row.rows) for row in arrangement}:
            counts = [row.offers for row in arrangement if id(row.rows) == kind]
            assert counts == sorted(counts, reverse=True)
            assert max(counts) - min(counts) <= 1
        heights = (high * MM,) * len(arrangement)
        least = natural_height(arrangement, heights)
        assert place_rows(arrangement, heights, room=least - 1) is None
        placed = place_rows(arrangement, heights, room=least + spare)
        assert placed is not None
        assert sum(row.height + row.above for row in placed) <= least + spare + 0.1 * len(placed)
        assert all(row.height >= high * MM - 0.05 for row in placed)


@pytest.mark.parametrize("name", layouts.names())
def test_any_number_of_offers_prints_in_every_language(name: str) -> None:
    checker = Checker(layouts.load(name))
    counts = zip(range(MOST + 1), cycle(LANGUAGES), strict=False)
    edges = ((count, language) for count in (0, 1, 4, 12, MOST) for language in LANGUAGES)
    for count, language in {*counts, *edges}:
        assert checker.problems(sample(language, offers=count)) == (), (count, language)


@pytest.mark.parametrize(("name", "grid"), GRIDS)
def test_no_value_comes_near_the_number_of_its_offer(name: str, grid: OfferGrid) -> None:
    faces = layouts.load(name).stationery.faces
    cells = [cell for rows in (grid.lead, grid.rest, grid.dense) if rows for cell in rows.cells]
    for cell in cells:
        boxes = {box.name: box for box in cell.texts}
        value, number = boxes["value"], boxes["number"]
        size = number.style.size_pt
        width = 2 * faces[number.style.chain[0]].advances["0"] / 1000 * size / MM
        share = {"left": 0.0, "centre": 0.5, "right": 1.0}[number.align]
        left = number.x + share * (number.w - width)
        foot = value.y + value.style.size_pt * value.style.leading * value.lines / MM
        is_beside = value.y < number.y + size / MM and number.y < foot
        assert not is_beside or left >= value.x + value.w or left + width <= value.x


@pytest.mark.parametrize("name", ["classic-letter", "classic-a4", "compact-letter", "compact-a4"])
def test_no_front_has_a_hole(name: str) -> None:
    """Below the window, no blank band is as high as a row of offers, for any number of them."""
    layout = layouts.load(name)
    grid = next(each for each in layout.elements if each.id == "offers")
    band = next(each for each in layout.elements if each.id == "scan_band")
    for count in (*range(9), 12, 17, MOST):
        piece = sample("en-US", offers=count)
        page = pdfium.PdfDocument(render_one(piece.document, None, layout))[0]
        rows = page.render(scale=1, grayscale=True).to_numpy().squeeze()
        shown = rows[int(grid.y * MM) : int(band.y * MM), 40:-40].min(axis=1) < 252
        blank, longest = 0, 0
        for is_drawn in shown:
            blank = 0 if is_drawn else blank + 1
            longest = max(longest, blank)
        assert longest / MM < 14, (count, longest / MM)


def test_the_strongest_offers_lead_and_keep_their_numbers() -> None:
    document = sample("en-US", offers=12).document
    worths = (3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93)
    offers = tuple(
        replace(each, face_value_cents=worth)
        for each, worth in zip(document.offers, worths, strict=True)
    )
    document = replace(document, offers=offers)
    front = pages(document, "classic-letter")[0]
    strongest = sorted(document.offers, key=lambda offer: -offer.face_value_cents)[:3]
    others = [offer for offer in document.offers if offer not in strongest]
    places = [front.index(offer.title) for offer in (*strongest, *others)]
    assert places == sorted(places)
    turned = pages(replace(document, offers=offers[::-1]), "classic-letter")[0]
    places = [turned.index(offer.title) for offer in (*strongest, *reversed(others))]
    assert places == sorted(places)


def test_the_back_joins_an_offer_to_the_item_it_belongs_to() -> None:
    document = sample("en-US", offers=3, url=False).document
    offer = replace(document.offers[0], item="Cheese", due=Due.NOW)
    joined = replace(document, offers=(offer, *document.offers[1:]))
    back = pages(joined, "classic-letter")[1]
    for text in ("Cheese $1.50 off Sharp cheddar", "due this week"):
        assert text in back
    assert "Greek yogurt, 32 oz $1.00 off" in back


def test_a_recipe_stands_once_and_gives_way_where_it_does_not_fit() -> None:
    recipe = sample("en-US", offers=1).document.content.recipe
    assert recipe is not None
    for name in ("classic-letter", "classic-a4", "large-print-letter"):
        for count in (0, 1, 3, 6, 12):
            shown = " ".join(pages(sample("en-US", offers=count).document, name))
            assert shown.count(recipe.steps[0]) == 1, (name, count)
    document = sample("en-US", offers=3).document
    long = replace(recipe, steps=recipe.steps * 9)
    with_long = replace(document, content=replace(document.content, recipe=long))
    shown = pages(with_long, "classic-letter")
    assert recipe.steps[0] not in " ".join(shown)
    assert "Offers end on December 12, 2026" in shown[1]
    assert document.content.hours is not None
    assert document.content.hours.title in shown[1]


@pytest.mark.parametrize("name", ["classic-letter", "classic-a4", "compact-letter", "compact-a4"])
def test_small_print_is_never_lost_to_a_slot(name: str) -> None:
    """It stands beside the hours or the code where it fits, and over the whole width else."""
    for language in ("en-US", "de"):
        everyday = sample(language, offers=2).document
        longest = longest_piece(layouts.samples()[language], language=language).document
        legal = replace(everyday, legal=longest.legal * 2)
        for document in (everyday, legal):
            shown = " ".join(pages(document, name))
            assert "".join(document.legal.split()) in "".join(shown.split())


def test_the_page_s_code_opens_the_page() -> None:
    for name, number in (("classic-letter", 1), ("compact-a4", 0)):
        document = sample("en-US", offers=5).document
        page = pdfium.PdfDocument(render_one(document, None, layouts.load(name)))[number]
        image = np.asarray(page.render(scale=203 / 72).to_pil())
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        assert [each.text for each in found] == [document.page_url]
        bare = replace(document, page_url="")
        page = pdfium.PdfDocument(render_one(bare, None, layouts.load(name)))[number]
        image = np.asarray(page.render(scale=203 / 72).to_pil())
        assert not zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)


def test_lists_from_before_these_fronts_still_print() -> None:
    document = sample("en-US", offers=2, url=False).document
    old = (
        f'{{"currency":"USD","greeting":"","issued_on":"2026-11-24","language":"en-US","legal":"",'
        f'"list_code":"{document.list_code}","offers":[{{"department":"Dairy",'
        '"detail":"Any 8 oz block",'
        '"face_value_cents":150,"legal":"","line":1,"offer_id":1,"title":"Sharp cheddar",'
        '"value_text":"$1.50 off"}],"reminders":[],"retailer":"Larder Market","tip":"Hang it up.",'
        '"valid_from":"2026-11-30","valid_to":"2026-12-13","worth_cents":150}'
    )
    for name in layouts.names():
        shown = " ".join(pages(ListDocument.from_json(old), name))
        assert "Sharp cheddar" in shown
        assert "$1.50" in shown


def test_lists_with_and_without_content_share_a_file() -> None:
    """What one list leaves out does not leak into the next."""
    with_all = sample("en-US", offers=3)
    document = replace(with_all.document, content=type(with_all.document.content)(), page_url="")
    bare = replace(with_all, piece_id="BARE", seq=2, document=document)
    layout = layouts.load("classic-letter")

    def texts(*pieces: Mailpiece) -> list[str]:
        out = BytesIO()
        render_batch(pieces, layout, out, title="t", language="en")
        return [
            "".join(sorted("".join(page.get_textpage().get_text_range().split())))
            for page in pdfium.PdfDocument(out.getvalue())
        ]

    alone, other = texts(with_all), texts(bare)
    assert texts(with_all, bare, with_all, bare) == [*alone, *other] * 2
