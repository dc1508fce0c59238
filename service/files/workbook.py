"""Reads an XLSX file into sheets of text.

fastexcel returns the values. The rest is read from the sheet's XML: which rows and columns are
hidden, which cells are merged, which hold an error, and which are shown as per cents
(a cell that shows 20% holds 0.2).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

import fastexcel
import polars as pl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.errors import InvalidInput, Problem
from service.files.package import check_sheets, column_index, column_letters, unpack

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PERCENT_FORMATS = {9, 10}
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_NUMBER = re.compile(rb'\br="(\d+)"')
# A formula without a value, as written by programs that do not calculate.
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: all its cells as text, columns named by letter, row 0 the sheet's first row.

    `hidden` are hidden rows, `hidden_columns` hidden columns, `broken` cells that hold an error or
    (`uncalculated`) a formula without its value, `merged` ranges as (top, left, bottom, right); all
    count from 0. `part` is the name of its XML file.
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    broken: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    part: str = ""
    uncalculated: frozenset[tuple[int, int]] = frozenset()

    def address(self, row: int, column: int) -> str:
        """`C7`, with the sheet's name before it where a sheet has one."""
        here = f"{column_letters(column)}{row + 1}"
        return f"{self.name}!{here}" if self.name else here


DAMAGED = (
    zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, fastexcel.FastExcelError,
    NotImplementedError, EOFError, OSError, ValueError, RuntimeError, zlib.error,
)  # fmt: skip
"""The errors that reading a damaged workbook raises."""


def read_workbook(name: str, body: bytes) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    """Read the visible sheets of a workbook, with notes on the sheets that were skipped.

    Raises InvalidInput for a file that is not a workbook or holds more than `package` allows.
    """
    try:
        return _read(name, body)
    except DAMAGED as error:
        raise unreadable_workbook(name) from error


def unreadable_workbook(name: str) -> InvalidInput:
    """The error of a damaged workbook."""
    return InvalidInput(
        f"{name} is not a workbook that can be read.",
        [Problem(name, "is damaged, or no .xlsx file", "open it and save it as .xlsx")],
    )


def _read(name: str, body: bytes) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    sheets: list[Sheet] = []
    notes: list[str] = []
    plain = unpack(name, body)
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        listed = _list_sheets(package)
        check_sheets(name, package, listed)
        percent = _percent_styles(package)
        reader = fastexcel.read_excel(plain)
        for title, state, part in listed:
            if title not in reader.sheet_names or part not in package.namelist():
                continue
            if state != "visible":
                notes.append(f"sheet {title} is hidden and was passed over")
                continue
            raw = package.read(part)
            loaded = reader.load_sheet(title, header_row=None, skip_rows=0, dtypes="string")
            places = [column.absolute_index for column in loaded.available_columns()]
            sheet = _sheet(title, part, _by_position(loaded.to_polars(), places), raw)
            sheets.append(_as_displayed(sheet, raw, percent))
    return tuple(sheets), tuple(notes)


def _list_sheets(package: zipfile.ZipFile) -> list[tuple[str, str, str]]:
    """Each sheet's name, state and the part it is in, in the workbook's order."""
    targets = {
        each.get("Id"): each.get("Target", "")
        for each in fromstring(package.read("xl/_rels/workbook.xml.rels"))
    }
    found = []
    for each in _elements(fromstring(package.read("xl/workbook.xml")), "sheet"):
        target = targets.get(each.get(_RELATION), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found.append((each.get("name", ""), each.get("state", "visible"), part))
    return found


def _elements(root: Element, tag: str) -> Iterable[Element]:
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == tag)


def _percent_styles(package: zipfile.ZipFile) -> frozenset[int]:
    """The cell styles that show a number as a per cent."""
    if "xl/styles.xml" not in package.namelist():
        return frozenset()
    root = fromstring(package.read("xl/styles.xml"))
    formats = set(_PERCENT_FORMATS)
    for each in _elements(root, "numFmt"):
        if "%" in re.sub(r'"[^"]*"|\\.', "", each.get("formatCode", "")):
            formats.add(int(each.get("numFmtId", "0")))
    for styles in _elements(root, "cellXfs"):
        return frozenset(
            place
            for place, style in enumerate(styles)
            if int(style.get("numFmtId", "0")) in formats
        )
    return frozenset()


def _by_position(frame: pl.DataFrame, places: list[int]) -> pl.DataFrame:
    """Place the columns where the sheet has them; a column without values is all null."""
    by_place = dict(zip(places, frame.get_columns(), strict=True))
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    return pl.DataFrame(
        [
            by_place.get(place, empty).cast(pl.String).alias(column_letters(place))
            for place in range(max(places, default=-1) + 1)
        ]
    )


def _sheet(title: str, part: str, frame: pl.DataFrame, raw: bytes) -> Sheet:
    hidden = frozenset(
        int(number[1]) - 1
        for row in (_ROW.finditer(raw) if b"hidden=" in raw else ())
        if _HIDDEN.search(row[1]) and (number := _NUMBER.search(row[1]))
    )
    columns: set[int] = set()
    for each in _COLUMN.finditer(raw[: raw.find(b"sheetData")]):
        low, high = (_attribute(each[1], name) for name in (b"min", b"max"))
        if _HIDDEN.search(each[1]):
            columns.update(range(low - 1, min(high, frame.width)))
    uncalculated = frozenset(_uncalculated(raw))
    broken = uncalculated.union(_cells(raw, rb't="e"') if b't="e"' in raw else ())
    merged = tuple(
        (int(top) - 1, column_index(left.decode()), int(bottom) - 1, column_index(right.decode()))
        for left, top, right, bottom in _MERGE.findall(raw)
    )
    return Sheet(title, frame, hidden, frozenset(columns), broken, merged, part, uncalculated)


def _attribute(tag: bytes, name: bytes) -> int:
    found = re.search(rb"\b" + name + rb'="(\d{1,9})"', tag)
    return int(found[1]) if found else 0


def _uncalculated(raw: bytes) -> Iterable[tuple[int, int]]:
    """Row and column of formulas without a value; an empty text is a value."""
    if not _FORMULA.search(raw):
        return
    for found in _UNCALCULATED.finditer(raw):
        address = _ADDRESS.search(found[1])
        if address and b't="str"' not in found[1]:
            yield int(address[2]) - 1, column_index(address[1].decode())


def _cells(raw: bytes, mark: bytes) -> Iterable[tuple[int, int]]:
    """Row and column of the cells whose tag has a mark."""
    for tag in re.finditer(rb"<(?:\w+:)?c\b([^>]*\b" + mark + rb"[^>]*)>", raw):
        if address := _ADDRESS.search(tag[1]):
            yield int(address[2]) - 1, column_index(address[1].decode())


def _as_displayed(sheet: Sheet, raw: bytes, percent: frozenset[int]) -> Sheet:
    """The sheet with per cents as displayed, and merged ranges within one column filled."""
    changed: dict[int, dict[int, str]] = {}
    if percent:
        styles = b"|".join(str(style).encode() for style in sorted(percent))
        for row, column in _cells(raw, rb's="(?:' + styles + rb')"'):
            if row < sheet.frame.height and column < sheet.frame.width:
                shown = _percent(sheet.frame.item(row, column))
                if shown is not None:
                    changed.setdefault(column, {})[row] = shown
    for top, left, bottom, right in sheet.merged:
        last = min(bottom, sheet.frame.height - 1)
        if left == right and top <= last and left < sheet.frame.width:
            text = changed.get(left, {}).get(top, sheet.frame.item(top, left))
            if text is not None:
                changed.setdefault(left, {}).update(dict.fromkeys(range(top, last + 1), text))
    if not changed:
        return sheet
    return replace(sheet, frame=_replace_texts(sheet.frame, changed))


def _percent(text: str | None) -> str | None:
    try:
        return None if text is None else f"{(Decimal(text) * 100).normalize():f}%"
    except InvalidOperation:
        return None


def _replace_texts(frame: pl.DataFrame, changed: Mapping[int, Mapping[int, str]]) -> pl.DataFrame:
    columns = frame.get_columns()
    for column, cells in changed.items():
        texts = columns[column].to_list()
        for row, text in cells.items():
            texts[row] = text
        columns[column] = pl.Series(columns[column].name, texts, dtype=pl.String)
    return pl.DataFrame(columns)
