"""Place pictures and pictograms: each is in the file once, however often it is drawn."""

import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

from PIL import Image

from service.engine.render.inks import Inks, ProcessInks, ScreenInks
from service.engine.render.parts import MM, PictureBox
from service.engine.render.pictograms import Pictograms, rounded

_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)))
"""The markers of a JPEG that say its size (ITU-T T.81, table B.1)."""
_GREY, _RGB = b"/DeviceGray", b"/DeviceRGB"
_SPACES = {1: _GREY, 3: _RGB}
_D65 = b"/WhitePoint[0.9505 1 1.089]"
_CALIBRATED = {
    _GREY: b"[/CalGray<<%b/Gamma 2.2>>]" % _D65,
    _RGB: b"[/CalRGB<<%b/Gamma[2.2 2.2 2.2]/Matrix[0.4124 0.2126 0.0193 0.3576 0.7152 0.1192"
    b" 0.1805 0.0722 0.9505]>>]" % _D65,
}
"""sRGB (IEC 61966-2-1) without a profile (ISO 32000-1 clause 8.6.5)."""
_QUALITY = 85


class Jpeg(NamedTuple):
    """A picture as it is embedded; `space` is its colour space in PDF."""

    data: bytes
    width: int
    height: int
    space: bytes


class Placed(NamedTuple):
    """What is drawn by this resource name, and its size in its own units."""

    name: bytes
    width: float
    height: float
    unit: float
    """The size of the square that the resource itself fills."""


class PicturePainter:
    """Draws pictures by digest, and pictograms. Nothing is drawn until there is a file.

    `write_image` and `write_drawing` write into the file, and return the name of the resource.
    """

    def __init__(self, kept: Mapping[str, bytes], pictograms: Pictograms, inks: Inks) -> None:
        self._kept = kept
        self._inks = inks
        self._pictograms = pictograms
        self._images: dict[str, Placed | None] = {}
        self._drawings: dict[tuple[str, bytes, bytes], Placed] = {}
        self.write_image: Callable[[Jpeg], bytes] | None = None
        self.write_drawing: Callable[[bytes, float], bytes] | None = None

    def ops(self, box: PictureBox, picture: str, pictogram: str, *, top: float) -> bytes:
        """Draw a picture in its box, else the pictogram; `top` is where `y` counts from."""
        if self.write_image is None or self.write_drawing is None:
            return b""
        placed = self._image(picture) if picture else None
        is_picture = placed is not None
        if placed is None:
            placed = self._drawing(box.pictogram or pictogram, box)
        if placed is None:
            return b""
        return _draw(box, placed, top=top, is_picture=is_picture)

    def _image(self, digest: str) -> Placed | None:
        """The picture of a digest; None if it is not kept, or no JPEG."""
        if digest not in self._images:
            data = self._kept.get(digest)
            facts = jpeg_of(data) if data is not None else None
            if facts is None or self.write_image is None:
                self._images[digest] = None
            else:
                name = self.write_image(in_inks(facts, self._inks))
                self._images[digest] = Placed(name, facts.width, facts.height, 1.0)
        return self._images[digest]

    def _drawing(self, name: str, box: PictureBox) -> Placed | None:
        if not name or self.write_drawing is None:
            return None
        key = (name, box.colour, box.tint)
        found = self._drawings.get(key)
        if found is None:
            size = self._pictograms.size
            paper = self._inks.fill((1.0, 1.0, 1.0))
            ops = self._pictograms.ops(name, colour=box.colour, tint=box.tint, paper=paper)
            found = Placed(self.write_drawing(ops, size), size, size, size)
            self._drawings[key] = found
        return found


def _draw(box: PictureBox, placed: Placed, *, top: float, is_picture: bool) -> bytes:
    cover = box.cover and is_picture
    left, wide, high = box.x * MM, box.w * MM, box.h * MM
    foot = top - box.y * MM - high
    ground = b""
    if box.ground and is_picture:
        ground = b"%b %b f " % (box.ground, rounded(left, foot, wide, high, box.radius * MM))
    edge = box.inset * MM
    left, foot, wide, high = left + edge, foot + edge, wide - 2 * edge, high - 2 * edge
    fits = (wide / placed.width, high / placed.height)
    scale = max(fits) if cover else min(fits)
    w, h = placed.width * scale, placed.height * scale
    x = left + {"left": 0.0, "centre": 0.5, "right": 1.0}[box.align] * (wide - w)
    clip = b"%.2f %.2f %.2f %.2f re W n " % (left, foot, wide, high) if cover else b""
    return b"q %b%b%.3f 0 0 %.3f %.2f %.2f cm /%b Do Q" % (
        ground, clip, w / placed.unit, h / placed.unit, x, foot + (high - h) / 2, placed.name,
    )  # fmt: skip


def in_inks(picture: Jpeg, inks: Inks) -> Jpeg:
    """A picture for these inks.

    In process colours its own colours are calibrated, so that the press converts them under its
    output intent; where there is the black ink, it is grey.
    """
    if isinstance(inks, ScreenInks):
        return picture
    if isinstance(inks, ProcessInks):
        return picture._replace(space=_CALIBRATED[picture.space])
    if picture.space == _GREY:
        return picture
    out = io.BytesIO()
    Image.open(io.BytesIO(picture.data)).convert("L").save(out, "JPEG", quality=_QUALITY)
    return picture._replace(data=out.getvalue(), space=_GREY)


def jpeg_of(data: bytes) -> Jpeg | None:
    """A JPEG with its size; None for what is not one in grey or RGB."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            high, wide = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (5, 7))
            space = _SPACES.get(data[at + 9])
            return Jpeg(data, wide, high, space) if space and wide and high else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
