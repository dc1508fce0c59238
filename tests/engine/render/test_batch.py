import io
import re

import pikepdf
import pypdfium2 as pdfium
import pytest
import zxingcpp

from service.engine.render import Checker, PiecePages, Sender, render_batch, render_one
from service.errors import InvalidInput
from service.files import layouts
from tests.engine.render.lists import ADDRESS, code, document, piece


def _render(*pieces):
    out = io.BytesIO()
    located = render_batch(
        pieces,
        layouts.load("classic-a4"),
        out,
        title="Lists",
        language="en-US",
        sender=Sender("Larder"),
    )
    return located, out.getvalue()


def _texts(data):
    pages = pdfium.PdfDocument(data)
    return [page.get_textpage().get_text_range().replace("\u00a0", " ") for page in pages]


def _decode(data, page, dpi):
    image = pdfium.PdfDocument(data)[page].render(scale=dpi / 72).to_numpy()
    return [(found.text, found.symbology_identifier) for found in zxingcpp.read_barcodes(image)]


def test_each_piece_is_told_its_pages():
    located, data = _render(piece(1), piece(2), piece(3))
    assert located == (
        PiecePages("P000001", 1, 1, 2, 1),
        PiecePages("P000002", 2, 3, 4, 1),
        PiecePages("P000003", 3, 5, 6, 1),
    )
    assert len(pdfium.PdfDocument(data)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("dpi", [203, 300])
def test_every_front_decodes_to_its_own_list(dpi):
    _, data = _render(*(piece(n) for n in range(1, 6)))
    for n in range(1, 6):
        serial = 100_000_000_000 + n
        assert _decode(data, 2 * (n - 1), dpi) == [
            (f"({code(serial)[:3]}){code(serial)[3:]}", "]C1")
        ]


def test_the_same_input_gives_the_same_bytes():
    assert _render(piece(1), piece(2)) == _render(piece(1), piece(2))


def test_the_file_is_clean_titled_and_tagged():
    _, data = _render(piece(1), piece(2))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert str(pdf.docinfo["/Title"]) == "Lists"
        assert str(pdf.Root.Lang) == "en-US"
        assert pdf.Root.MarkInfo.Marked
        sections = pdf.Root.StructTreeRoot.K.K
        assert [str(section.T) for section in sections] == ["P000001", "P000002"]
        assert "/CreationDate" not in pdf.docinfo


def test_marked_content_and_parent_tree_agree():
    _, data = _render(piece(1))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        leaf = pdf.Root.StructTreeRoot.ParentTree.Kids[0]
        for number, page in enumerate(pdf.pages):
            content = page.Contents.read_bytes()
            marks = [int(m) for m in re.findall(rb"/MCID (\d+)", content)]
            owners = leaf.Nums[2 * number + 1]
            assert marks == list(range(len(owners)))
            held = [
                owner.K if isinstance(owner.K, pikepdf.Array) else [owner.K] for owner in owners
            ]
            assert all(mark in [*map(int, kids)] for mark, kids in zip(marks, held, strict=True))
            elements = {owner.objgen: kids for owner, kids in zip(owners, held, strict=True)}
            assert sorted(int(mark) for kids in elements.values() for mark in kids) == marks


def test_fonts_are_embedded_subsets():
    _, data = _render(piece(1))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for font in pdf.pages[0].Resources.Font.values():
            descendant = font.DescendantFonts[0]
            assert re.match(r"/[A-Z]{6}\+", str(descendant.BaseFont))
            assert len(descendant.FontDescriptor.FontFile2.read_bytes()) > 100


def test_only_the_fonts_in_use_are_embedded():
    def names(**changes):
        _, data = _render(piece(1, **changes))
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return {str(font.BaseFont)[8:] for font in pdf.pages[0].Resources.Font.values()}

    latin = names()
    assert latin == {"LarderSans-Regular", "LarderSans-Semibold", "LarderSerif-Semibold"}
    assert names(greeting="早上好") == {*latin, "LarderHan-Regular"}


def test_lists_painted_side_by_side_are_those_painted_alone():
    ways = [("en-US", "USD"), ("de", "EUR"), ("en-US", "EUR"), ("zh", "CNY"), ("el", "EUR")]
    pieces = [
        piece(
            n, language=ways[n % 5][0], currency=ways[n % 5][1], offers=n % 4, reminders=n % 7 + 1
        )
        for n in range(1, 76)
    ]
    _, together = _render(*pieces)
    texts = _texts(together)
    for n in (1, 2, 3, 4, 5, 63, 64, 65, 75):
        _, alone = _render(pieces[n - 1])
        front, back = _texts(alone)
        assert _letters(texts[2 * n - 2]) == _letters(front)
        assert _letters(texts[2 * n - 1]) == _letters(back)
    assert "3,89 €" in texts[1]
    assert "€3.89" in texts[3]
    assert "$3.89" in texts[9]


def _letters(text):
    """All characters but white space, which depends on what is drawn by name."""
    return sorted("".join(text.split()))


def test_the_page_says_what_the_list_says():
    front, back = _texts(render_one(document(), ADDRESS, layouts.load("classic-a4")))
    for text in ("Larder Market", "Ms. Eleanor Whitfield", "SPRINGFIELD, IL 62704", "$3.00"):
        assert text in front
    for text in ("Sharp cheddar 2", "$1.00 off", "(255)9521234000013382915604417"):
        assert text in front
    for text in ("PRODUCE", "Milk 3", "Reduced fat, 1 gal", "$3.89", "about Dec 4 · every 7 days"):
        assert text in back
    assert "Offers end on December 13, 2026" in back


def test_a_text_too_long_is_refused_by_list_and_element():
    with pytest.raises(InvalidInput) as caught:
        _render(piece(7, title="Sharp cheddar of the oldest and very finest dairies " * 3))
    wheres = {problem.where for problem in caught.value.problems}
    assert "piece P000007, element offers.lead.cell.title" in wheres


def test_a_missing_glyph_is_refused_before_anything_is_printed():
    checker = Checker(layouts.load("classic-a4"))
    assert checker.problems(piece(1)) == ()
    (problem,) = checker.problems(piece(2, greeting="Good morning 𓀀"))
    assert problem.where == "piece P000002, element greeting"
    assert problem.detail == "no font holds '𓀀' (U+13000)"


def test_problems_are_told_piece_by_piece_among_sound_ones():
    checker = Checker(layouts.load("classic-a4"))
    pieces = [piece(1), piece(2, greeting="Good morning 𓀀"), piece(3), piece(4, title="long " * 60)]
    found = [
        (one.seq, [problem.where for problem in them]) for one, them in checker.check_all(pieces)
    ]
    assert [(seq, bool(wheres)) for seq, wheres in found] == [
        (1, False), (2, True), (3, False), (4, True),
    ]  # fmt: skip
    assert found[1][1] == ["piece P000002, element greeting"]
    assert "piece P000004, element offers.lead.cell.title" in found[3][1]


def test_an_empty_batch_is_refused():
    with pytest.raises(InvalidInput):
        _render()
