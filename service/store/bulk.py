"""Frames in and out of the database in bulk, inside the caller's own transaction.

On SQLite only the standard `sqlite3` module touches the file: a second SQLite library in the
same process would drop its locks and lose committed rows.
"""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain, repeat
from typing import Any, cast

import numpy as np
import polars as pl
import psycopg
from sqlmodel import Session

from service.store.temporary import Temporary, empty_table

_FETCH_ROWS = 200_000
_BUFFERED_ROWS = 4096
_POSTGRESQL = {
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.String: "text",
    pl.Date: "date",
    pl.Datetime: "timestamptz",
}
_SQLITE = {pl.Float64: "REAL", pl.String: "TEXT", pl.Date: "TEXT"}


def is_sqlite(session: Session) -> bool:
    """Whether the session is on the embedded database."""
    return session.get_bind().dialect.name == "sqlite"


def stage(session: Session, name: str, frame: pl.DataFrame) -> None:
    """Make (or refill) the temporary table `name` with the rows of `frame`.

    Column types follow the frame's: Int64, Float64, Boolean, String, Date, Datetime (UTC). The
    table is the session's own; later statements join it as any other.
    """
    pooled = session.connection().connection
    if is_sqlite(session):
        columns = ", ".join(
            f'"{column}" {_SQLITE.get(kind.base_type(), "INTEGER")}'
            for column, kind in frame.schema.items()
        )
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        empty_table(connection, pooled.info, name, Temporary(columns))
        holders = ", ".join("?" * frame.width)
        statement = f'INSERT INTO temp."{name}" VALUES ({holders})'
        connection.executemany(statement, _sqlite_rows(frame))
    else:
        _stage_postgresql(cast("psycopg.Connection[Any]", pooled.driver_connection), name, frame)


def append(session: Session, table: str, frame: pl.DataFrame) -> None:
    """Add the rows of `frame` to an existing table; column types as in `stage`."""
    connection = session.connection().connection.driver_connection
    columns = ", ".join(frame.columns)
    if is_sqlite(session):
        holders = ", ".join("?" * frame.width)
        statement = f"INSERT INTO {table} ({columns}) VALUES ({holders})"
        cast("sqlite3.Connection", connection).executemany(statement, _sqlite_rows(frame))
        return
    with cast("psycopg.Connection[Any]", connection).cursor() as cursor:
        _copy(cursor, f"{table} ({columns})", frame)


def next_ids(session: Session, table: str, count: int) -> pl.Series:
    """Reserve ids for `count` new rows of a table that numbers its rows; in order.

    On SQLite they are reserved until the writer's transaction ends.
    """
    if is_sqlite(session):
        query = f"SELECT coalesce(max(id), 0) FROM {table}"
        last: int = session.connection().exec_driver_sql(query).scalar_one()
        return pl.int_range(last + 1, last + 1 + count, dtype=pl.Int64, eager=True)
    series = f"pg_get_serial_sequence('{table}', 'id')"
    query = f"SELECT nextval({series}) FROM generate_series(1, {count})"
    return read_integers(session, query, ("id",))["id"]


def read_integers(session: Session, query: str, columns: tuple[str, ...]) -> pl.DataFrame:
    """The rows of a query whose columns are all integers and never null, as Int64.

    `query` is SQL without parameters; it must not contain text from outside.
    """
    connection = session.connection().connection.driver_connection
    schema = dict(zip(columns, repeat(pl.Int64), strict=False))
    if not is_sqlite(session):
        with cast("psycopg.Connection[Any]", connection).cursor() as cursor:
            copy_out = f"COPY ({query}) TO STDOUT (FORMAT csv)"
            with cursor.copy(copy_out.encode()) as copy:
                raw = b"".join(copy)
        if not raw:
            return pl.DataFrame(schema=schema)
        return pl.read_csv(raw, has_header=False, new_columns=list(columns), schema=schema)
    rows = cast("sqlite3.Connection", connection).execute(query)
    parts = [pl.DataFrame(schema=schema)]
    while chunk := rows.fetchmany(_FETCH_ROWS):
        numbers = np.fromiter(chain.from_iterable(chunk), np.int64, len(chunk) * len(columns))
        block = numbers.reshape(-1, len(columns))
        parts.append(pl.DataFrame(block, schema=schema, orient="row"))
    return pl.concat(parts)


def _sqlite_rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Rows as SQLite stores them: moments as integers, days as text."""
    return frame.with_columns(
        pl.col(pl.Datetime).dt.epoch("us"), pl.col(pl.Date).dt.to_string("%Y-%m-%d")
    ).iter_rows(buffer_size=_BUFFERED_ROWS)


def _stage_postgresql(connection: psycopg.Connection[Any], name: str, frame: pl.DataFrame) -> None:
    columns = ", ".join(
        f'"{column}" {_POSTGRESQL[kind.base_type()]}' for column, kind in frame.schema.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS pg_temp."{name}"'.encode())
        cursor.execute(f'CREATE TEMP TABLE "{name}" ({columns}) ON COMMIT DROP'.encode())
        _copy(cursor, f'pg_temp."{name}"', frame)
        cursor.execute(f'ANALYZE pg_temp."{name}"'.encode())


def _copy(cursor: psycopg.Cursor[Any], target: str, frame: pl.DataFrame) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT csv)".encode()) as copy:
        for part in frame.iter_slices(_FETCH_ROWS):
            # Quoted, an empty text is not taken for a null.
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))


def moment_micros(session: Session, column: str) -> str:
    """SQL for a moment column as integer microseconds of UTC."""
    if is_sqlite(session):
        return column
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


def moment_literal(session: Session, moment: datetime) -> str:
    """SQL for an aware moment, comparable with a moment column."""
    if is_sqlite(session):
        return str(round(moment.timestamp() * 1_000_000))
    return f"'{moment.isoformat()}'::timestamptz"


def day_value(session: Session, day: date) -> date | str:
    """A date as a bound parameter of plain SQL."""
    return day.isoformat() if is_sqlite(session) else day
