"""The gate between a till transaction and the database: it carries out the steps asked for."""

import sqlite3
from typing import Any

import psycopg

from service.errors import Misconfigured, Throttled
from service.store.causes import cause_of
from service.store.session import Database
from service.store.till import postgresql, sqlite
from service.store.till.steps import Aside, Effect, Guesses, Look, Step, Steps, advance

# A race was lost: the same reference, the same use, or each held what the other wanted. Nothing was
# written, so look again.
_RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_AWAY = (
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.UndefinedTable,
)


def run(database: Database, steps: Steps, *, write: bool) -> str:
    """Carry out steps; their answer. On SQLite all of them are one transaction.

    Raises Misconfigured when the database is away, has no tables, or is locked for too long;
    nothing was written then, or the answer is stored.
    """
    step = advance(steps, None)
    if database.is_sqlite and not write:
        while not isinstance(step, str):
            step = advance_aside(database, steps, step)
        return step
    try:
        with database.driver(write=write) as connection:
            if database.is_sqlite:
                return _write_sqlite(connection, steps, step)
            return _run_postgresql(connection, steps, step)
    except _AWAY as error:
        raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error


def read_on(database: Database, steps: Steps, step: Step | str) -> Step | str:
    """Carry out the short looks of a reader of SQLite; its answer, or the first step that may last.

    That step may be a look.
    """
    if not isinstance(step, Look):
        return step
    try:
        with database.driver(write=False) as connection:
            while isinstance(step, Look):
                seen = sqlite.look_at_once(connection, step)
                if seen is None:
                    return step
                step = advance(steps, seen)
    except _AWAY as error:
        raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error
    return step


def advance_aside(database: Database, steps: Steps, step: Step) -> Step | str:
    """Carry out a step of a reader of SQLite that may last, and say what comes next."""
    assert not isinstance(step, Effect), "a reader writes nothing"
    if isinstance(step, Guesses):
        return advance(steps, count(database, step))
    if isinstance(step, Aside):
        return advance(steps, None)
    try:
        with database.driver(write=False) as connection:
            return advance(steps, sqlite.look(connection, step))
    except _AWAY as error:
        raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error


def count(database: Database, guesses: Guesses) -> bool:
    """Count guesses in a transaction of their own; whether there was room."""
    try:
        with database.driver(write=True) as connection:
            if database.is_sqlite:
                return sqlite.guess(connection, guesses)
            return _count_postgresql(connection, guesses)
    except _AWAY as error:
        raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error


def _write_sqlite(connection: sqlite3.Connection, steps: Steps, step: Step | str) -> str:
    while not isinstance(step, str):
        if isinstance(step, Look):
            step = advance(steps, sqlite.look(connection, step))
        elif isinstance(step, Effect):
            step = advance(steps, sqlite.write(connection, step))
        elif isinstance(step, Guesses):
            has_room = sqlite.guess(connection, step)
            try:
                step = advance(steps, has_room)
            except Throttled:
                # The guesses were made all the same.
                connection.execute("COMMIT")
                raise
        else:
            step = advance(steps, None)
    return step


def _run_postgresql(connection: psycopg.Connection[Any], steps: Steps, step: Step | str) -> str:
    cursor = psycopg.RawCursor(connection)
    while not isinstance(step, str):
        if isinstance(step, Look):
            cursor.execute(postgresql.LOOK, postgresql.look_parameters(step), prepare=True)
            row, fit = cursor.fetchone() or (), None
            if asked := postgresql.fit_parameters(step, row):
                (fit,) = cursor.execute(postgresql.FIT, asked, prepare=True).fetchone() or (None,)
            step = advance(steps, postgresql.seen(row, step, fit))
        elif isinstance(step, Effect):
            step = advance(steps, _write_postgresql(cursor, step))
        elif isinstance(step, Guesses):
            step = advance(steps, _count_postgresql(connection, step))
        else:
            step = advance(steps, None)
    return step


def _write_postgresql(cursor: psycopg.RawCursor[Any], effect: Effect) -> bool:
    try:
        cursor.execute(postgresql.WRITE, postgresql.write_parameters(effect), prepare=True)
    except _RACES:
        return False
    return bool((cursor.fetchone() or (0,))[0])


def _count_postgresql(connection: psycopg.Connection[Any], guesses: Guesses) -> bool:
    cursor = psycopg.RawCursor(connection)
    with connection.transaction():
        cursor.execute(postgresql.GUESS_LOCK, postgresql.lock_parameters(guesses))
        cursor.execute(postgresql.GUESS, postgresql.guess_parameters(guesses))
        return bool((cursor.fetchone() or (False,))[0])
