"""Reads a file of deals into sheets of text cells: XLSX, separated text or Parquet."""

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from service.deals.columns import column_named
from service.errors import InvalidInput, Problem
from service.files import workbook
from service.files.package import MOST_BYTES, MOST_CELLS, MOST_COLUMNS, column_letters
from service.files.workbook import Sheet

SEPARATORS = (",", ";", "\t", "|")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LOOKED_AT = 40
_HEAD = 1024
_HEAD_CHARACTERS = 1 << 20
_NO_TABLES = {b"<": "is a web page or XML, whatever its name says", b"%PDF": "is a PDF"}
_MOST_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its sheets, and `notes` on how it was read.

    `cells_are_numbers`: the file stores numbers (a workbook), so a lone point is a decimal point.
    """

    name: str
    body: bytes = field(repr=False)
    sha256: str
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]
    cells_are_numbers: bool

    @property
    def is_workbook(self) -> bool:
        """Whether the body is an XLSX file."""
        return self.body.startswith(b"PK\x03\x04")


def read_document(name: str, body: bytes, *, encoding: str) -> Document:
    """Read a file: XLSX, Parquet, or text with separators, recognized by its first bytes.

    Text is decoded by its byte order mark, else as strict UTF-8, else in `encoding`. Raises
    InvalidInput for any other file.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    if body.startswith(b"PK\x03\x04"):
        sheets, notes = workbook.read_workbook(name, body)
        return Document(name, body, sha256, sheets, notes, cells_are_numbers=True)
    if body.startswith(b"PAR1"):
        return Document(
            name, body, sha256, (_read_parquet(name, body),), (), cells_are_numbers=True
        )
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput(
            f"{name} is an old or a locked workbook.",
            [Problem(name, "is an .xls file, or has a password", "save it as .xlsx without one")],
        )
    for mark, detail in _NO_TABLES.items():
        if body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(mark):
            fault = Problem(name, detail, "open it in a spreadsheet program and save it as .xlsx")
            raise InvalidInput(f"{name} is no spreadsheet that can be read.", [fault])
    text, notes = decode_text(name, body, encoding=encoding)
    rows, separator = _split_rows(name, text)
    if separator != ",":
        shown = {"\t": "tabs"}.get(separator, repr(separator))
        notes = (*notes, f"cells are separated by {shown}")
    frame = _to_frame(rows)
    return Document(name, body, sha256, (Sheet("", frame),), notes, cells_are_numbers=False)


def decode_text(name: str, body: bytes, *, encoding: str) -> tuple[str, tuple[str, ...]]:
    """Decode a file to text; also returns notes on its encoding."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _decode_strictly(name, body, codec), (
                ()
                if codec == "utf-8-sig"
                else (f"text is {codec.upper()}, by its byte order mark",)
            )
    codec = _unmarked_utf16(body)
    if codec:
        return _decode_strictly(name, body, codec), (f"text is {codec.upper()}, without a mark",)
    try:
        return body.decode("utf-8"), ()
    except UnicodeDecodeError:
        text = _decode_strictly(name, body, encoding)
    return text, (f"text is not UTF-8; read as {encoding}: {_foreign_words(text)}",)


def _decode_strictly(name: str, body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError) as error:
        reason = (
            error.reason if isinstance(error, UnicodeDecodeError) else "it is no encoding of files"
        )
        raise InvalidInput(
            f"{name} cannot be read as {codec} text: {reason}.",
            [Problem(name, "is in another encoding", "name it with --encoding, or save as UTF-8")],
        ) from None


def _unmarked_utf16(body: bytes) -> str:
    """UTF-16 of mostly Latin text shows as every other byte being zero."""
    head = body[:400]
    if len(head) < 8 or b"\x00" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 > even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 > odd else ""


def _foreign_words(text: str) -> str:
    """A few words that show whether the encoding was right."""
    words: list[str] = []
    for word in re.split(r'[\s,;|"]+', text):
        if not word.isascii():
            shown = word[:30]
            if shown not in words:
                words.append(shown)
        if len(words) == 3:
            break
    return ", ".join(words)


def _split_rows(name: str, text: str) -> tuple[list[list[str]], str]:
    """Split a text into rows by the separator with which most columns are known."""
    hint = text[:6].splitlines()[0] if text[:6].splitlines() else ""
    if hint.startswith("sep=") and len(hint) == 5:
        return _rows(name, text, hint[4]), hint[4]
    head = text[:_HEAD_CHARACTERS]
    best = max(SEPARATORS, key=lambda each: _count_known(head, each))
    return _rows(name, text, best), best


def _count_known(text: str, separator: str) -> tuple[int, int]:
    """How many columns the best of the first rows names, and how many cells it has."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        head = list(itertools.islice(reader, _LOOKED_AT))
    except csv.Error:
        return 0, 0
    named = [sum(column_named(cell) is not None for cell in row) for row in head]
    return max(named, default=0), max((len(row) for row in head), default=0)


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
            f"{name}, row {len(rows) + 1}: {error}.",
            [Problem(f"{name}, row {len(rows) + 1}", "cannot be read", "close its quotes")],
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
    raise InvalidInput(f"{name} is too large.", [Problem(name, detail, remedy)])


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
        raise InvalidInput(f"{name} is not a Parquet file that can be read: {reason}") from None
    _check_size(name, frame.height, frame.width)
    # A text that a dictionary holds once takes its length in every row that refers to it.
    texts = frame.select(pl.col(pl.String).str.len_bytes().cast(pl.Int64).sum())
    if sum(filter(None, texts.row(0) if texts.width else ())) > MOST_BYTES:
        detail = "repeats long texts to more than half a gigabyte"
        raise InvalidInput(f"{name} is too large.", [Problem(name, detail, "split it")])
    columns = []
    for place, column in enumerate(frame.columns):
        kind = frame.schema[column]
        if kind.is_nested() or kind == pl.Binary:
            fault = Problem(f"{name}, column {column}", f"is of type {kind}", "write text")
            raise InvalidInput(f"{name} has a column that cannot be read.", [fault])
        cells = frame[column].cast(pl.String, strict=False)
        if kind.is_float():
            cells = cells.str.replace(r"\.0$", "")
        head = pl.Series(column_letters(place), [column], dtype=pl.String)
        columns.append(head.append(cells.alias(column_letters(place))))
    return Sheet("", pl.DataFrame(columns))
