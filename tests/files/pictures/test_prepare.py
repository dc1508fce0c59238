"""Pictures as they come from cameras, designers and suppliers, prepared for print."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from service.errors import InvalidInput
from service.files.pictures import LONGEST_EDGE_PX, prepare
from tests.files.pictures.server import picture

RED, BLUE, WHITE = (254, 0, 0), (0, 0, 254), (255, 255, 255)


def pixels(data: bytes) -> Image.Image:
    prepared = prepare(data)
    image = Image.open(BytesIO(prepared.data))
    assert (image.format, image.mode, image.size) == (
        "JPEG",
        "RGB",
        (prepared.width, prepared.height),
    )
    assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not image.getexif()
    return image


def near(found: object, expected: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 6 for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_every_kind_becomes_the_same_picture_by_its_bytes(kind: str) -> None:
    image = pixels(picture(80, 40, kind, **({"quality": 100} if kind == "JPEG" else {})))
    assert image.size == (80, 40)
    assert near(image.getpixel((5, 20)), RED)
    assert near(image.getpixel((75, 20)), BLUE)


def test_a_large_one_is_made_smaller_and_a_small_one_is_not_made_larger() -> None:
    assert pixels(picture(3000, 1500, "JPEG")).size == (LONGEST_EDGE_PX, LONGEST_EDGE_PX // 2)
    assert pixels(picture(20, 1900)).size == (6, LONGEST_EDGE_PX)
    assert pixels(picture(3, 2)).size == (3, 2)


def test_it_is_turned_as_its_camera_says_with_its_edges() -> None:
    """sorl-thumbnail#495: turned pictures had the edges of unturned ones."""
    corners = {3: ((75, 20), (5, 20)), 6: ((20, 5), (20, 75)), 8: ((20, 75), (20, 5))}
    for orientation, (red, blue) in corners.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = pixels(picture(80, 40, "JPEG", exif=exif))
        assert image.size == ((80, 40) if orientation == 3 else (40, 80))
        assert near(image.getpixel(red), RED)
        assert near(image.getpixel(blue), BLUE)


def test_what_is_transparent_becomes_white() -> None:
    for mode in ("RGBA", "LA"):
        image = Image.new(mode, (8, 8))
        out = BytesIO()
        image.save(out, "PNG")
        assert near(pixels(out.getvalue()).getpixel((4, 4)), WHITE)
    indexed = Image.new("P", (8, 8), 0)
    out = BytesIO()
    indexed.save(out, "PNG", transparency=0)
    assert near(pixels(out.getvalue()).getpixel((4, 4)), WHITE)
    half = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    out = BytesIO()
    half.save(out, "WEBP", lossless=True)
    assert near(pixels(out.getvalue()).getpixel((4, 4)), (255, 127, 127))


def test_colours_of_press_and_of_other_screens_become_those_of_srgb() -> None:
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    out = BytesIO()
    cmyk.save(out, "JPEG", quality=100)
    assert near(pixels(out.getvalue()).getpixel((8, 8)), (255, 0, 0))
    deep = Image.new("I;16", (16, 16), 0x8000)
    out = BytesIO()
    deep.save(out, "PNG")
    assert near(pixels(out.getvalue()).getpixel((8, 8)), (128, 128, 128))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(pixels(picture(icc_profile=lab)).getpixel((2, 2)), RED)
    assert near(pixels(picture(icc_profile=b"no profile")).getpixel((2, 2)), RED)


def test_the_same_bytes_come_from_the_same_and_what_is_beside_the_picture_goes() -> None:
    once, again = prepare(picture(700, 500)), prepare(picture(700, 500))
    assert once == again
    noted = picture(40, 30, "JPEG", comment=b"secret", quality=90)
    assert b"secret" not in prepare(noted).data
    assert prepare(noted) == prepare(picture(40, 30, "JPEG", quality=90))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has very many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "is an SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"%PDF-1.7", "is no picture of the kinds read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "is no picture of the kinds read"),
        (bomb(10_000, 9_000), "has "),
        (bomb(30_001, 1), "has 30,001 x 1 pixels"),
        (bomb(60_000, 60_000), "has more than 50,000,000 pixels"),
        (picture(400, 300, "JPEG")[:2000], "is broken or cut off"),
        (picture(400, 300, "PNG")[:300], "is broken or cut off"),
    ],
    ids=["empty", "xml", "svg", "page", "pdf", "eps", "bomb", "line", "large bomb", "jpeg", "png"],
)
def test_what_is_no_whole_picture_is_refused_with_its_reason(data: bytes, expected: str) -> None:
    """A picture of which the top came is none (openfoodfacts-server#2135)."""
    with pytest.raises(InvalidInput) as refused:
        prepare(data)
    assert refused.value.detail.startswith(expected)


@settings(max_examples=60)
@given(
    st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
    st.integers(0, 200),
)
def test_any_damage_is_a_picture_or_a_refusal(
    kind: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(picture(24, 16, kind))
    for place, value in changes:
        data[place % len(data)] = value
    damaged = bytes(data[: len(data) - cut])
    try:
        prepared = prepare(damaged)
    except InvalidInput:
        return
    assert prepare(damaged) == prepared
