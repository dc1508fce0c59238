"""What the formats of a workbook's cells say beside their values.

A cell may show a per cent or a currency, be struck through, grey or coloured, or have a comment.
"""

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import normpath
from typing import NamedTuple, TypeVar
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from service.files.currency_signs import sign_of_format
from service.files.package import MOST_LISTING_BYTES, column_index

_Value = TypeVar("_Value")

Place = tuple[int, int]
"""Row and column, counted from 0."""

_PERCENT_FORMATS = (9, 10)
_CELL = rb"<(?:\w+:)?c\b([^>]*\b"
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_STRUCK_TEXT = re.compile(rb'<(?:\w+:)?strike(?:\s*/>|\s+val="(?:1|true)")')
_TEXT = re.compile(rb"<(?:\w+:)?si(?=[\s/>])")
_INLINE = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?is>(.*?)</(?:\w+:)?is>", re.DOTALL
)  # fmt: skip
_SHARED = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="s"[^>]*)>\s*<(?:\w+:)?v>(\d+)<')


class CellStyle(NamedTuple):
    """What a style says beside how it looks; `colour` is that of its background: grey or red."""

    percent: bool = False
    currency: str = ""
    struck: bool = False
    grey: bool = False
    colour: str = ""


@dataclass(frozen=True, slots=True)
class CellMarks:
    """Places by what is said there. `currencies` has them by sign; `comments` their texts."""

    percent: tuple[Place, ...] = ()
    currencies: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    struck: frozenset[Place] = frozenset()
    grey: frozenset[Place] = frozenset()
    coloured: frozenset[Place] = frozenset()
    comments: Mapping[Place, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles of a workbook that say something, by their number, and its struck-out texts."""

    of_cells: Mapping[int, CellStyle]
    struck_texts: frozenset[int]


def elements(root: Element, tag: str) -> Iterable[Element]:
    """The elements below one by their name, in whatever namespace."""
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == tag)


def read_styles(package: zipfile.ZipFile) -> Styles:
    """Read the styles of a workbook."""
    parts = package.namelist()
    struck: frozenset[int] = frozenset()
    if "xl/sharedStrings.xml" in parts:
        raw = package.read("xl/sharedStrings.xml")
        if _STRUCK_TEXT.search(raw):
            texts = enumerate(_TEXT.split(raw)[1:])
            struck = frozenset(place for place, text in texts if _STRUCK_TEXT.search(text))
    if "xl/styles.xml" not in parts:
        return Styles({}, struck)
    root = fromstring(package.read("xl/styles.xml"))
    formats = {number: CellStyle(percent=True) for number in _PERCENT_FORMATS}
    for each in elements(root, "numFmt"):
        code = each.get("formatCode", "")
        percent = "%" in re.sub(r'"[^"]*"|\\.', "", code)
        formats[int(each.get("numFmtId", "0"))] = CellStyle(percent, sign_of_format(code))
    fonts = [_font(each) for each in _children(root, "fonts")]
    fills = [_fill(each) for each in _children(root, "fills")]
    known = {}
    for place, style in enumerate(_children(root, "cellXfs")):
        shown = formats.get(int(style.get("numFmtId", "0")), CellStyle())
        struck_out, grey = _at(fonts, style.get("fontId"), (False, False))
        found = CellStyle(
            shown.percent, shown.currency, struck_out, grey, _at(fills, style.get("fillId"), "")
        )
        if found != CellStyle():
            known[place] = found
    return Styles(known, struck)


def read_marks(package: zipfile.ZipFile, part: str, raw: bytes, styles: Styles) -> CellMarks:
    """The marks of one sheet: `part` is its XML's name and `raw` its content."""
    by_sign: dict[str, list[Place]] = {}
    percent, struck, grey, coloured = [], [], [], []
    if styles.of_cells:
        numbers = b"|".join(str(style).encode() for style in sorted(styles.of_cells))
        for place, tag in _tags(raw, rb's="(?:' + numbers + rb')"'):
            number = _STYLE.search(tag)
            style = styles.of_cells[int(number[1])] if number else CellStyle()
            if style.percent:
                percent.append(place)
            if style.currency:
                by_sign.setdefault(style.currency, []).append(place)
            if style.struck:
                struck.append(place)
            if style.grey:
                grey.append(place)
            if style.colour:
                coloured.append(place)
    if styles.struck_texts:
        struck += [
            place for tag, text in _SHARED.findall(raw)
            if int(text) in styles.struck_texts for place in _place(tag)
        ]  # fmt: skip
    if _STRUCK_TEXT.search(raw):
        inline = _INLINE.findall(raw)
        struck += [p for tag, text in inline if _STRUCK_TEXT.search(text) for p in _place(tag)]
    return CellMarks(
        tuple(percent), {sign: tuple(places) for sign, places in by_sign.items()},
        frozenset(struck), frozenset(grey), frozenset(coloured), _comments(package, part),
    )  # fmt: skip


def _tags(raw: bytes, mark: bytes) -> Iterable[tuple[Place, bytes]]:
    """The cells whose tag has a mark, each with its tag."""
    for tag in re.finditer(_CELL + mark + rb"[^>]*)>", raw):
        for place in _place(tag[1]):
            yield place, tag[1]


def cells_with(raw: bytes, mark: bytes) -> Iterable[Place]:
    """Row and column of the cells whose tag has a mark."""
    return (place for place, _ in _tags(raw, mark))


def _place(tag: bytes) -> tuple[Place, ...]:
    """Where a cell is, by its tag; empty for one without an address."""
    address = _ADDRESS.search(tag)
    return ((int(address[2]) - 1, column_index(address[1].decode())),) if address else ()


def _children(root: Element, tag: str) -> list[Element]:
    return [child for each in elements(root, tag) for child in each]


def _at(values: list[_Value], number: str | None, otherwise: _Value) -> _Value:
    place = int(number or 0)
    return values[place] if place < len(values) else otherwise


def _font(font: Element) -> tuple[bool, bool]:
    """Whether a font is struck through, and whether it is grey."""
    struck = any(each.get("val", "1") not in ("0", "false") for each in elements(font, "strike"))
    return struck, any(_tint(each) == "grey" for each in elements(font, "color"))


def _fill(fill: Element) -> str:
    """`grey` or `red` for a background that crosses a row out, empty for any other."""
    for pattern in elements(fill, "patternFill"):
        if pattern.get("patternType", "none") != "none":
            return next((_tint(each) for each in elements(pattern, "fgColor")), "")
    return ""


def _tint(colour: Element) -> str:
    """`grey`, `red` or empty."""
    if "theme" in colour.attrib:
        white_darkened = colour.get("theme") == "0" and float(colour.get("tint", "0")) < -0.1
        black_lightened = colour.get("theme") == "1" and float(colour.get("tint", "0")) > 0.3
        return "grey" if white_darkened or black_lightened else ""
    if colour.get("indexed") in ("22", "23", "55"):
        return "grey"
    digits = colour.get("rgb", "")[-6:]
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", digits):
        return ""
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) < 16 and 0x60 <= red <= 0xE0:
        return "grey"
    return "red" if red >= 0xC0 and max(green, blue) <= 0x60 else ""


def _comments(package: zipfile.ZipFile, part: str) -> Mapping[Place, str]:
    """The comments of a sheet by their place."""
    folder, _, name = part.rpartition("/")
    links = f"{folder}/_rels/{name}.rels"
    if links not in package.namelist():
        return {}
    found: dict[Place, str] = {}
    for link in _tree(package, links):
        target = link.get("Target", "")
        if not link.get("Type", "").endswith("/comments"):
            continue
        path = target.lstrip("/") if target.startswith("/") else normpath(f"{folder}/{target}")
        if path not in package.namelist():
            continue
        for each in elements(_tree(package, path), "comment"):
            address = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", each.get("ref", ""))
            if address:
                text = " ".join("".join(part.text or "" for part in elements(each, "t")).split())
                found[int(address[2]) - 1, column_index(address[1])] = text
    return found


def _tree(package: zipfile.ZipFile, part: str) -> Element:
    """A part as a tree; raises `BadZipFile` for one that is larger than such a part ever is."""
    if package.getinfo(part).file_size > MOST_LISTING_BYTES:
        raise zipfile.BadZipFile(f"{part} is too large")
    root: Element = fromstring(package.read(part))
    return root
