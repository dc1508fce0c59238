"""Reads a file of deals into sheets of text cells: XLSX, separated text or Parquet."""

import csv
import hashlib
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from service.deals.columns import column_named
from service.errors import InvalidInput, Problem
from service.files import workbook
from service.files.package import MOST_BYTES, MOST_CELLS, MOST_COLUMNS, column_letters
from service.files.text_form import find_encoding, find_separator, require_text
from service.files.workbook import Sheet

_HEAD_CHARACTERS = 1 << 20
_MOST_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its sheets, and `notes` on how it was read."""

    name: str
    body: bytes = field(repr=False)
    sha256: str
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]

    @property
    def is_workbook(self) -> bool:
        """Whether the body is an XLSX file."""
        return self.body.startswith(b"PK\x03\x04")

    @property
    def is_text(self) -> bool:
        """Whether the body is text with separators."""
        return not self.is_workbook and not self.body.startswith(b"PAR1")


def read_document(name: str, body: bytes, *, encoding: str) -> Document:
    """Read a file: XLSX, Parquet, or text with separators, recognized by its first bytes.

    Text is decoded by its byte order mark, else as strict UTF-8, else in `encoding`. Raises
    InvalidInput for any other file.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    if body.startswith(b"PK\x03\x04"):
        return Document(name, body, sha256, workbook.read_workbook(name, body), ())
    if body.startswith(b"PAR1"):
        return Document(name, body, sha256, (_read_parquet(name, body),), ())
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput(
            "%(name)s is an old or a locked workbook.",
            [Problem(name, "is an .xls file, or has a password", "save it as .xlsx without one")],
            name=name,
        )
    require_text(name, body)
    text, notes = decode_text(name, body, encoding=encoding)
    rows, separator = _split_rows(name, text)
    if separator != ",":
        shown = {"\t": "tabs"}.get(separator, repr(separator))
        notes = (*notes, f"cells are separated by {shown}")
    frame = _to_frame(rows)
    return Document(name, body, sha256, (Sheet("", frame),), notes)


def decode_text(name: str, body: bytes, *, encoding: str) -> tuple[str, tuple[str, ...]]:
    """Decode a file to text; also returns notes on its encoding."""
    codec, notes = find_encoding(name, io.BytesIO(body), encoding)
    return body.decode(codec), notes


def _split_rows(name: str, text: str) -> tuple[list[list[str]], str]:
    """Split a text into rows by the separator with which most columns are known."""
    separator, _ = find_separator(text[:_HEAD_CHARACTERS], _count_known)
    return _rows(name, text, separator), separator


def _count_known(cells: Sequence[str]) -> int:
    return sum(column_named(cell) is not None for cell in cells)


def _rows(name: str, text: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(row)
            cells = max(cells, len(row))
            _check_size(name, len(rows), cells)
    except csv.Error as error:
        raise InvalidInput(
            "%(name)s, row %(row)s: %(reason)s.",
            [Problem(f"{name}, row {len(rows) + 1}", "cannot be read", "close its quotes")],
            name=name,
            row=len(rows) + 1,
            reason=str(error),
        ) from None
    return rows


def _check_size(name: str, rows: int, columns: int) -> None:
    """Raise InvalidInput for a table of more rows, columns or cells than are read."""
    if columns > MOST_COLUMNS:
        detail, remedy = f"has {columns:,} columns", f"send at most {MOST_COLUMNS:,}"
    elif rows > _MOST_ROWS or rows * columns > MOST_CELLS:
        detail, remedy = f"has {rows:,} rows and more, of up to {columns:,} cells", "split it"
    else:
        return
    raise InvalidInput("%(name)s is too large.", [Problem(name, detail, remedy)], name=name)


def _to_frame(rows: Sequence[Sequence[str]]) -> pl.DataFrame:
    width = max((len(row) for row in rows), default=0)
    columns = itertools.zip_longest(*rows) if rows else iter(())
    return pl.DataFrame(
        [
            pl.Series(column_letters(place), list(cells), dtype=pl.String)
            for place, cells in zip(range(width), columns, strict=True)
        ]
    )


def _read_parquet(name: str, body: bytes) -> Sheet:
    """Read a Parquet file as a sheet whose first row holds the names of its columns."""
    try:
        schema = pl.read_parquet_schema(io.BytesIO(body))
        _check_size(name, 0, len(schema))
        # What the file says of its rows is not trusted: no more are read than may be.
        frame = pl.read_parquet(io.BytesIO(body), n_rows=_MOST_ROWS + 1)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidInput(
            "%(name)s is not a Parquet file that can be read: %(reason)s", name=name, reason=reason
        ) from None
    _check_size(name, frame.height, frame.width)
    # A text that a dictionary holds once takes its length in every row that refers to it.
    texts = frame.select(pl.col(pl.String).str.len_bytes().cast(pl.Int64).sum())
    if sum(filter(None, texts.row(0) if texts.width else ())) > MOST_BYTES:
        detail = "repeats long texts to more than half a gigabyte"
        raise InvalidInput("%(name)s is too large.", [Problem(name, detail, "split it")], name=name)
    columns, typed = [], []
    for place, column in enumerate(frame.columns):
        kind = frame.schema[column]
        if kind.is_nested() or kind == pl.Binary:
            fault = Problem(f"{name}, column {column}", f"is of type {kind}", "write text")
            raise InvalidInput("%(name)s has a column that cannot be read.", [fault], name=name)
        cells = frame[column].cast(pl.String, strict=False)
        if kind.is_float():
            cells = cells.str.replace(r"\.0$", "")
        head = pl.Series(column_letters(place), [column], dtype=pl.String)
        columns.append(head.append(cells.alias(column_letters(place))))
        is_number = pl.Series(column_letters(place), [not kind.is_(pl.String)])
        typed.append(is_number.new_from_index(0, frame.height + 1))
    return Sheet("", pl.DataFrame(columns), typed=pl.DataFrame(typed))
