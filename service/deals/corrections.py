"""Corrects cells of a file before it is interpreted; the file itself stays as it was sent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import polars as pl

from service.deals.sheets import Document
from service.errors import InvalidInput, Problem
from service.files.cell_marks import CellMarks
from service.files.workbook import Sheet

MOST_CORRECTIONS = 2_000
MOST_CHARACTERS = 2_000
_SHOWN = 40

Place = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Correction:
    """Another text for one cell; row and column count from 0 in its sheet."""

    sheet: str
    row: int
    column: int
    text: str


def correct(document: Document, corrections: Sequence[Correction]) -> Document:
    """The document with other texts in some cells, of which the last counts for each cell.

    Its digest is that of the bytes and the corrections; a note says what each was and is. Raises
    InvalidInput for a cell that the document does not have.
    """
    last = {(each.sheet, each.row, each.column): each for each in corrections}
    if not last:
        return document
    sheets = {sheet.name: sheet for sheet in document.sheets}
    by_sheet: dict[str, dict[Place, str]] = {}
    for (name, row, column), each in sorted(last.items()):
        sheet = sheets.get(name)
        if sheet is None or not _is_in(sheet, row, column):
            raise InvalidInput(
                "%(name)s has no such cell.",
                [Problem(f"{name} row {row + 1}", "is not in the file", "send the file again")],
                name=document.name,
            )
        if (sheet.frame.item(row, column) or "") != each.text:
            by_sheet.setdefault(name, {})[row, column] = each.text
    if not by_sheet:
        return document
    notes = [note for name, cells in by_sheet.items() for note in _notes(sheets[name], cells)]
    digest = hashlib.sha256("\n".join([document.sha256, *_lines(by_sheet)]).encode()).hexdigest()
    return replace(
        document,
        sha256=digest,
        sheets=tuple(_corrected(sheet, by_sheet.get(sheet.name, {})) for sheet in document.sheets),
        notes=(*document.notes, *notes),
    )


def _notes(sheet: Sheet, cells: Mapping[Place, str]) -> Iterator[str]:
    """What was corrected: a row of which nothing is left in one note, else a note a cell."""
    rows: dict[int, dict[int, str]] = {}
    for (row, column), text in cells.items():
        rows.setdefault(row, {})[column] = text
    for row, texts in rows.items():
        before = sheet.frame.row(row)
        if not any(texts.get(place, text) for place, text in enumerate(before)):
            yield f"{sheet.name + '!' if sheet.name else ''}row {row + 1}: left out"
            continue
        for column, text in texts.items():
            was = _shown(before[column] or "")
            yield f"{sheet.address(row, column)}: corrected from {was} to {_shown(text)}"


def _lines(by_sheet: Mapping[str, Mapping[Place, str]]) -> Sequence[str]:
    return [
        f"{name!r} {row} {column} {text!r}"
        for name, cells in sorted(by_sheet.items())
        for (row, column), text in sorted(cells.items())
    ]


def _is_in(sheet: Sheet, row: int, column: int) -> bool:
    return 0 <= row < sheet.frame.height and 0 <= column < sheet.frame.width


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…") if text else "nothing"


def _corrected(sheet: Sheet, cells: Mapping[Place, str]) -> Sheet:
    """A sheet with these texts; what the format of such a cell said does not count any more."""
    if not cells:
        return sheet
    marks = sheet.marks
    return replace(
        sheet,
        frame=_with_cells(sheet.frame, cells),
        broken=sheet.broken - cells.keys(),
        uncalculated=sheet.uncalculated - cells.keys(),
        typed=None
        if sheet.typed is None
        else _with_cells(sheet.typed, dict.fromkeys(cells, False)),
        marks=CellMarks(
            percent=_without(marks.percent, cells),
            currencies={sign: _without(at, cells) for sign, at in marks.currencies.items()},
            struck=marks.struck - cells.keys(),
            grey=marks.grey - cells.keys(),
            coloured=marks.coloured - cells.keys(),
            comments=marks.comments,
        ),
    )


def _without(places: Sequence[Place], cells: Mapping[Place, str]) -> tuple[Place, ...]:
    return tuple(each for each in places if each not in cells)


def _with_cells(frame: pl.DataFrame, cells: Mapping[Place, T]) -> pl.DataFrame:
    by_column: dict[int, dict[int, T]] = {}
    for (row, column), value in cells.items():
        by_column.setdefault(column, {})[row] = value
    columns = frame.get_columns()
    for column, values in by_column.items():
        texts = columns[column].to_list()
        for row, value in values.items():
            texts[row] = value
        columns[column] = pl.Series(columns[column].name, texts, columns[column].dtype)
    return pl.DataFrame(columns)
