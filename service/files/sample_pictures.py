"""Pictures of sample letters: of their goods, and a logo with the retailer's name."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from service.files.pictures.prepare import prepare

_TEMPLATES = files("templates")
_FONT = "larder-serif-semibold.ttf"
_HEIGHT_PX = 128
_SIZE_PX = 84
_COLOUR = "#2b2b2b"


class SamplePictures(NamedTuple):
    """Digests by the names of `samples.json`, prepared pictures by digest, and the logo's digest.

    Without a logo (its font lacks a letter of the name) that digest is None.
    """

    digests: Mapping[str, str]
    kept: Mapping[str, bytes]
    logo: str | None


@lru_cache(maxsize=4)
def sample_pictures(retailer: str, colour: str = "") -> SamplePictures:
    """The pictures of a sample letter of a retailer; `colour` is "#rrggbb" or empty."""
    kept: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    for file in sorted((_TEMPLATES / "pictures").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".jpg"):
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            digests[file.name.removesuffix(".jpg")], kept[digest] = digest, data
    logo = _logo(retailer, colour or _COLOUR)
    if logo is None:
        return SamplePictures(digests, kept, None)
    prepared = prepare(logo)
    return SamplePictures(digests, {**kept, prepared.digest: prepared.data}, prepared.digest)


def _logo(retailer: str, colour: str) -> bytes | None:
    """The name beside a leaf on a disc, as PNG; None where the font lacks a letter."""
    font = ImageFont.truetype(BytesIO((_TEMPLATES / "fonts" / _FONT).read_bytes()), _SIZE_PX)
    missing = bytes(font.getmask("\U0010ffff"))
    name = " ".join(retailer.split())
    if not name or any(
        not each.isspace() and bytes(font.getmask(each)) == missing for each in name
    ):
        return None
    left = _HEIGHT_PX + 26
    image = Image.new("RGB", (left + int(font.getlength(name)) + 8, _HEIGHT_PX), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 2, _HEIGHT_PX - 3, _HEIGHT_PX - 3), fill=colour)
    draw.polygon(((36, 92), (38, 62), (62, 38), (94, 34), (90, 66), (66, 90)), fill="white")
    draw.line(((30, 100), (82, 46)), fill=colour, width=5)
    draw.text((left, _HEIGHT_PX // 2), name, font=font, fill=colour, anchor="lm")
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
