"""Reads the rows of CSV and Parquet files in typed chunks; faults name their row and column."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from service.engine.texts import clean_column
from service.errors import InvalidInput, NotFound, Problem
from service.files.report import KEPT_PROBLEMS

CHUNK_ROWS = 50_000
MOST_COLUMNS = 2_000
ROW = "row_number"
# Rows are counted as in a spreadsheet, also in Parquet files: the header is row 1.
FIRST_ROW = 2

Parse = Callable[[pl.Expr], pl.Expr]

# Parquet types that have an unambiguous text; lists, structs and bytes have none.
_TEXT_TYPES = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)
_EXACT_FLOAT = 2.0**53


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column to read: how its text becomes a value, and what is expected in it.

    `parse` maps text to values, and to null what it cannot read. Its cells are cleaned (see
    `engine/texts`) and stripped of blanks. An empty cell of an optional column becomes `default`.
    """

    name: str
    parse: Parse
    expected: str
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a file: its good rows, the faults of the others, and the progress.

    `rows` has a column `row_number`; the header is row 1. `problems` are in order of rows and may
    be fewer than `refused`, the count of bad rows. `done` and `total` count bytes of a CSV file and
    rows of a Parquet file. `present` are the names of the known columns that the file has.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    refused: int
    done: int
    total: int
    present: frozenset[str]


def text(expr: pl.Expr) -> pl.Expr:
    """Any text."""
    return expr


def whole(expr: pl.Expr) -> pl.Expr:
    """A whole number."""
    return expr.cast(pl.Int64, strict=False)


def number(expr: pl.Expr) -> pl.Expr:
    """A finite decimal number."""
    value = expr.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def within(parse: Parse, low: int, high: int) -> Parse:
    """A parser that accepts the values of `parse` from `low` through `high`."""

    def bounded(expr: pl.Expr) -> pl.Expr:
        value = parse(expr)
        return pl.when(value.is_between(low, high)).then(value)

    return bounded


def yes_no(expr: pl.Expr) -> pl.Expr:
    """true, false, yes, no, 1 or 0."""
    word = expr.str.to_lowercase()
    return (
        pl.when(word.is_in(["true", "yes", "1"]))
        .then(pl.lit(True))
        .when(word.is_in(["false", "no", "0"]))
        .then(pl.lit(False))
    )


def day(expr: pl.Expr) -> pl.Expr:
    """An ISO 8601 date from 1900 on; a midnight without an offset is read as its date."""
    clean = expr.str.replace(r"[T ]00:00:00(\.0+)?$", "")
    dated = pl.when(clean.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(clean)
    found = dated.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(found.dt.year().is_between(1900, 9999)).then(found)


def moment(expr: pl.Expr) -> pl.Expr:
    """An ISO 8601 timestamp in UTC; one without an offset is not read, since it is ambiguous."""
    clean = expr.str.replace(r"\s*(Z|z|UTC)$", "+00:00").str.replace(" ", "T", literal=True)
    clean = clean.str.replace(r"(T.*[+-]\d{2})$", "${1}:00")
    with_offset = pl.when(clean.str.contains(r"^\d{4}-.*T.*[+-]\d{2}:?\d{2}$")).then(clean)
    seconds = with_offset.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    minutes = with_offset.str.to_datetime("%Y-%m-%dT%H:%M%:z", time_unit="us", strict=False)
    found = pl.coalesce(seconds, minutes).dt.convert_time_zone("UTC")
    return pl.when(found.dt.year().is_between(1900, 9998)).then(found)


def read(path: Path, columns: Sequence[FileColumn], *, name: str = "") -> Iterator[Chunk]:
    """Yield the rows of a file, chunk by chunk. Columns of the file not in `columns` are ignored.

    Faults call the file `name`, or by its path. Raises NotFound when there is no such file,
    InvalidInput for a missing column or a file that is neither UTF-8 CSV nor Parquet.
    """
    name = name or str(path)
    if not path.is_file():
        raise NotFound(f"There is no file {name}.")
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    for part in (_read_parquet if is_parquet else _read_csv)(path, name, columns):
        yield _parse_part(name, part, columns)


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk of texts; `ragged` are rows with the wrong number of cells, each with its fault."""

    raw: pl.DataFrame
    ragged: list[tuple[int, Problem]]
    done: int
    total: int


def _require_columns(name: str, columns: Sequence[FileColumn], found: Sequence[str]) -> None:
    missing = [column.name for column in columns if column.required and column.name not in found]
    if missing:
        remedy = f"add it; the file has {', '.join(found)}"
        raise InvalidInput(
            f"{name} has not all the columns it needs.",
            [Problem(f"{name}, column {column}", "is missing", remedy) for column in missing],
        )


def _parse_part(name: str, part: _Part, columns: Sequence[FileColumn]) -> Chunk:
    raw = part.raw.with_columns(
        clean_column(part.raw[c.name].cast(pl.String)) for c in columns if c.name in part.raw
    )
    given = raw.select(
        pl.col(ROW),
        *(
            (pl.col(c.name) if c.name in raw.columns else pl.lit(None, dtype=pl.String))
            .str.strip_chars()
            .replace("", None)
            .fill_null(pl.lit(c.default, dtype=pl.String))
            .alias(c.name)
            for c in columns
        ),
    )
    parsed = given.select(pl.col(ROW), *(c.parse(pl.col(c.name)).alias(c.name) for c in columns))
    problems = list(part.ragged)
    bad = pl.Series([False]).new_from_index(0, raw.height)
    for column in columns:
        empty = given[column.name].is_null()
        faulty = parsed[column.name].is_null() & ~empty
        if column.required:
            faulty = faulty | empty
        if not faulty.any():
            continue
        bad = bad | faulty
        wrong = given.filter(faulty).head(KEPT_PROBLEMS)
        problems.extend(
            (row, _cell_fault(name, row, column, value))
            for row, value in zip(wrong[ROW], wrong[column.name], strict=True)
        )
    problems.sort(key=lambda placed: placed[0])
    return Chunk(
        parsed.filter(~bad),
        tuple(problem for _, problem in problems),
        int(bad.sum()) + len(part.ragged),
        part.done,
        part.total,
        frozenset(column.name for column in columns if column.name in raw.columns),
    )


def _cell_fault(name: str, row: int, column: FileColumn, value: str | None) -> Problem:
    where = f"{name}, row {row}, column {column.name}"
    if value is None:
        return Problem(where, "is empty", f"give {column.expected}")
    return Problem(where, f"{value[:60]!r} is not {column.expected}")


def _read_parquet(path: Path, name: str, columns: Sequence[FileColumn]) -> Iterator[_Part]:
    try:
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
        _require_columns(name, columns, schema.names())
        wanted = [column.name for column in columns if column.name in schema]
        plain = [_as_text(name, column, schema[column]) for column in wanted]
        total = lazy.select(pl.len()).collect().item()
        for start in range(0, max(total, 1), CHUNK_ROWS):
            part = lazy.select(plain).slice(start, CHUNK_ROWS).collect()
            numbered = part.with_row_index(ROW, offset=start + FIRST_ROW).with_columns(
                pl.col(ROW).cast(pl.Int64)
            )
            yield _Part(numbered, [], min(start + CHUNK_ROWS, total), total)
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
            .alias(column)
        )
    if isinstance(kind, pl.Datetime):
        return expr.dt.to_string("iso:strict")
    if kind.is_numeric() or isinstance(kind, _TEXT_TYPES):
        return expr.cast(pl.String)
    fault = Problem(f"{name}, column {column}", f"is of type {kind}", "write numbers or text")
    raise InvalidInput(f"{name} has a column that cannot be read.", [fault])


def _read_csv(path: Path, name: str, columns: Sequence[FileColumn]) -> Iterator[_Part]:
    number = 0
    try:
        total = path.stat().st_size
        with (
            path.open("rb") as binary,
            io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file,
        ):
            reader = csv.reader(file)
            header = _parse_header(name, next(reader, []))
            _require_columns(name, columns, header)
            number = 1
            rows: list[list[str]] = []
            numbers: list[int] = []
            ragged: list[tuple[int, Problem]] = []
            for number, row in enumerate(reader, start=FIRST_ROW):
                if len(row) == len(header):
                    rows.append(row)
                    numbers.append(number)
                elif row:
                    ragged.append((number, _ragged_fault(name, number, len(row), len(header))))
                if len(rows) + len(ragged) >= CHUNK_ROWS:
                    done = min(binary.tell(), total)
                    yield _Part(_text_frame(header, rows, numbers), ragged, done, total)
                    rows, numbers, ragged = [], [], []
            yield _Part(_text_frame(header, rows, numbers), ragged, total, total)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{name} is not UTF-8 text (after row {number}): {error.reason}.",
            [Problem(name, "is in another encoding", "save it as CSV UTF-8, or as Parquet")],
        ) from None
    except csv.Error as error:
        raise InvalidInput(f"{name}, row {number + 1}: {error}.") from None
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def _parse_header(name: str, cells: Sequence[str]) -> list[str]:
    named = [cell.strip() for cell in cells]
    header = [cell or f"unnamed {number}" for number, cell in enumerate(named, start=1)]
    if not any(named):
        raise InvalidInput(f"{name} is empty; the first row must name the columns.")
    if len(header) > MOST_COLUMNS:
        fault = Problem(f"{name}, row 1", f"names {len(header):,} columns", "send those it needs")
        raise InvalidInput(f"{name} has more than {MOST_COLUMNS:,} columns.", [fault])
    repeated = sorted(cell for cell, count in Counter(header).items() if count > 1)
    if repeated:
        raise InvalidInput(f"{name} names columns twice: {', '.join(repeated)}.")
    return header


def _ragged_fault(name: str, row: int, cells: int, wanted: int) -> Problem:
    detail = f"has {cells} cells where the header has {wanted}"
    return Problem(f"{name}, row {row}", detail, "put quotes round a cell with a comma")


def _text_frame(header: list[str], rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64))
