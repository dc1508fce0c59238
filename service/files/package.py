"""Opens the archive of a workbook, with limits on all that reading it may cost.

What a file says of its size is not trusted: its parts are unpacked once, counted, and packed again
without compression, and only that copy is parsed.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

from service.errors import InvalidInput, Problem

MOST_BYTES = 1 << 29
"""The most bytes a file may unpack to: a workbook of 100,000 deals has some 200 MB of XML."""
MOST_CELLS = 20_000_000
"""The most cells a file may span, from its first to its last, counting empty ones."""
MOST_COLUMNS = 2_000
"""The most columns a sheet may have, or a file of text or Parquet."""
MOST_SHEETS = 250
MOST_ENTRIES = 10_000
MOST_RATIO = 100
"""How many times its own size a file may unpack to, beyond what is small anyway."""
_SMALL_BYTES = 1 << 26
# A sheet whose cells lie further apart than this takes memory for what is not in it.
MOST_SPARSE = 50
_SMALL_SPAN = 2_000_000
MOST_LISTING_BYTES = 1 << 24
"""The most bytes of a part that is read as a tree: the list of sheets, the styles."""

_XML = (".xml", ".rels")
_TREES = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
_STRINGS = "xl/sharedstrings.xml"
# Parts that show that a package is another kind of file.
_OTHERS = (
    ("content.xml", "is an OpenDocument spreadsheet (.ods)"),
    ("xl/workbook.bin", "is a binary workbook (.xlsb)"),
    ("word/document.xml", "is a text document (.docx)"),
)
# A name's prefix may be any; what is written otherwise than nearly all programs do, or is no XML,
# is walked through tag by tag.
_PREFIX = rb"(?:[^\s<>/:]*:)?"
_ODD = re.compile(
    rb"<(?:" + _PREFIX + rb'(?:c(?=[\s/>])(?!\s+r="[A-Z]{1,3}\d{1,7}"[\s/>])'
    rb'|row(?=[\s/>])(?!\s+r="\d{1,7}"[\s/>]))|[^!?<>][^<>]*(?:<|\Z))'
)
_CELL_ROWS = re.compile(rb'c\s+r="[A-Z]{1,3}(\d{1,7})"')
_CELL_COLUMNS = re.compile(rb'c\s+r="([A-Z]{1,3})\d')
_ROWS = re.compile(rb'row\s+r="(\d{1,7})"')
_TAG = re.compile(rb"<(/?)" + _PREFIX + rb"(row|c)(?=[\s/>])([^<>]*)(>?)")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Z]{0,9})(\d{1,18})["']""")
_QUOTED = re.compile(rb"""(?:[^"']|"[^"]*"|'[^']*')*""")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_IS_STRING = re.compile(rb"""\st\s*=\s*["']s["']""")
_STRING_NUMBER = re.compile(rb'\st="s"[^<>]*><v>(\d{1,8})</v>')


class _Extent(NamedTuple):
    """How far a sheet reaches, and how many cells it has."""

    rows: int
    columns: int
    cells: int


def column_index(text: str) -> int:
    """The place of a column, counted from 0: A is 0, AA is 26."""
    place = 0
    for letter in text:
        place = place * 26 + ord(letter) - 64
    return place - 1


def column_letters(place: int) -> str:
    """The letters of a column counted from 0: A, B, ..., Z, AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def unpack(name: str, body: bytes) -> bytes:
    """The XML of a workbook as an archive without compression, every part of it read and checked.

    Raises InvalidInput for a file that is not a workbook or unpacks to too much, and `BadZipFile`
    for one that is not as its directory says.
    """
    if body.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise _too_large(name, name, f"has more than {MOST_ENTRIES:,} parts", "save it again")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        entries = package.infolist()
        _check_directory(name, entries, len(body))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as plain:
            for entry in entries:
                # Reading stops at the declared size; a longer part fails its checksum.
                if entry.filename.lower().endswith(_XML):
                    plain.writestr(zipfile.ZipInfo(entry.filename), package.read(entry))
    return out.getvalue()


def _check_directory(name: str, entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Check that a package is a workbook, and no larger than may be unpacked."""
    parts = {entry.filename for entry in entries}
    for part, detail in _OTHERS:
        if part in parts:
            fault = Problem(name, detail, "save it as .xlsx")
            raise InvalidInput(f"{name} is not a workbook that can be read.", [fault])
    if "xl/workbook.xml" not in parts:
        fault = Problem(name, "is an archive, not a workbook", "unpack it and send what is in it")
        raise InvalidInput(f"{name} is not a workbook that can be read.", [fault])
    # Readers differ in which of two parts of one name they take, and in whether case matters.
    if len({part.lower() for part in parts}) < len(entries):
        raise zipfile.BadZipFile("a part is there twice")
    if sum(entry.compress_size for entry in entries) > size:
        raise zipfile.BadZipFile("parts overlap")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_BYTES:
        raise _too_large(name, name, "unpacks to more than half a gigabyte", "split it")
    if unpacked > max(_SMALL_BYTES, MOST_RATIO * size):
        detail = f"has {size:,} bytes and unpacks to {unpacked:,}"
        raise _too_large(name, name, detail, "save it again, or split it")
    for entry in entries:
        if entry.filename.lower() in _TREES and entry.file_size > MOST_LISTING_BYTES:
            detail = f"has a part of {entry.file_size:,} bytes, {entry.filename}"
            raise _too_large(name, name, detail, "copy its table to a new workbook")


def check_sheets(
    name: str, package: zipfile.ZipFile, listed: Sequence[tuple[str, str, str]]
) -> None:
    """Check what the sheets of an unpacked workbook hold, whoever lists them.

    `listed` are the title, state and part of each sheet. Raises InvalidInput for more cells, texts
    or sheets than may be read, and `BadZipFile` for what no program writes.
    """
    titles = {part: title for title, _, part in listed}
    if len(listed) > MOST_SHEETS:
        detail = f"has {len(listed):,} sheets"
        raise _too_large(name, name, detail, f"send at most {MOST_SHEETS} in a file")
    if len(titles) < len(listed) or len({title for title, _, _ in listed}) < len(listed):
        raise zipfile.BadZipFile("a sheet is there twice")
    lengths = _string_lengths(package)
    span = texts = 0
    for part in package.namelist():
        raw = package.read(part)
        if b"\0" in raw:
            raise zipfile.BadZipFile("a part is not in UTF-8")
        if b"sheetData" not in raw:
            continue
        where = f"{name}, sheet {titles[part]}" if part in titles else f"{name}, {part}"
        extent = _check_extent(name, where, raw)
        span += extent.rows * extent.columns
        texts += _text_bytes(raw, lengths)
        _check_merges(name, where, raw, extent)
    if span > MOST_CELLS:
        raise _too_large(name, name, f"spans {span:,} cells in its sheets", "split it")
    if texts > MOST_BYTES:
        detail = "repeats long texts to more than half a gigabyte"
        raise _too_large(name, name, detail, "split it")


def _check_extent(name: str, where: str, raw: bytes) -> _Extent:
    """How far a sheet reaches; raises InvalidInput when that is too far."""
    extent = _walk(raw, filled_only=False) if _ODD.search(raw) else _measure(raw)
    if _reaches_too_far(extent):
        # Empty cells that only have a format do not count.
        extent = _walk(raw, filled_only=True)
    if _reaches_too_far(extent):
        detail = f"reaches to {column_letters(extent.columns - 1)}{extent.rows:,}"
        remedy = "delete the rows and columns beyond the table, or split it"
        raise _too_large(name, where, detail, remedy)
    return extent


def _reaches_too_far(extent: _Extent) -> bool:
    span = extent.rows * extent.columns
    return (
        extent.columns > MOST_COLUMNS
        or span > MOST_CELLS
        or span > max(_SMALL_SPAN, MOST_SPARSE * extent.cells)
    )


def _measure(raw: bytes) -> _Extent:
    """The extent of a sheet whose rows and cells all begin with their place."""
    rows = _CELL_ROWS.findall(raw)
    columns = {column_index(each.decode()) for each in set(_CELL_COLUMNS.findall(raw))}
    last = max(map(int, {*rows, *_ROWS.findall(raw)}), default=0)
    return _Extent(last, max(columns, default=-1) + 1, len(rows))


def _walk(raw: bytes, *, filled_only: bool) -> _Extent:
    """The extent of any sheet. A cell without a place follows the one before it.

    Stops where the sheet reaches too far; raises `BadZipFile` for what is no XML.
    """
    row = column = rows = columns = cells = 0
    for tag in _TAG.finditer(raw):
        closing, kind, attributes, end = tag.groups()
        if not end or not _QUOTED.fullmatch(attributes):
            raise zipfile.BadZipFile("a tag does not end")
        is_empty = attributes.endswith(b"/")
        if kind == b"row":
            place = _PLACE.search(attributes)
            if place and not closing:
                row = int(place[2]) - 1
            if closing or is_empty:
                row, column = row + 1, 0
            continue
        if closing:
            continue
        if place := _PLACE.search(attributes):
            row, column = int(place[2]) - 1, column_index(place[1].decode())
        column += 1
        if filled_only and is_empty:
            continue
        rows, columns, cells = max(rows, row + 1), max(columns, column), cells + 1
        if columns > MOST_COLUMNS or cells > MOST_CELLS:
            break
    return _Extent(rows, columns, cells)


def _check_merges(name: str, where: str, raw: bytes, extent: _Extent) -> None:
    """Check that merged cells do not overlap: their text is written into every cell of a column."""
    height = 0
    for left, top, right, bottom in _MERGE.findall(raw):
        if left == right:
            height += max(0, min(int(bottom), extent.rows) - int(top) + 1)
    if height > extent.rows * extent.columns:
        fault = Problem(where, "has merged cells that overlap", "unmerge them, and save it again")
        raise InvalidInput(f"{name} is not a workbook that can be read.", [fault])


def _string_lengths(package: zipfile.ZipFile) -> list[int]:
    """The bytes of each text that cells refer to."""
    for part in package.namelist():
        if part.lower() == _STRINGS:
            raw = package.read(part)
            return [len(text) for text in re.split(rb"<" + _PREFIX + rb"si(?=[\s/>])", raw)[1:]]
    return []


def _text_bytes(raw: bytes, lengths: Sequence[int]) -> int:
    """At most how many bytes the texts take that the cells of a sheet refer to."""
    longest = max(lengths, default=0)
    if raw.count(b"<") // 2 * longest <= MOST_BYTES:
        return 0
    known = [int(number) for number in _STRING_NUMBER.findall(raw)]
    others = len(_IS_STRING.findall(raw)) - len(known)
    return others * longest + sum(lengths[each] for each in known if each < len(lengths))


def _too_large(name: str, where: str, detail: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"{name} is too large.", [Problem(where, detail, remedy)])
