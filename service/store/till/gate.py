"""The gate between a till transaction and the database: it carries out the steps asked for."""

import sqlite3
from typing import Any

import psycopg

from service.errors import Misconfigured
from service.store.session import Database
from service.store.till import postgresql, sqlite
from service.store.till.steps import Effect, Look, Steps

# A race was lost: the same reference, the same use, or each held what the other wanted. Nothing was
# written, so look again.
_RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_AWAY = (sqlite3.OperationalError, psycopg.OperationalError, psycopg.errors.UndefinedTable)


def run(database: Database, steps: Steps, *, write: bool) -> str:
    """Carry out steps; their answer. On SQLite all of them are one transaction.

    Raises Misconfigured when the database is away, has no tables, or is locked for too long;
    nothing was written then, or the answer is stored.
    """
    try:
        with database.driver(write=write) as connection:
            if database.is_sqlite:
                return _run_sqlite(connection, steps)
            return _run_postgresql(connection, steps)
    except _AWAY as error:
        raise Misconfigured("The database cannot be used; ask again.") from error


def _run_sqlite(connection: sqlite3.Connection, steps: Steps) -> str:
    step = next(steps)
    while True:
        try:
            if isinstance(step, Look):
                step = steps.send(sqlite.look(connection, step))
            else:
                step = steps.send(sqlite.write(connection, step))
        except StopIteration as done:
            answer: str = done.value
            return answer


def _run_postgresql(connection: psycopg.Connection[Any], steps: Steps) -> str:
    cursor = psycopg.RawCursor(connection)
    step = next(steps)
    while True:
        try:
            if isinstance(step, Look):
                cursor.execute(postgresql.LOOK, postgresql.look_parameters(step), prepare=True)
                step = steps.send(postgresql.seen(cursor.fetchone() or ()))
            else:
                step = steps.send(_write_postgresql(cursor, step))
        except StopIteration as done:
            answer: str = done.value
            return answer


def _write_postgresql(cursor: psycopg.RawCursor[Any], effect: Effect) -> bool:
    try:
        cursor.execute(postgresql.WRITE, postgresql.write_parameters(effect), prepare=True)
    except _RACES:
        return False
    return bool((cursor.fetchone() or (0,))[0])
