from pathlib import Path

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from service.engine.render import SymbolProfile, render_batch
from service.errors import InvalidInput, NotFound
from service.files import layouts
from service.publish.verify import verify
from tests.engine.render.lists import piece


def _printed(folder: Path, *, layout: str = "compact-letter", count: int = 3, **how) -> Path:
    path = folder / "lists.pdf"
    with path.open("wb") as out:
        render_batch(
            [piece(n) for n in range(1, count + 1)],
            layouts.load(layout),
            out,
            title="Lists",
            language="en-US",
            **how,
        )
    return path


def _codes(*numbers: int) -> list[str]:
    return [piece(n).document.list_code for n in numbers]


@pytest.mark.parametrize("layout", layouts.names())
def test_every_shipped_layout_prints_clean(tmp_path, layout):
    path = _printed(tmp_path, layout=layout, count=2)
    found = verify(path, dpi=203, expected=_codes(1, 2))
    assert found.problems == ()
    assert found.clean
    assert found.codes == tuple(_codes(1, 2))
    assert found.checked == 2


def test_a_sample_is_spread_over_the_file(tmp_path):
    found = verify(_printed(tmp_path, count=5), sample=3, expected=_codes(1, 2, 3, 4, 5))
    assert found.codes == tuple(_codes(1, 3, 5))
    assert found.clean


def test_codes_of_other_lists_are_found(tmp_path):
    found = verify(_printed(tmp_path), expected=_codes(1, 3, 3))
    assert [str(problem) for problem in found.problems] == [
        "piece 2: carries the code of another list"
    ]


def test_a_lost_page_is_found(tmp_path):
    path = _printed(tmp_path)
    short = tmp_path / "short.pdf"
    with pikepdf.open(path) as pdf:
        del pdf.pages[2]
        pdf.save(short)
    (problem,) = verify(short).problems
    assert problem.detail == "has 2 pages for 3 pieces of 1"


def test_a_repeated_symbol_is_found(tmp_path):
    path = tmp_path / "lists.pdf"
    with path.open("wb") as out:
        render_batch(
            [piece(1), piece(1)],
            layouts.load("compact-letter"),
            out,
            title="Lists",
            language="en",
        )
    assert [p.detail for p in verify(path).problems] == ["1 symbols repeat an earlier one"]


def test_a_covered_symbol_a_strange_font_and_stray_text_are_found(tmp_path):
    path = _printed(tmp_path, count=1)
    stamp = tmp_path / "stamp.pdf"
    canvas = Canvas(str(stamp), pagesize=(612, 792))
    canvas.setFillGray(1)
    canvas.rect(300, 20, 300, 75, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.drawString(100, 590, "OVERDUE" * 12)
    canvas.drawString(2, 400, "edge")
    canvas.save()
    spoiled = tmp_path / "spoiled.pdf"
    with pikepdf.open(path) as pdf, pikepdf.open(stamp) as over:
        pdf.pages[0].add_overlay(over.pages[0])
        pdf.save(spoiled)
    details = [problem.detail for problem in verify(spoiled).problems]
    assert "has 0 readable gs1_128 symbols at 300 dpi, not 1" in details
    assert "Helvetica is not embedded" in details
    assert "'edge' leaves the safe area of 5 mm" in details
    assert any("may be cut by the us-10 window" in detail for detail in details)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("profile", list(SymbolProfile))
def test_every_symbol_profile_reads_back(tmp_path, profile, dpi):
    path = tmp_path / "lists.pdf"
    given = [piece(n) for n in range(1, 3)]
    given = [
        type(p)(p.piece_id, p.seq, p.address, type(p.document)(**_fields(p.document, n)))
        for n, p in enumerate(given, 1)
    ]
    with path.open("wb") as out:
        render_batch(
            given,
            layouts.load("large-print-letter"),
            out,
            title="Lists",
            language="en",
            profile=profile,
        )
    found = verify(path, dpi=dpi, expected=[p.document.list_code for p in given])
    assert found.problems == ()
    assert len(found.codes) == 2


def _fields(document, number):
    """The document's fields with a serial in the in-store range, which EAN-13 asks for."""
    fields = {name: getattr(document, name) for name in document.__slots__}
    fields["list_code"] = f"{document.list_code[:16]}2{number:011d}"
    return fields


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "other.pdf"
    canvas = Canvas(str(other))
    canvas.drawString(100, 100, "hello")
    canvas.save()
    with pytest.raises(InvalidInput, match="was not printed by this service"):
        verify(other)
    (tmp_path / "text.pdf").write_text("hello")
    with pytest.raises(InvalidInput, match="cannot be opened as a PDF"):
        verify(tmp_path / "text.pdf")
    with pytest.raises(NotFound, match=r"There is no file .*none\.pdf; give the path of a PDF"):
        verify(tmp_path / "none.pdf")
