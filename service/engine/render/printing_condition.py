"""The printing condition of a press: its ICC profile, and the inks of a colour under it."""

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageCms

from service.errors import InvalidInput, Problem

Pixel = tuple[int, int, int]
"""Red, green and blue, each from 0 to 255."""
Cmyk = tuple[float, float, float, float]
"""Cyan, magenta, yellow and black in percent."""

_RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC
_HEADER_BYTES = 128
_CLASS, _SPACE, _MAGIC = slice(12, 16), slice(16, 20), slice(36, 40)
_NEWEST_VERSION = 4


@dataclass(frozen=True, slots=True)
class PrintingCondition:
    """A printing condition.

    `identifier` is its name in the registry at `registry`, or `Custom` without one; `info` says it
    in words. `profile` is an ICC output profile in CMYK, `srgb` one of sRGB.
    """

    identifier: str
    info: str
    registry: str
    profile: bytes
    srgb: bytes

    def share_of(self, colour: Pixel) -> Cmyk:
        """The inks of an sRGB colour, in whole percents."""
        return _share_of(self, colour)


def condition_from(
    profile: bytes, *, srgb: bytes, identifier: str = "Custom", info: str = "", registry: str = ""
) -> PrintingCondition:
    """A printing condition from an ICC profile, named by it unless told otherwise.

    Raises InvalidInput when it is no output profile in CMYK of version 2 or 4.
    """
    faults = [
        (len(profile) < _HEADER_BYTES or profile[_MAGIC] != b"acsp", "is no ICC profile"),
        (profile[_CLASS] != b"prtr", "is no output profile"),
        (profile[_SPACE] != b"CMYK", "is not in CMYK"),
        (profile[8:9] > bytes([_NEWEST_VERSION]), "has a version after 4"),
    ]
    fault = next((detail for is_wrong, detail in faults if is_wrong), None)
    try:
        opened = None if fault else ImageCms.getOpenProfile(io.BytesIO(profile))
        name = info or (ImageCms.getProfileDescription(opened).strip() if opened else "")
    except (OSError, ImageCms.PyCMSError):
        fault, name = "cannot be read", ""
    if fault:
        problem = Problem("printing condition", fault, "give the ICC profile of a CMYK press")
        raise InvalidInput(str(problem), [problem])
    return PrintingCondition(identifier, name or identifier, registry, profile, srgb)


@cache
def _share_of(condition: PrintingCondition, colour: Pixel) -> Cmyk:
    pixel = ImageCms.applyTransform(Image.new("RGB", (1, 1), colour), _transform(condition))
    assert pixel is not None
    values = pixel.getpixel((0, 0))
    assert isinstance(values, tuple)
    cyan, magenta, yellow, black = (round(100 * value / 255) for value in values)
    return cyan, magenta, yellow, black


@cache
def _transform(condition: PrintingCondition) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.getOpenProfile(io.BytesIO(condition.srgb)),
        ImageCms.getOpenProfile(io.BytesIO(condition.profile)),
        "RGB",
        "CMYK",
        renderingIntent=_RELATIVE,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
