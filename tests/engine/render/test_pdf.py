import io
import tracemalloc

import pikepdf
import pytest

from service.engine.render import render_batch
from service.engine.render.pdf import PdfWriter, text_string
from service.files import layouts
from tests.engine.render.lists import piece


class _Sink(io.RawIOBase):
    def write(self, data):
        return len(data)


def test_objects_come_back_whatever_the_order():
    out = io.BytesIO()
    pdf = PdfWriter(out)
    root, info, pages, page = (pdf.reserve() for _ in range(4))
    stream = pdf.add_stream(b"0 0 10 10 re f")
    pdf.put(
        page,
        b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]/Resources<<>>/Contents %d 0 R>>"
        % (pages, stream),
    )
    pdf.put(info, b"<</Title%b>>" % text_string("Käse"))
    pdf.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    pdf.put(root, b"<</Type/Catalog/Pages %d 0 R>>" % pages)
    pdf.close(root=root, info=info)
    with pikepdf.open(io.BytesIO(out.getvalue())) as read:
        assert read.check_pdf_syntax() == []
        assert str(read.docinfo.Title) == "Käse"
        assert read.pages[0].Contents.read_bytes() == b"0 0 10 10 re f"


def test_an_object_promised_but_never_written_is_a_fault():
    pdf = PdfWriter(io.BytesIO())
    root = pdf.reserve()
    info = pdf.add(b"<<>>")
    with pytest.raises(ValueError, match="objects reserved but never written: 1 and others"):
        pdf.close(root=root, info=info)


@pytest.mark.parametrize("text", ["plain", "a (b) c", "back\\slash", "Käse", "清单", "€ 5"])
def test_text_strings_keep_their_text(text):
    assert str(pikepdf.Object.parse(text_string(text))) == text


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pieces():
    layout = layouts.load("compact-letter")
    peaks = {}

    def pieces(count):
        for n in range(1, count + 1):
            yield piece(n, offers=12, reminders=12)
            if n % 400 == 0:
                peaks[n] = tracemalloc.get_traced_memory()[1]

    def render(count):
        render_batch(pieces(count), layout, _Sink(), title="Lists", language="en")

    render(20)
    tracemalloc.start()
    render(2_000)
    tracemalloc.stop()
    assert (peaks[2_000] - peaks[400]) / 1_600 < 1_000
