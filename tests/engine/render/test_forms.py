"""Content that comes again is written once: what pages draw by name, and how they look."""

import io
import re

import numpy as np
import pikepdf
import pypdfium2 as pdfium

from service.engine.render import render_batch, render_one
from service.files import layouts
from tests.engine.render.lists import ADDRESS, document, piece

LAYOUT = "compact-letter"


def _render(*pieces):
    out = io.BytesIO()
    render_batch(pieces, layouts.load(LAYOUT), out, title="Lists", language="en-US")
    return out.getvalue()


def _rasterise(data, page):
    return pdfium.PdfDocument(data)[page].render(scale=2).to_numpy()


def test_a_line_that_comes_again_is_one_form():
    data = _render(*(piece(n) for n in range(1, 6)))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        drawn = [re.findall(rb"/([a-zA-Z]+) Do", page.Contents.read_bytes()) for page in pdf.pages]
        names = [str(name) for name in pdf.pages[4].Resources.XObject]
        form_ops = [pdf.pages[4].Resources.XObject[f"/{n.decode()}"].read_bytes() for n in drawn[4]]
    # What has a picture is a form at once; the rest when it comes again.
    assert len(drawn[0]) < 12
    assert len(drawn[2]) >= 20
    assert drawn[2] == drawn[3] == drawn[4]
    assert len(names) == len(set(names))
    assert sum("cheddar".encode("utf-16-be") in ops.replace(b")(", b"") for ops in form_ops) == 3


def test_a_page_looks_the_same_with_and_without_forms():
    data = _render(*(piece(1) for _ in range(4)))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        contents = [page.Contents.read_bytes() for page in pdf.pages]
    assert contents[0] != contents[3]
    assert np.array_equal(_rasterise(data, 0), _rasterise(data, 3))


def test_every_page_names_what_it_draws_beyond_the_hundredth():
    data = _render(*(piece(n) for n in range(1, 206)))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 205
        for page in pdf.pages:
            known = {str(name).encode() for name in page.Resources.XObject}
            assert set(re.findall(rb"(/\w+) Do", page.Contents.read_bytes())) <= known


def test_a_household_s_own_list_has_no_forms_but_the_art():
    data = render_one(document(), ADDRESS, layouts.load(LAYOUT))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        drawn = re.findall(rb"(/\w+) Do", pdf.pages[0].Contents.read_bytes())
    assert drawn[0] == b"/A1"
    assert {name[:2] for name in drawn[1:]} == {b"/P"}
