"""The cells of a file as chunks of texts, whatever it is: separated text, Parquet or a workbook."""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from service.errors import InvalidInput, Problem
from service.files.headers import HeaderReader
from service.files.notes import Note
from service.files.sheet_marks import ask_about_marks
from service.files.text_form import HEADER_WITHIN, TextForm, TextOptions, find_form, read_cells
from service.files.workbook import Sheet, read_workbook

ROW = "row_number"
# Rows are counted as in a spreadsheet, also in Parquet files: the header is row 1.
FIRST_ROW = 2
FEWEST = 3
"""A row below the first is the header when it names at least this many columns."""

# Parquet types that have an unambiguous text; lists, structs and bytes have none.
_TEXT_TYPES = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)
_EXACT_FLOAT = 2.0**53
# Few rows of cells are held at a time: the collector of garbage walks through all of them.
_BATCH_ROWS = 2048


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of texts by column, with the number of each row.

    `faulty` are rows that cannot be read as such, each with its fault; `notes`, on the first part
    only, say how the file was read. `done` and `total` count bytes of text and rows otherwise.
    """

    texts: pl.DataFrame
    faulty: list[tuple[int, Problem]]
    done: int
    total: int
    notes: tuple[Note, ...] = ()


def read_parts(
    path: Path, name: str, header: HeaderReader, *, chunk_rows: int, options: TextOptions
) -> Iterator[Part]:
    """The parts of a file in order, at least one. Raises InvalidInput for what is no table."""
    if path.suffix.lower() in {".parquet", ".pq"}:
        return _read_parquet(path, name, header, chunk_rows)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None
    if magic == b"PAR1":
        return _read_parquet(path, name, header, chunk_rows)
    if magic == b"PK\x03\x04":
        return _read_workbook(path, name, header, chunk_rows)
    return _read_text(path, name, header, chunk_rows, options)


def _read_parquet(path: Path, name: str, header: HeaderReader, chunk_rows: int) -> Iterator[Part]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        schema = lazy.collect_schema()
        found = header.match(name, schema.names())
        names = schema.names()
        plain = [
            _as_text(name, names[place], schema[names[place]]).alias(column)
            for column, place in found.places.items()
        ]
        total = lazy.select(pl.len()).collect().item()
        notes = found.notes
        for start in range(0, max(total, 1), chunk_rows):
            texts = lazy.select(plain).slice(start, chunk_rows).collect()
            numbered = texts.with_row_index(ROW, offset=start + FIRST_ROW).with_columns(
                pl.col(ROW).cast(pl.Int64)
            )
            yield Part(numbered, [], min(start + chunk_rows, total), total, notes)
            notes = ()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidInput(f"{name} is not a Parquet file that can be read: {reason}") from None


def _as_text(name: str, column: str, kind: pl.DataType) -> pl.Expr:
    """A column as text; whole floats are written without a point.

    Columns of whole numbers with gaps are often stored as floats.
    """
    expr = pl.col(column)
    if kind.is_float():
        is_whole = (expr == expr.round()) & (expr.abs() < _EXACT_FLOAT)
        return (
            pl.when(is_whole)
            .then(expr.cast(pl.Int64, strict=False).cast(pl.String))
            .when(expr.is_not_nan())
            .then(expr.cast(pl.String))
        )
    if isinstance(kind, pl.Datetime):
        return expr.dt.to_string("iso:strict")
    if kind.is_numeric() or isinstance(kind, _TEXT_TYPES):
        return expr.cast(pl.String)
    fault = Problem(f"{name}, column {column}", f"is of type {kind}", "write numbers or text")
    raise InvalidInput(f"{name} has a column that cannot be read.", [fault])


def _read_text(
    path: Path, name: str, header: HeaderReader, chunk_rows: int, options: TextOptions
) -> Iterator[Part]:
    try:
        total = path.stat().st_size
        form = find_form(path, name, options, header.count_known)
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None
    try:
        place, cells = _find_header(path, form, header)
        width = len(cells)
        found = header.match(name, cells)
        notes = (*map(Note, form.notes), *_above(place + form.hint_rows), *found.notes)
        with path.open("rb") as binary:
            reader = itertools.islice(read_cells(binary, form), place + 1, None)
            number = place + form.hint_rows + FIRST_ROW - 1
            batches = _TextBatches(name, found.places, width)
            while batch := list(itertools.islice(reader, min(_BATCH_ROWS, chunk_rows))):
                batches.add(number + 1, batch)
                number += len(batch)
                if batches.rows >= chunk_rows:
                    yield batches.take(_position(binary, total), total, notes)
                    notes = ()
            yield batches.take(total, total, notes)
    except csv.Error as error:
        row = form.hint_rows + _count_readable(path, form) + 1
        raise InvalidInput(f"{name}, row {row}: {error}.") from None
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def _count_readable(path: Path, form: TextForm) -> int:
    """How many rows come before the one that cannot be read."""
    count = 0
    with path.open("rb") as binary, suppress(csv.Error):
        for _ in read_cells(binary, form):
            count += 1
    return count


def _position(file: BinaryIO, total: int) -> int:
    return total if file.closed else min(file.tell(), total)


class _TextBatches:
    """Collects batches of rows; a row with another number of cells than the header is a fault."""

    def __init__(self, name: str, places: Mapping[str, int], width: int) -> None:
        self.rows = 0
        self._name = name
        self._places = places
        self._width = width
        self._frames: list[pl.DataFrame] = []
        self._faulty: list[tuple[int, Problem]] = []

    def add(self, first: int, batch: list[list[str]]) -> None:
        """Collect rows, numbered from `first`; an empty line and one of empty cells are none."""
        numbers = list(range(first, first + len(batch)))
        if not all(map(any, batch)):
            filled = [(n, row) for n, row in zip(numbers, batch, strict=True) if any(row)]
            numbers, batch = [n for n, _ in filled], [row for _, row in filled]
        if any(len(row) != self._width for row in batch):
            odd = [(n, len(row)) for n, row in zip(numbers, batch, strict=True)
                   if len(row) != self._width]  # fmt: skip
            self._faulty += [(n, self._ragged(n, cells)) for n, cells in odd]
            self.rows += len(odd)
            kept = [(n, row) for n, row in zip(numbers, batch, strict=True)
                    if len(row) == self._width]  # fmt: skip
            numbers, batch = [n for n, _ in kept], [row for _, row in kept]
        self.rows += len(batch)
        cells = list(zip(*batch, strict=True)) or [()] * self._width
        columns = [
            pl.Series(column, cells[place], dtype=pl.String)
            for column, place in self._places.items()
        ]
        self._frames.append(pl.DataFrame([pl.Series(ROW, numbers, dtype=pl.Int64), *columns]))

    def take(self, done: int, total: int, notes: tuple[Note, ...]) -> Part:
        """What was collected since the last time."""
        if not self._frames:
            self.add(FIRST_ROW, [])
        part = Part(pl.concat(self._frames), self._faulty, done, total, notes)
        self.rows, self._frames, self._faulty = 0, [], []
        return part

    def _ragged(self, row: int, cells: int) -> Problem:
        detail = f"has {cells} cells where the header has {self._width}"
        remedy = "put quotes round a cell with a comma"
        return Problem(f"{self._name}, row {row}", detail, remedy)


def _find_header(path: Path, form: TextForm, header: HeaderReader) -> tuple[int, list[str]]:
    rows: list[list[str]] = []
    with path.open("rb") as binary, suppress(csv.Error):
        # A row that cannot be read is a fault when its turn comes.
        rows.extend(itertools.islice(read_cells(binary, form), HEADER_WITHIN))
    place = _header_place(rows, header)
    return place, [cell.strip() for cell in rows[place]] if rows else []


def _header_place(rows: Sequence[Sequence[str | None]], header: HeaderReader) -> int:
    """Which of the first rows names the columns: the first, unless one below names many more."""
    known = [header.count_known(row) for row in rows]
    best = max(range(len(rows)), key=lambda place: (known[place], -place), default=0)
    return best if rows and known[best] >= FEWEST and known[0] < FEWEST else 0


def _above(rows: int) -> tuple[Note, ...]:
    if not rows:
        return ()
    shown = "row 1" if rows == 1 else f"rows 1 to {rows}"
    return (Note(f"{shown} above the column names passed over"),)


def _read_workbook(path: Path, name: str, header: HeaderReader, chunk_rows: int) -> Iterator[Part]:
    found_sheets = read_workbook(name, path.read_bytes())
    sheet = _choose_sheet(name, found_sheets, header)
    rows = list(sheet.frame.head(HEADER_WITHIN).iter_rows())
    place = _header_place(rows, header)
    headers = [(cell or "").strip() for cell in rows[place]]
    here = f"{name}, sheet {sheet.name}"
    found = header.match(here, headers)
    broken = _broken(here, sheet, {place: column for column, place in found.places.items()})
    below = sheet.frame.slice(place + 1).with_row_index(ROW, offset=place + FIRST_ROW)
    letters = sheet.frame.columns
    texts = below.select(
        pl.col(ROW).cast(pl.Int64),
        *(pl.col(letters[at]).cast(pl.String).alias(column) for column, at in found.places.items()),
    ).filter(~pl.all_horizontal(pl.exclude(ROW).is_null()) | pl.col(ROW).is_in(list(broken)))
    notes = (*_other_sheets(found_sheets, sheet, header), *_above(place),
             *ask_about_marks(sheet, texts[ROW].to_list(), found.places), *found.notes)  # fmt: skip
    total = texts.height
    for start in range(0, max(total, 1), chunk_rows):
        part = texts.slice(start, chunk_rows)
        faulty = [(row, broken[row]) for row in part[ROW] if row in broken]
        good = part.filter(~pl.col(ROW).is_in([row for row, _ in faulty]))
        yield Part(good, faulty, min(start + chunk_rows, total), total, notes)
        notes = ()


def _choose_sheet(name: str, found: Sequence[Sheet], header: HeaderReader) -> Sheet:
    """The sheet that is read: the only one that is not hidden and has a table."""
    sheets = [sheet for sheet in found if not sheet.is_hidden]
    with_table = [sheet for sheet in sheets if _known_columns(sheet, header) >= FEWEST]
    if len(with_table) > 1:
        named = ", ".join(sheet.name for sheet in with_table)
        fault = Problem(name, f"has tables in the sheets {named}", "keep one in the file")
        raise InvalidInput(f"{name} has more than one table.", [fault])
    filled = [sheet for sheet in sheets if sheet.frame.height]
    if not filled:
        raise InvalidInput(f"{name} is empty; the first row must name the columns.")
    return max(with_table or filled, key=lambda each: _known_columns(each, header))


def _known_columns(sheet: Sheet, header: HeaderReader) -> int:
    rows = sheet.frame.head(HEADER_WITHIN).iter_rows()
    return max((header.count_known(row) for row in rows), default=0)


def _other_sheets(sheets: Sequence[Sheet], chosen: Sheet, header: HeaderReader) -> tuple[Note, ...]:
    """What is said of the sheets that are not read; a hidden one with a table asks."""
    notes = []
    for sheet in sheets:
        if sheet.is_hidden:
            has_table = _known_columns(sheet, header) >= FEWEST
            with_table = " with its table" if has_table else ""
            text = f"sheet {sheet.name} is hidden and was passed over{with_table}"
            notes.append(Note(text, asks=has_table))
    others = [each.name for each in sheets if each is not chosen and not each.is_hidden]
    if others:
        notes.append(Note(f"sheets passed over: {', '.join(others)}"))
    return tuple(notes)


def _broken(here: str, sheet: Sheet, columns: Mapping[int, str]) -> dict[int, Problem]:
    """The fault of each row, by its number, with a cell that holds an error or no value."""
    found: dict[int, Problem] = {}
    for row, place in sorted(sheet.broken):
        if place in columns:
            detail, remedy = "is an error of the spreadsheet, such as #REF!", "mend its formula"
            if (row, place) in sheet.uncalculated:
                detail = "is a formula whose value is not in the file"
                remedy = "open it in a spreadsheet program and save it"
            where = f"{here}, row {row + 1}, column {columns[place]}"
            found.setdefault(row + 1, Problem(where, detail, remedy))
    return found
