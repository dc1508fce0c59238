"""Reads an XLSX file into sheets of text.

fastexcel returns the values and which of them are numbers. The rest is read from the sheet's XML:
which rows and columns are hidden, which cells are merged, which hold an error, and what their
formats say (`cell_marks`; a cell that shows 20% holds 0.2).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal
from xml.etree.ElementTree import ParseError

import fastexcel
import polars as pl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.errors import InvalidInput, Problem
from service.files.cell_marks import (
    CellMarks,
    cells_with,
    elements,
    read_marks,
    read_styles,
)
from service.files.dates import FROM_1900, FROM_1904
from service.files.package import check_sheets, column_index, column_letters, unpack

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
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
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn\b")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: all its cells as text, columns named by letter, row 0 the sheet's first row.

    `hidden` are hidden rows, `hidden_columns` hidden columns, `broken` cells that hold an error or
    (`uncalculated`) a formula without its value, `merged` ranges as (top, left, bottom, right); all
    count from 0. `part` is the name of its XML file.

    `typed` says which cells hold a number or a date, as a frame of the same shape; None where all
    are text. `first_day` is day 0 of dates that are numbers, `marks` what the formats of cells say,
    `is_hidden` whether the whole sheet is, and `is_filtered` whether a filter hides some rows.
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    broken: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    part: str = ""
    uncalculated: frozenset[tuple[int, int]] = frozenset()
    typed: pl.DataFrame | None = field(default=None, repr=False)
    first_day: date = FROM_1900
    marks: CellMarks = field(default_factory=CellMarks, repr=False)
    is_hidden: bool = False
    is_filtered: bool = False

    def address(self, row: int, column: int) -> str:
        """`C7`, with the sheet's name before it where a sheet has one."""
        here = f"{column_letters(column)}{row + 1}"
        return f"{self.name}!{here}" if self.name else here


DAMAGED = (
    zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, fastexcel.FastExcelError,
    NotImplementedError, EOFError, OSError, ValueError, RuntimeError, zlib.error,
)  # fmt: skip
"""The errors that reading a damaged workbook raises."""


def read_workbook(name: str, body: bytes) -> tuple[Sheet, ...]:
    """Read the sheets of a workbook, the hidden ones too.

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


def _read(name: str, body: bytes) -> tuple[Sheet, ...]:
    sheets: list[Sheet] = []
    plain = unpack(name, body)
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        listed, first_day = _list_sheets(package)
        check_sheets(name, package, listed)
        styles = read_styles(package)
        reader = fastexcel.read_excel(plain)
        for title, state, part in listed:
            if title not in reader.sheet_names or part not in package.namelist():
                continue
            raw = package.read(part)
            texts, typed = (_load(reader, title, kind) for kind in ("string", "datetime"))
            sheet = replace(
                _sheet(title, part, texts, raw),
                typed=typed.select(pl.all().is_not_null()),
                first_day=first_day,
                is_hidden=state != "visible",
                marks=read_marks(package, part, raw, styles),
            )
            sheets.append(_as_displayed(sheet))
    return tuple(sheets)


def _load(
    reader: fastexcel.ExcelReader, title: str, kind: Literal["string", "datetime"]
) -> pl.DataFrame:
    """All cells of a sheet as one kind, null where they are not of it.

    As `datetime` every number and date has a value, and no text has one.
    """
    loaded = reader.load_sheet(title, header_row=None, skip_rows=0, dtypes=kind)
    places = [column.absolute_index for column in loaded.available_columns()]
    return _by_position(loaded.to_polars(), places)


def _list_sheets(package: zipfile.ZipFile) -> tuple[list[tuple[str, str, str]], date]:
    """Each sheet's name, state and the part it is in, in the workbook's order; and the day from
    which the workbook counts days."""
    targets = {
        each.get("Id"): each.get("Target", "")
        for each in fromstring(package.read("xl/_rels/workbook.xml.rels"))
    }
    found = []
    root = fromstring(package.read("xl/workbook.xml"))
    from_1904 = any(each.get("date1904") in ("1", "true") for each in elements(root, "workbookPr"))
    for each in elements(root, "sheet"):
        target = targets.get(each.get(_RELATION), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found.append((each.get("name", ""), each.get("state", "visible"), part))
    return found, FROM_1904 if from_1904 else FROM_1900


def _by_position(frame: pl.DataFrame, places: list[int]) -> pl.DataFrame:
    """Place the columns where the sheet has them; a column without values is all null."""
    by_place = dict(zip(places, frame.get_columns(), strict=True))
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    return pl.DataFrame(
        [
            by_place.get(place, empty).alias(column_letters(place))
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
    broken = uncalculated.union(cells_with(raw, rb't="e"') if b't="e"' in raw else ())
    merged = tuple(
        (int(top) - 1, column_index(left.decode()), int(bottom) - 1, column_index(right.decode()))
        for left, top, right, bottom in _MERGE.findall(raw)
    )
    return Sheet(
        title, frame, hidden, frozenset(columns), broken, merged, part, uncalculated,
        is_filtered=_FILTERED.search(raw) is not None,
    )  # fmt: skip


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


def _as_displayed(sheet: Sheet) -> Sheet:
    """The sheet with per cents as displayed, and merged ranges within one column filled."""
    changed: dict[int, dict[int, str]] = {}
    for row, column in sheet.marks.percent:
        if row < sheet.frame.height and column < sheet.frame.width:
            shown = _percent(sheet.frame.item(row, column))
            if shown is not None:
                changed.setdefault(column, {})[row] = shown
    typed: dict[int, dict[int, bool]] = {}
    for top, left, bottom, right in sheet.merged:
        last = min(bottom, sheet.frame.height - 1)
        if left == right and top <= last and left < sheet.frame.width:
            text = changed.get(left, {}).get(top, sheet.frame.item(top, left))
            if text is not None:
                rows = range(top, last + 1)
                changed.setdefault(left, {}).update(dict.fromkeys(rows, text))
                if sheet.typed is not None:
                    is_typed = sheet.typed.item(top, left)
                    typed.setdefault(left, {}).update(dict.fromkeys(rows, is_typed))
    return replace(
        sheet,
        frame=_replace_cells(sheet.frame, changed),
        typed=None if sheet.typed is None else _replace_cells(sheet.typed, typed),
    )


def _percent(text: str | None) -> str | None:
    try:
        return None if text is None else f"{(Decimal(text) * 100).normalize():f}%"
    except InvalidOperation:
        return None


def _replace_cells(
    frame: pl.DataFrame, changed: Mapping[int, Mapping[int, object]]
) -> pl.DataFrame:
    columns = frame.get_columns()
    for column, cells in changed.items():
        values = columns[column].to_list()
        for row, value in cells.items():
            values[row] = value
        columns[column] = pl.Series(columns[column].name, values, dtype=columns[column].dtype)
    return pl.DataFrame(columns)
