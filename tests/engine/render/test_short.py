"""A piece of large print that needs one sheet has one; nothing that it says is left out."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from service.engine.content import OpeningHours, Recipe
from service.engine.records import ListDocument, Mailpiece
from service.engine.render import Layout, layout_from, render_batch
from service.engine.render.faults import find_faults
from service.engine.render.page_counts import read_counts, write_counts
from service.errors import InvalidInput
from service.files import layouts
from service.publish.verify import verify
from tests.engine.render.lists import piece

RECIPE = Recipe("soup", "Leek soup", (), ("Cook the leeks.",), 20, 4)
HOURS = OpeningHours("Main Street", ("Monday to Saturday 7 to 21",))


def with_content(given: Mailpiece, **content: object) -> Mailpiece:
    document = given.document
    filled = replace(document.content, **content)  # type: ignore[arg-type]
    return replace(given, document=replace(document, content=filled))


PIECES = {
    "three offers": (piece(1), 2),
    "none": (piece(2, offers=0), 2),
    "four offers": (piece(3, offers=4), 4),
    "no tip": (piece(4, offers=2, tip=""), 2),
    "a list that goes on": (piece(5, offers=0, reminders=24), 4),
    "no room for the tip": (piece(6, reminders=12), 4),
    "room without a tip": (piece(7, reminders=9, tip=""), 2),
    "a recipe": (with_content(piece(8), recipe=RECIPE), 4),
    "hours": (with_content(piece(9, offers=0), hours=HOURS), 2),
    "small print": (
        replace(piece(10), document=replace(piece(10).document, legal="No cash value. " * 30)),
        4,
    ),
}


def said(document: ListDocument) -> set[str]:
    """Texts that a letter must have."""
    hours = document.content.hours
    return {
        *(offer.title for offer in document.offers),
        *(line.item for line in document.reminders),
        *(hours.lines if hours is not None else ()),
        *((document.tip,) if document.tip else ()),
    }


@pytest.mark.parametrize("name", ["large-print-a4", "large-print-letter"])
def test_a_piece_has_the_pages_that_it_needs_and_says_all(tmp_path: Path, name: str) -> None:
    path = tmp_path / "lists.pdf"
    given = [each for each, _ in PIECES.values()]
    with path.open("wb") as out:
        placed = render_batch(given, layouts.load(name), out, title="Lists", language="en")
    counts = [pages for _, pages in PIECES.values()]
    assert dict(zip(PIECES, [each.pages for each in placed], strict=True)) == dict(
        zip(PIECES, counts, strict=True)
    )
    assert [each.sheets for each in placed] == [pages // 2 for pages in counts]
    assert [each.page_from for each in placed] == [
        1 + sum(counts[:number]) for number in range(len(counts))
    ]
    file = pdfium.PdfDocument(path)
    for each, at in zip(given, placed, strict=True):
        pages = [file[number] for number in range(at.page_from - 1, at.page_to)]
        text = " ".join(page.get_textpage().get_text_range() for page in pages)
        text = " ".join(text.replace("\u00a0", " ").split())
        assert {part for part in said(each.document) if part not in text} == set()
    found = verify(path, dpi=203, expected=[each.document.list_code for each in given])
    assert found.problems == ()


def marked(**changes: object) -> Layout:
    """Large print whose list is numbered by page and has a bar on its last page."""
    data = {
        "schema": "larder-layout/1",
        "extends": "large-print-a4",
        "name": "own",
        "elements": [
            {"id": "mark_3", "text": "page {page} of {pages}"},
            {
                "id": "omr",
                "kind": "control_marks",
                "page": 3,
                "x": 198,
                "y": 120,
                "w": 6,
                "h": 1,
                "pitch": 4,
                "bars": ["last"],
            },
        ],
        **changes,
    }
    return layout_from(
        layouts.merge(data, base=layouts._layout_data),
        windows=layouts.windows(),
        stationery=layouts.stationery(),
    )


@pytest.mark.parametrize(("offers", "page", "text"), [(3, 1, "page 2 of 2"), (4, 2, "page 3 of 4")])
def test_pages_are_counted_as_they_are_printed(offers: int, page: int, text: str) -> None:
    out = BytesIO()
    render_batch([piece(1, offers=offers)], marked(), out, title="Lists", language="en")
    back = pdfium.PdfDocument(out.getvalue())[page]
    assert text in back.get_textpage().get_text_range().replace("\u00a0", " ")
    image = back.render(scale=2, grayscale=True).to_numpy()
    x, y = (round(2 * place / 25.4 * 72) for place in (201, 120.5))
    assert (image[y, x] < 128) == (offers == 3)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"pages": [3, 1]}, r"short\.pages"),
        ({"pages": [1, 5]}, r"short\.pages"),
        ({"keeps": {"tip": "elsewhere"}}, r"short\.keeps\.tip"),
    ],
)
def test_a_short_form_has_pages_and_slots_of_the_layout(
    wrong: dict[str, object], where: str
) -> None:
    with pytest.raises(InvalidInput, match=where):
        marked(short={"pages": [1, 3], "offers": 3, **wrong})


def test_no_piece_begins_on_the_back_of_another_one_s_sheet() -> None:
    assert find_faults(marked()) == ()
    odd = replace(marked(short={"pages": [1, 3, 4], "offers": 3}), pages=5)
    assert [problem.where for problem in find_faults(odd)] == ["pages", "short.pages"]


@pytest.mark.parametrize("counts", [(4, 4, 4), (2,), (2, 4, 4, 4, 2)])
def test_counts_of_pages_are_read_as_written(counts: tuple[int, ...]) -> None:
    assert read_counts(write_counts(counts), pieces=len(counts)) == counts


def test_counts_of_other_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="3 pieces, not of 2"):
        read_counts("2x2 4", pieces=2)
