"""Rows of a CSV or Parquet file in typed chunks, every fault named by row and column."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from service.errors import InvalidInput, NotFound, Problem

CHUNK_ROWS = 50_000
ROW = "row_number"

Parse = Callable[[pl.Expr], pl.Expr]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how its text becomes a value, and what a good value looks like.

    `parse` gives null for text it cannot read. An empty optional cell becomes `default`.
    """

    name: str
    parse: Parse
    expected: str
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Good rows (with `row_number`, the row in the file: 1 is the first after the header), the
    faults of the others, and how far the file is read.

    `done` and `total` count bytes of a CSV file, rows of a Parquet file.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    refused: int
    done: int
    total: int


def text(expr: pl.Expr) -> pl.Expr:
    """Any text, without the blanks around it."""
    return expr.str.strip_chars()


def whole(expr: pl.Expr) -> pl.Expr:
    """A whole number."""
    return expr.str.strip_chars().cast(pl.Int64, strict=False)


def number(expr: pl.Expr) -> pl.Expr:
    """A finite decimal number."""
    value = expr.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def yes_no(expr: pl.Expr) -> pl.Expr:
    """true, false, yes, no, 1 or 0."""
    word = expr.str.strip_chars().str.to_lowercase()
    return (
        pl.when(word.is_in(["true", "yes", "1"]))
        .then(pl.lit(True))
        .when(word.is_in(["false", "no", "0"]))
        .then(pl.lit(False))
    )


def moment(expr: pl.Expr) -> pl.Expr:
    """An ISO 8601 moment with an offset; one without is refused, because it must be guessed."""
    clean = expr.str.strip_chars().str.replace(" ", "T", literal=True)
    clean = clean.str.replace(r"(Z|z|UTC)$", "+00:00").str.replace(r"([+-]\d{2})$", "${1}:00")
    with_offset = pl.when(clean.str.contains(r"[+-]\d{2}:?\d{2}$")).then(clean)
    seconds = with_offset.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    minutes = with_offset.str.to_datetime("%Y-%m-%dT%H:%M%:z", time_unit="us", strict=False)
    return pl.coalesce(seconds, minutes).dt.convert_time_zone("UTC")


def read(path: Path, columns: Sequence[Column]) -> Iterator[Chunk]:
    """The file's rows, chunk by chunk. Columns the file has beyond `columns` are ignored.

    Raises NotFound without the file, InvalidInput for a missing column or a file that is neither
    UTF-8 CSV nor Parquet.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    for raw, ragged, done, total in _parquet(path) if is_parquet else _csv(path):
        missing = [c.name for c in columns if c.required and c.name not in raw.columns]
        if missing:
            raise InvalidInput(
                f"{path} has not all the columns it needs.",
                [Problem(f"{path}, column {name}", "is missing", _found(raw)) for name in missing],
            )
        yield _typed(path, raw, columns, ragged=ragged, done=done, total=total)


def _found(raw: pl.DataFrame) -> str:
    return f"the file has {', '.join(name for name in raw.columns if name != ROW)}"


def _typed(
    path: Path,
    raw: pl.DataFrame,
    columns: Sequence[Column],
    *,
    ragged: Sequence[Problem],
    done: int,
    total: int,
) -> Chunk:
    given = raw.select(
        pl.col(ROW),
        *(
            (pl.col(c.name) if c.name in raw.columns else pl.lit(None, dtype=pl.String))
            .cast(pl.String)
            .replace("", None)
            .fill_null(pl.lit(c.default, dtype=pl.String))
            .alias(c.name)
            for c in columns
        ),
    )
    parsed = given.select(pl.col(ROW), *(c.parse(pl.col(c.name)).alias(c.name) for c in columns))
    problems = list(ragged)
    bad = pl.Series([False]).new_from_index(0, raw.height)
    for column in columns:
        empty = given[column.name].is_null()
        faulty = parsed[column.name].is_null() & ~empty
        if column.required:
            faulty = faulty | empty
        if not faulty.any():
            continue
        bad = bad | faulty
        wrong = given.filter(faulty)
        problems.extend(
            Problem(
                f"{path}, row {row}, column {column.name}",
                "is empty" if value is None else f"{value[:60]!r} is not {column.expected}",
            )
            for row, value in zip(wrong[ROW], wrong[column.name], strict=True)
        )
    return Chunk(parsed.filter(~bad), tuple(problems), int(bad.sum()) + len(ragged), done, total)


def _parquet(path: Path) -> Iterator[tuple[pl.DataFrame, list[Problem], int, int]]:
    try:
        lazy = pl.scan_parquet(path)
        total = lazy.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path} is not a Parquet file that can be read: {error}") from None
    for start in range(0, max(total, 1), CHUNK_ROWS):
        part = lazy.slice(start, CHUNK_ROWS).collect().with_row_index(ROW, offset=start + 1)
        plain = part.with_columns(
            pl.col(pl.Datetime).dt.to_string("iso:strict"), pl.col(ROW).cast(pl.Int64)
        )
        yield plain, [], min(start + CHUNK_ROWS, total), total


def _csv(path: Path) -> Iterator[tuple[pl.DataFrame, list[Problem], int, int]]:
    total = path.stat().st_size
    with (
        path.open("rb") as binary,
        io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file,
    ):
        reader = csv.reader(file)
        try:
            named = [name.strip() for name in next(reader, [])]
            header = [name or f"unnamed {number}" for number, name in enumerate(named, start=1)]
            if not header:
                raise InvalidInput(f"{path} is empty; the first row must name the columns.")
            repeated = sorted({name for name in header if header.count(name) > 1})
            if repeated:
                raise InvalidInput(f"{path} names columns twice: {', '.join(repeated)}.")
            rows: list[list[str]] = []
            numbers: list[int] = []
            ragged: list[Problem] = []
            number = 0
            for number, row in enumerate(reader, start=1):
                if len(row) == len(header):
                    rows.append(row)
                    numbers.append(number)
                elif row:
                    ragged.append(
                        Problem(
                            f"{path}, row {number}",
                            f"has {len(row)} cells where the header has {len(header)}",
                        )
                    )
                if len(rows) == CHUNK_ROWS:
                    yield _frame(header, rows, numbers), ragged, min(binary.tell(), total), total
                    rows, numbers, ragged = [], [], []
            yield _frame(header, rows, numbers), ragged, total, total
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{path} is not UTF-8 text (after row {number}): {error.reason}.",
                [Problem(str(path), "save it as CSV UTF-8, or as Parquet")],
            ) from None
        except csv.Error as error:
            raise InvalidInput(f"{path}, row {number + 1}: {error}.") from None


def _frame(header: list[str], rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64))
