"""Files for a press are what they claim: read by pikepdf and qpdf, separated by Ghostscript."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pikepdf.pdfa
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.engine.render import render_batch
from service.engine.render.document import _boxes
from service.engine.render.parts import MM, Rule
from service.engine.render.standard import Standard, for_press
from service.files import layouts
from service.files.print_setup import conformance_of, inks_of
from tests.engine.render.lists import document, piece
from tests.engine.render.press import DAY, SAMPLES, SPOT, setup

LAYOUT = "classic-a4"
PRESS = [name for name in SAMPLES if name != "ua1"]
needs_ghostscript = pytest.mark.skipif(not shutil.which("gs"), reason="Ghostscript is missing")
needs_qpdf = pytest.mark.skipif(not shutil.which("qpdf"), reason="qpdf is missing")


@cache
def sample(name: str, made_on: date = DAY, pieces: int = 3) -> bytes:
    """The sample file of a profile."""
    settings = setup(name)
    out = BytesIO()
    render_batch(
        [piece(seq) for seq in range(1, pieces + 1)],
        layouts.load(LAYOUT, inks_of(settings)),
        out,
        title="Lists & more",
        language="en-US",
        conformance=conformance_of(settings, made_on=made_on),
    )
    return out.getvalue()


@cache
def plain() -> bytes:
    out = BytesIO()
    pieces = [piece(seq) for seq in (1, 2, 3)]
    render_batch(pieces, layouts.load(LAYOUT), out, title="Lists & more", language="en-US")
    return out.getvalue()


def opened(name: str) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(sample(name)))


@needs_qpdf
@pytest.mark.parametrize("name", SAMPLES)
def test_qpdf_finds_no_fault_in_the_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "sample.pdf"
    file.write_bytes(sample(name))
    found = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("name", PRESS)
def test_a_check_for_pdf_a_finds_only_what_it_does_not_know_of_presses(name: str) -> None:
    check_for_archive(sample(name), name)


def check_for_archive(data: bytes, name: str) -> None:
    """PDF/A-2 asks the same of fonts, streams, metadata, pictures and device colours."""
    pdf = pikepdf.open(BytesIO(data))
    own = pdf.Root.OutputIntents[0]
    archive = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name.GTS_PDFA1,
        OutputConditionIdentifier=own.OutputConditionIdentifier,
        DestOutputProfile=own.DestOutputProfile,
    )
    pdf.Root.OutputIntents.append(pdf.make_indirect(archive))
    found = {finding.rule for finding in pikepdf.pdfa.check(pdf, "2b").findings}
    assert found - {"pikepdf:colour-space"} <= {
        "pikepdf:schema-OutputIntent",
        "pikepdf:schema-Catalog",
        "ISO_19005_2:6.6.2.3.1-1",  # The claims of PDF/X and PDF/VT.
        "ISO_19005_2:6.6.4-1",  # No claim of PDF/A.
    }
    assert ("pikepdf:colour-space" in found) == (name == "x4, spot")  # It knows no spot inks.


@pytest.mark.parametrize("name", PRESS)
def test_what_pdf_x_4_asks_for_is_there(name: str) -> None:
    pdf = opened(name)
    assert sample(name).startswith(b"%PDF-1.6\n")
    assert not pdf.is_encrypted
    (intent,) = pdf.Root.OutputIntents
    assert (intent.S, str(intent.OutputConditionIdentifier)) == ("/GTS_PDFX", "FOGRA39")
    profile = intent.DestOutputProfile.read_bytes()
    assert (profile[12:20], intent.DestOutputProfile.N) == (b"prtrCMYK", 4)
    bleed = 0 if "black" in name else 8.64
    for page in pdf.pages:
        width, height = (float(each) for each in page.MediaBox[2:])
        assert [float(each) for each in page.TrimBox] == pytest.approx(
            [bleed, bleed, width - bleed, height - bleed]
        )
        assert page.BleedBox == page.MediaBox
        assert "/Annots" not in page
        assert "/ArtBox" not in page
    assert str(pdf.docinfo.CreationDate) == str(pdf.docinfo.ModDate) == "D:20260302000000Z"
    assert str(pdf.docinfo.Trapped) == "/False"
    with pdf.open_metadata() as stated:
        assert stated["pdfxid:GTS_PDFXVersion"] == "PDF/X-4"
        assert stated["dc:title"] == "Lists & more"
        assert stated["pdf:Trapped"] == "False"
        assert {stated[f"xmp:{each}Date"] for each in ("Create", "Modify", "Metadata")} == {
            "2026-03-02T00:00:00Z"
        }
        assert stated["xmpMM:DocumentID"].startswith("uuid:")
        assert ("{http://www.npes.org/pdfvt/ns/id/}GTS_PDFVTVersion" in stated) == (name == "vt1")


def test_the_same_letters_of_the_same_day_are_the_same_bytes() -> None:
    again = sample.__wrapped__("x4")
    assert again == sample("x4")
    assert sample("x4", made_on=date(2026, 3, 3)) != again


def content_streams(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Everything that is drawn: pages, and the forms that they draw by name."""
    yield from pdf.pages
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Form":
            yield thing


def colours(pdf: pikepdf.Pdf) -> set[tuple[str, tuple[float, ...]]]:
    found = set()
    for stream in content_streams(pdf):
        for operands, operator in pikepdf.parse_content_stream(stream):
            if str(operator) in {"g", "G", "rg", "RG", "k", "K", "sc", "SC", "scn", "SCN"}:
                found.add((str(operator).lower(), tuple(float(each) for each in operands)))
    return found


@pytest.mark.parametrize("name", PRESS)
def test_nothing_is_drawn_but_in_inks_and_text_is_solid_black(name: str) -> None:
    used = colours(opened(name))
    assert {operator for operator, _ in used} == ({"k", "scn"} if "spot" in name else {"k"})
    assert ("k", (0.0, 0.0, 0.0, 1.0)) in used
    greys = {shares[3] for operator, shares in used if operator == "k" and not any(shares[:3])}
    assert greys.isdisjoint(share / 100 for share in range(51, 100))
    if name == "x4, spot":
        tints = {shares for operator, shares in used if operator == "scn"}
        assert (1.0,) in tints
        assert len(tints) > 1
    if name == "vt1":
        assert ("k", (0.85, 0.2, 0.7, 0.5)) in used


def separations(data: bytes, folder: Path) -> dict[str, float]:
    """How much of the first page each ink covers, by Ghostscript's separations."""
    file = folder / "sample.pdf"
    file.write_bytes(data)
    command = ["gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=tiffsep", "-r40"]
    made = f"-sOutputFile={folder}/page.tif"
    subprocess.run([*command, made, "-dLastPage=1", file], check=True, capture_output=True)
    covered = {}
    for plate in folder.glob("page(*).tif"):
        with Image.open(plate) as image:
            covered[plate.name[5:-5]] = float(np.mean(255 - np.asarray(image.convert("L"))) / 255)
    return covered


@needs_ghostscript
@pytest.mark.parametrize(
    ("name", "inks"),
    [
        ("x4", {"Black", "Cyan", "Magenta", "Yellow"}),
        ("x4, black", {"Black"}),
        ("x4, spot", {"Black", SPOT}),
        ("vt1", {"Black", "Cyan", "Magenta", "Yellow"}),
    ],
)
def test_ghostscript_separates_the_page_into_these_inks(
    name: str, inks: set[str], tmp_path: Path
) -> None:
    covered = separations(sample(name), tmp_path)
    assert {ink for ink, share in covered.items() if share > 0} == inks
    assert covered["Black"] > 0.02
    with Image.open(tmp_path / "page(Black).tif") as plate:
        assert np.asarray(plate.convert("L")).min() == 0  # Black stays 100 %.


@given(st.sampled_from(["a4", "letter"]), st.floats(0, 20, allow_nan=False))
def test_the_page_lies_in_its_bleed_however_lengths_are_rounded(sheet: str, mm: float) -> None:
    """Ghostscript refuses a TrimBox that leaves the BleedBox by a ten-thousandth of a point."""
    layout = layouts.load("classic-a4" if sheet == "a4" else "classic-letter")
    condition = conformance_of(setup("x4"), made_on=DAY).condition
    assert condition is not None
    conformance = for_press(Standard.X4, condition=condition, bleed_mm=mm, made_on=DAY)
    numbers = re.findall(rb"/(\w+)\[([^]]*)\]", _boxes(layout, conformance))
    boxes = {name: [float(each) for each in box.split()] for name, box in numbers}
    assert boxes[b"MediaBox"] == boxes[b"BleedBox"]
    trim, bleed = boxes[b"TrimBox"], boxes[b"BleedBox"]
    assert trim[0] >= bleed[0]
    assert trim[1] >= bleed[1]
    assert trim[2] <= bleed[2]
    assert trim[3] <= bleed[3]
    assert mm <= conformance.bleed_pt / MM + 1e-5 < mm + 0.1
    assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx(layout.size_pt, abs=0.01)


def test_each_piece_is_a_record_of_pdf_vt() -> None:
    pdf = opened("vt1")
    root = pdf.Root.DPartRoot
    assert root.RecordLevel == 1
    assert [str(each) for each in root.NodeNameList] == ["/Batch", "/Piece"]
    node = root.DPartRootNode
    assert node.Parent.objgen == root.objgen
    (records,) = node.DParts
    assert [str(each.DPM.Larder_Piece) for each in records] == [
        piece(seq).piece_id for seq in (1, 2, 3)
    ]
    ends = [(each.Start.objgen, each.End.objgen) for each in records]
    pages = [page.objgen for page in pdf.pages]
    assert ends == [(pages[at], pages[at + 1]) for at in (0, 2, 4)]
    assert all(each.Parent.objgen == node.objgen for each in records)
    assert [page.DPart.objgen for page in pdf.pages] == [
        each.objgen for each in records for _ in range(2)
    ]
    with pdf.open_metadata() as stated:
        space = "{http://www.npes.org/pdfvt/ns/id/}"
        assert stated[f"{space}GTS_PDFVTVersion"] == "PDF/VT-1"
        assert stated[f"{space}GTS_PDFVTModDate"] == stated["xmp:ModifyDate"]


@pytest.mark.parametrize("name", SAMPLES)
def test_all_content_is_tagged_or_an_artifact(name: str) -> None:
    painting = {"f", "S", "Tj", "TJ", "Do"}
    pdf = opened(name)
    for page in pdf.pages:
        depth, numbers = 0, []
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "BDC":
                    depth += 1
                    numbers.append(int(operands[1].MCID))
                case "BMC":
                    depth += 1
                case "EMC":
                    depth -= 1
                case drawn if drawn in painting:
                    assert depth == 1
        assert numbers == list(range(len(numbers)))
        assert depth == 0
    assert pdf.Root.MarkInfo.Marked is True
    assert str(pdf.Root.Lang) == "en-US"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle is True


def elements(node: Any) -> Iterator[Any]:
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            yield kid
            yield from elements(kid)


def test_a_file_for_reading_aloud_has_lists_headings_in_order_and_alternative_texts() -> None:
    pdf = opened("ua1")
    found = list(elements(pdf.Root.StructTreeRoot))
    roles = [str(each.S).removeprefix("/") for each in found]
    lines = len(document().offers) + len(document().reminders)
    assert roles.count("LI") >= 3 * lines
    assert all(str(each.P.S) == "/L" for each in found if each.S == "/LI")
    assert all(str(each.P.S) == "/LI" for each in found if each.S == "/LBody")
    assert all(str(each.Alt) for each in found if each.S == "/Figure")
    for section in (each for each in found if each.S == "/Sect"):
        headings = [str(each.S)[2:] for each in elements(section) if str(each.S)[1:2] == "H"]
        assert headings[0] == "1"
        assert all(int(after) <= int(before) + 1 for before, after in pairwise(headings))
        assert str(section.Lang) == "en-US"
    with pdf.open_metadata() as stated:
        assert stated["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_press_prints_what_the_plain_file_shows(name: str) -> None:
    """Each text stands at the same place of the trimmed page; as much is dark there."""
    drawn, wanted = (pdfium.PdfDocument(data) for data in (sample(name), plain()))
    assert len(drawn) == len(wanted)
    for mine, other in zip(drawn, wanted, strict=True):
        assert placed_texts(mine) == placed_texts(other)
    mine, other = (trimmed_pixels(each[0]) < 160 for each in (drawn, wanted))
    assert other.sum() > 100_000
    assert mine.sum() == pytest.approx(other.sum(), rel=0.03)


def placed_texts(page: Any) -> list[tuple[str, tuple[float, ...]]]:
    left, bottom, _, _ = page.get_trimbox()
    texts = page.get_textpage()
    made = []
    for at in range(texts.count_rects()):
        box = texts.get_rect(at)
        starts = (left, bottom, left, bottom)
        edges = tuple(round(edge - start, 1) for edge, start in zip(box, starts, strict=True))
        made.append((texts.get_text_bounded(*box), edges))
    return sorted(made)


def trimmed_pixels(page: Any) -> Any:
    """The grey pixels of the trimmed page at 300 dpi: the bleed is whole dots."""
    image = page.render(scale=300 / 72, grayscale=True).to_numpy()
    left, bottom, right, top = (round(each * 300 / 72) for each in page.get_trimbox())
    return image[image.shape[0] - top : image.shape[0] - bottom, left:right]


def test_what_ends_at_an_edge_of_the_page_goes_on_into_the_bleed() -> None:
    settings = setup("x4")
    layout = layouts.load(LAYOUT, inks_of(settings))
    width = layout.size_pt[0] / MM
    band = Rule("band", 1, 0, 0, width, 10, layout.inks.black)
    box = Rule("box", 1, 1, 20, width - 2, 10, layout.inks.black)
    layout = replace(layout, elements=(band, box))
    out = BytesIO()
    conformance = conformance_of(settings, made_on=DAY)
    render_batch([piece()], layout, out, title="T", language="en", conformance=conformance)
    image = pdfium.PdfDocument(out.getvalue())[0].render(scale=300 / 72, grayscale=True).to_numpy()
    dark = image.reshape(image.shape[:2]) < 128
    bleed = round(conformance.bleed_pt * 300 / 72)
    assert bleed == 36
    assert dark[: bleed + 118].all()
    rows = slice(bleed + round(21 * 300 / 25.4), bleed + round(29 * 300 / 25.4))
    assert not dark[rows, : bleed + 11].any()
    assert dark[rows, bleed + 13 : -bleed - 13].all()
