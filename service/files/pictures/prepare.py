"""Prepare a picture for print: upright, on white, in sRGB, as JPEG; always in the same bytes."""

import hashlib
import warnings
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from service.errors import InvalidInput

LONGEST_EDGE_PX = 600
_MOST_PIXELS = 50_000_000
_MOST_EDGE_PX = 30_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
_SRGB = ImageCms.createProfile("sRGB")
_QUALITY = 85
_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_DEEP = frozenset({"I", "I;16", "I;16B", "I;16L"})
_PLAIN = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"})

# What Pillow warns of is refused.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class Prepared(NamedTuple):
    """A prepared picture and its digest, the SHA-256 of its bytes."""

    digest: str
    data: bytes
    width: int
    height: int


def prepare(data: bytes) -> Prepared:
    """Prepare a picture from the bytes of a file. What it is they say, not the file's name.

    It is turned as its camera says, flattened on white, converted to sRGB by its own profile, made
    smaller where an edge is longer than `LONGEST_EDGE_PX`, and freed of all that is no picture.
    Raises InvalidInput for what is no picture, is broken, or has too many pixels.
    """
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            _check_size(image)
            # A JPEG is decoded at a fraction of its size where that is enough.
            image.draft(None, (2 * LONGEST_EDGE_PX, 2 * LONGEST_EDGE_PX))
            image.load()
            flat = _flattened(_upright(image))
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidInput(f"has more than {_MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise InvalidInput(_what_else(data)) from None
    # Broken files raise whatever the decoder stumbled over.
    except Exception as error:
        raise InvalidInput(f"is broken or cut off: {type(error).__name__}") from error
    flat.thumbnail((LONGEST_EDGE_PX, LONGEST_EDGE_PX), Image.Resampling.LANCZOS)
    out = BytesIO()
    flat.save(out, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    body = out.getvalue()
    return Prepared(hashlib.sha256(body).hexdigest(), body, flat.width, flat.height)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > _MOST_PIXELS or max(width, height) > _MOST_EDGE_PX:
        raise InvalidInput(f"has {width:,} x {height:,} pixels; {_MOST_PIXELS:,} is the most")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Notes of a camera that cannot be read say nothing; the picture can be.
        return image


def _flattened(image: Image.Image) -> Image.Image:
    """The picture in sRGB on white, without anything beside its pixels."""
    if "transparency" in image.info and image.mode not in _WITH_ALPHA:
        image = image.convert("RGBA")
    if image.mode in _DEEP:
        # Sixteen bits become eight.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode not in _WITH_ALPHA | _PLAIN:
        raise InvalidInput(f"has colours in a form that is not read ({image.mode})")
    alpha = None
    if image.mode in _WITH_ALPHA:
        whole = image.convert("RGBA")
        alpha, image = whole.getchannel("A"), whole.convert("RGB")
    elif image.mode in {"1", "P", "RGBX", "HSV"}:
        image = image.convert("RGB")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(_in_srgb(image), mask=alpha)
    return flat


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            # A profile of another colour form, or a broken one: taken as if there were none.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _what_else(data: bytes) -> str:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "is empty"
    if start.startswith((b"<svg", b"<?xml")) or b"<svg" in start:
        return "is an SVG, which is not read: export it as PNG"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page and no picture"
    return "is no picture of the kinds read: JPEG, PNG, WebP, GIF, TIFF, BMP"
