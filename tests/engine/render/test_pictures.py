"""Pictures and pictograms: each once in a file, and never in the way of a letter."""

import io
from dataclasses import replace
from datetime import date

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.engine.content import Pictogram
from service.engine.render import layout_from, render_batch, render_one
from service.engine.render.layout_styles import _contrast, _rgb, colours
from service.engine.render.pictures import jpeg_of
from service.errors import InvalidInput
from service.files import layouts
from service.files.print_setup import conformance_of, inks_of
from service.settings import Settings
from tests.engine.render.lists import document, piece

RED, BLUE = (200, 30, 30), (30, 30, 200)
HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def jpeg(colour: tuple[int, ...], mode: str = "RGB", size: tuple[int, int] = (40, 60)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour if len(colour) > 1 else colour[0]).save(out, "JPEG")
    return out.getvalue()


def pictured(seq: int, *digests: str | None):
    one = piece(seq, offers=len(digests))
    offers = tuple(
        replace(offer, picture=digest)
        for offer, digest in zip(one.document.offers, digests, strict=True)
    )
    return replace(one, document=replace(one.document, offers=offers))


def printed(kept: dict[str, bytes], *pieces, layout: str = "classic-letter") -> bytes:
    out = io.BytesIO()
    render_batch(pieces, layouts.load(layout), out, title="t", language="en", pictures=kept)
    return out.getvalue()


def images(data: bytes) -> list[pikepdf.Object]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [
            each.Width
            for each in pdf.objects
            if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"
        ]


def test_a_picture_is_in_the_file_once_however_often_it_is_drawn() -> None:
    """As react-pdf#1852 and others have it: a picture on each page made each page larger."""
    kept = {"red": jpeg(RED), "blue": jpeg(BLUE, size=(50, 60))}
    once = printed(kept, pictured(1, "red", "blue", None))
    often = printed(kept, *(pictured(n, "red", "blue", "red") for n in range(1, 31)))
    assert sorted(images(once)) == sorted(images(often)) == [40, 50]
    assert len(often) - len(once) < 30 * 4_000
    assert images(printed(kept, piece())) == []


def test_what_is_not_kept_or_no_picture_is_a_pictogram() -> None:
    """As psliwa/PHPPdf#110 has it: pictures in inks came out as negatives."""
    kept = {"inks": jpeg((0, 0, 0, 0), "CMYK"), "text": b"GIF89a", "cut": jpeg(RED)[:60]}
    plain = printed({}, pictured(1, None, None, None, None))
    for digest in ("missing", *kept):
        assert printed(kept, pictured(1, digest, None, digest, None)) == plain


def test_a_picture_shows_in_its_colours() -> None:
    for kept, wanted in ((jpeg(RED), RED), (jpeg((90,), "L"), (90, 90, 90))):
        page = pdfium.PdfDocument(printed({"it": kept}, pictured(1, "it")))[0]
        seen = page.render(scale=1).to_pil().getcolors(1_000_000)
        near = max(
            count for count, colour in seen if max(map(abs, np.subtract(colour, wanted))) < 8
        )
        assert near > 2_000


def test_a_household_s_own_list_has_its_pictures_too() -> None:
    one = pictured(1, "red", None)
    layout = layouts.load("classic-letter")
    data = render_one(one.document, None, layout, pictures={"red": jpeg(RED)})
    assert images(data) == [40]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_the_same_pictures_by_other_digests_look_the_same() -> None:
    def shown(first: str, second: str) -> bytes:
        kept = {second: jpeg(BLUE), first: jpeg(RED)}
        data = printed(kept, pictured(1, first, second, first))
        return pdfium.PdfDocument(data)[0].render(scale=1).to_numpy().tobytes()

    assert shown("a", "b") == shown("z", "y")
    assert shown("a", "b") != shown("a", "a")


def test_a_logo_stands_for_the_name_and_is_named() -> None:
    named = document()
    marked = replace(named, logo="logo")
    layout = layouts.load("classic-letter")
    data = render_one(marked, None, layout, pictures={"logo": jpeg(RED, size=(200, 50))})
    with pikepdf.open(io.BytesIO(data)) as pdf:
        kids = pdf.Root.StructTreeRoot.K.K[0].K
        assert "Larder Market" in [str(kid.get("/Alt", "")) for kid in kids]
    front = pdfium.PdfDocument(data)[0].get_textpage().get_text_range()
    assert not front.startswith("Larder Market\r\nNovember")


def test_there_is_a_pictogram_for_every_name_and_each_looks_different() -> None:
    drawn = layouts.stationery().pictograms
    assert set(drawn.names) == {*Pictogram}
    made = {drawn.ops(name, colour=b"0 g", tint=b"0.5 g") for name in drawn.names}
    assert len(made) == len(drawn.names)


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"print_profile": "x4"}, "/CalRGB"),
        ({"print_profile": "vt1"}, "/CalRGB"),
        ({"print_profile": "x4", "print_inks": "black"}, "/DeviceGray"),
        ({"print_profile": "x4", "print_inks": "spot", "print_spot": "PANTONE 1 C"}, "/DeviceGray"),
    ],
)
def test_pictures_on_a_press_name_no_light_of_a_device(how: dict[str, str], wanted: str) -> None:
    settings = Settings(secret_key="k" * 32, code_key="k" * 32, **how)
    out = io.BytesIO()
    render_batch(
        [pictured(1, "red", None)],
        layouts.load("classic-letter", inks_of(settings)),
        out,
        title="t",
        language="en",
        pictures={"red": jpeg(RED)},
        conformance=conformance_of(settings, made_on=date(2026, 3, 2)),
    )
    with pikepdf.open(out) as pdf:
        assert pdf.check_pdf_syntax() == []
        streams = [each for each in pdf.objects if isinstance(each, pikepdf.Stream)]
        (space,) = [each.ColorSpace for each in streams if each.get("/Subtype") == "/Image"]
        assert str(space if isinstance(space, pikepdf.Name) else space[0]) == wanted
        drawn = [each for each in streams if each.get("/Subtype") == "/Form"]
        for content in [*drawn, *[page.Contents for page in pdf.pages]]:
            assert b" rg" not in content.read_bytes()
            assert b" RG" not in content.read_bytes()
    page = pdfium.PdfDocument(out.getvalue())[0].render(scale=0.5).to_pil()
    assert page.getcolors(1_000_000)


def test_a_size_is_read_from_any_jpeg() -> None:
    for size in ((1, 1), (600, 400), (7, 300)):
        made = jpeg_of(jpeg(RED, size=size))
        assert made is not None
        assert (made.width, made.height, made.space) == (*size, b"/DeviceRGB")
    assert jpeg_of(b"") is None
    assert jpeg_of(b"\xff\xd8\xff") is None


@given(HEX)
def test_derived_colours_are_read_on_their_ground(accent: str) -> None:
    white = (1.0, 1.0, 1.0)
    base = _rgb("accent", accent, {})
    known = {"accent": base}
    assert _contrast(_rgb("x", "dark accent", known), white) >= 4.5
    assert _contrast(_rgb("x", "on accent", known), base) >= 4.5
    tint = _rgb("x", "accent 7%", known)
    assert all(t >= b - 1e-9 for t, b in zip(tint, base, strict=True))
    assert _rgb("x", "accent 100%", known) == pytest.approx(base)


def test_a_colour_is_made_of_one_named_before_it() -> None:
    assert colours({"accent": "#000000", "soft": "accent 50%"})["soft"] == (0.5, 0.5, 0.5)
    for wrong in ("none 5%", "accent 101%", "light accent", "#12345"):
        with pytest.raises(InvalidInput, match=r"colours\.soft: .* is no colour"):
            colours({"accent": "#000000", "soft": wrong})


def test_the_retailer_s_colour_takes_the_place_of_the_layout_s() -> None:
    plain = document()
    layout = layouts.load("classic-letter")
    asked = [None, "#1f5138", "#ffcc00"]
    made = [
        render_one(plain if each is None else replace(plain, colour=each), None, layout)
        for each in asked
    ]
    assert made[0] == made[1] != made[2]


def own_layout(*elements: dict[str, object]):
    data = {"schema": "larder-layout/1", "extends": "compact-a4", "name": "own"}
    merged = layouts.merge({**data, "elements": [*elements]}, base=layouts._layout_data)
    return layout_from(merged, windows=layouts.windows(), stationery=layouts.stationery())


def test_control_marks_say_page_and_number_and_are_even() -> None:
    bars = ["always", "first", "last", "sequence_1", "sequence_2", "sequence_4", "even"]
    marks = {"id": "omr", "kind": "control_marks", "x": 198, "y": 120, "w": 6, "pitch": 4}
    layout = own_layout({**marks, "bars": bars})
    for seq in (1, 2, 7, 8):
        out = io.BytesIO()
        render_batch([piece(seq)], layout, out, title="t", language="en")
        page = pdfium.PdfDocument(out.getvalue())[0]
        rows = page.render(scale=4, grayscale=True).to_numpy().squeeze()
        seen = [
            bool(rows[int((120 + 4 * place + 0.25) * 72 / 25.4 * 4), int(201 * 72 / 25.4 * 4)] < 99)
            for place in range(len(bars))
        ]
        assert seen[:6] == [True, True, True, *(bool(seq & bit) for bit in (1, 2, 4))]
        assert sum(seen) % 2 == 0


def test_a_slot_names_what_it_stands_below() -> None:
    slot = {"id": "own", "kind": "slot", "y": 200, "clear_of": "nothing", "parts": []}
    with pytest.raises(InvalidInput, match=r"own\.clear_of: is 'nothing' \(use .*offers"):
        own_layout(slot)
