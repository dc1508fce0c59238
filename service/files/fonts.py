"""Fonts of the retailer's own: taken in once, and used for what the shipped ones lack."""

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFError, TTFontFile, TTFontParser

from service.engine.render import FontFile
from service.errors import InvalidInput, NotFound
from service.settings import FontSettings

_SHIPPED = files("templates") / "fonts"
_COLLECTION, _CUBIC = b"ttcf", b"OTTO"
_LICENCE = {
    0x0002: "its licence does not let it be embedded (fsType 2)",
    0x0100: "its licence does not let it be subset (fsType 256)",
    0x0200: "its licence lets only bitmaps be embedded (fsType 512)",
}
_LEAST = 20
"""Letters of a script at which it is named."""
_CALLED = {"CJK": "Han"}


@dataclass(frozen=True, slots=True)
class AddedFont:
    """A font that was taken in: its file, and how many letters of each script it has."""

    file: Path
    letters: Mapping[str, int]


def font_files() -> tuple[FontFile, ...]:
    """The shipped fonts, then those of the retailer's folder, each by name."""
    own = FontSettings().fonts_folder
    shipped = [each for each in _SHIPPED.iterdir() if each.name.endswith(".ttf")]
    added = sorted(own.glob("*.ttf")) if own.is_dir() else []
    found = {each.name: each for each in (*sorted(shipped, key=lambda each: each.name), *added)}
    return tuple(FontFile(name[:-4], each.read_bytes) for name, each in found.items())


def add(file: Path, folder: Path) -> AddedFont:
    """Copy a TrueType font into the folder of the retailer's fonts.

    Raises `NotFound` when there is no such file, `InvalidInput` when it cannot be printed with: no
    TrueType outlines, a licence that forbids embedding, or the name of a shipped font. Nothing is
    written then.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no file {file.absolute()}.") from None
    except OSError as error:
        raise InvalidInput(f"{file.absolute()} cannot be read: {error.strerror}.") from None
    codes = _checked(file.name, data)
    name = _name_of(file)
    if (_SHIPPED / name).is_file():
        raise InvalidInput(f"{file.name}: a shipped font is called {name}; rename the file")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    unfinished = target.with_name(f"{name}.part")
    unfinished.write_bytes(data)
    unfinished.replace(target)
    return AddedFont(target, letters_by_script(codes))


def letters_by_script(codes: Iterable[int]) -> Mapping[str, int]:
    """How many letters of each script are among the code points, most first."""
    counts = Counter(
        unicodedata.name(character, "").split(" ")[0].split("-")[0]
        for character in map(chr, {*codes})
        if unicodedata.category(character)[0] == "L"
    )
    return {
        _CALLED.get(script, script.capitalize()): count
        for script, count in counts.most_common()
        if count >= _LEAST and script
    }


def _checked(name: str, data: bytes) -> Iterable[int]:
    """The code points of a font that can be printed with. Raises `InvalidInput`."""
    if data[:4] == _COLLECTION:
        raise InvalidInput(f"{name} is a collection of fonts; take the one you need out of it")
    if data[:4] == _CUBIC:
        raise InvalidInput(f"{name} has cubic outlines (CFF); convert it to TrueType outlines")
    try:
        licence = struct.unpack_from(">H", TTFontParser(BytesIO(data)).get_table("OS/2"), 8)[0]
        font = TTFontFile(BytesIO(data))
    except (TTFError, KeyError, struct.error, IndexError, ValueError, TypeError) as error:
        raise InvalidInput(f"{name} cannot be read as a TrueType font: {error}") from None
    for bit, detail in _LICENCE.items():
        if licence & bit:
            raise InvalidInput(f"{name} cannot be used: {detail}; choose another font")
    codes: Iterable[int] = font.charToGlyph
    return codes


def _name_of(file: Path) -> str:
    """The file name of a font: lower case, with its weight at the end."""
    stem = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "font"
    return f"{stem}.ttf" if "-" in stem else f"{stem}-regular.ttf"
