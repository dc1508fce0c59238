"""Reads the rows of a file in typed chunks; faults name their row and column."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from service.engine.texts import clean_column
from service.errors import NotFound, Problem
from service.files import sources
from service.files.headers import NO_RULES, HeaderReader, HeaderRules
from service.files.notes import Note
from service.files.report import KEPT_PROBLEMS
from service.files.sources import ROW as ROW
from service.files.sources import Part
from service.files.text_form import TextOptions

CHUNK_ROWS = 50_000
PLAIN_TEXT = TextOptions()

Parse = Callable[[pl.Expr], pl.Expr]


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
    be fewer than `refused`, the count of bad rows. `done` and `total` count bytes of a text file
    and rows of another. `present` are the names of the known columns that the file has. The first
    chunk has the `notes` on how the file was read.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    refused: int
    done: int
    total: int
    present: frozenset[str]
    notes: tuple[Note, ...] = ()


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


def read(
    path: Path,
    columns: Sequence[FileColumn],
    *,
    name: str = "",
    options: TextOptions = PLAIN_TEXT,
    rules: HeaderRules = NO_RULES,
) -> Iterator[Chunk]:
    """Yield the rows of a file, chunk by chunk: separated text, Parquet or XLSX.

    Columns of the file that are not in `columns` are named in a note, or are faults by `rules`
    (see `headers.HeaderReader.match`). Faults call the file `name`, or by its path. Raises NotFound
    when there is no such file, InvalidInput for one that is no table of these columns.
    """
    name = name or str(path)
    if not path.is_file():
        raise NotFound(f"There is no file {name}.")
    required = [column.name for column in columns if column.required]
    header = HeaderReader([column.name for column in columns], required, rules)
    for part in sources.read_parts(path, name, header, chunk_rows=CHUNK_ROWS, options=options):
        yield _parse_part(name, part, columns)


def _parse_part(name: str, part: Part, columns: Sequence[FileColumn]) -> Chunk:
    raw = part.texts.with_columns(
        clean_column(part.texts[c.name]) for c in columns if c.name in part.texts
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
    problems = list(part.faulty)
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
        int(bad.sum()) + len(part.faulty),
        part.done,
        part.total,
        frozenset(column.name for column in columns if column.name in raw.columns),
        part.notes,
    )


def _cell_fault(name: str, row: int, column: FileColumn, value: str | None) -> Problem:
    where = f"{name}, row {row}, column {column.name}"
    if value is None:
        return Problem(where, "is empty", f"give {column.expected}")
    return Problem(where, f"{value[:60]!r} is not {column.expected}")
