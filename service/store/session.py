"""The door to the database. `write()` is the only place that commits."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlmodel import Session

from service.errors import Misconfigured

BUSY_SECONDS = 30


class Database:
    """One database, embedded (SQLite) or served (PostgreSQL).

    SQLite has one writer at a time: its writers take the lock when they begin, from a pool of
    one, so they queue instead of failing; readers see a snapshot and never wait.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=pool_size)
        else:
            self._writer = create_engine(
                url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, hide_parameters=True
            )
            self._reader = self._writer

    @property
    def engine(self) -> Engine:
        """The engine that may write, for migrations."""
        return self._writer

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, undone whole if it raises."""
        with Session(self._writer, expire_on_commit=False) as session, _unreachable(self.url):
            session.connection()
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changes is undone, what it read stays readable."""
        with Session(self._reader, expire_on_commit=False) as session, _unreachable(self.url):
            session.connection()
            yield session
            session.expunge_all()
            session.rollback()

    def dispose(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._reader.dispose()


def violates_unique(error: IntegrityError) -> bool:
    """Whether a unique constraint refused the row (and not a missing reference)."""
    original = error.orig
    if isinstance(original, sqlite3.IntegrityError):
        return original.sqlite_errorname in {
            "SQLITE_CONSTRAINT_UNIQUE",
            "SQLITE_CONSTRAINT_PRIMARYKEY",
        }
    return getattr(original, "sqlstate", None) == "23505"


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _unreachable(url: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        text = str(error.orig)
        if "no such table" in text or getattr(error.orig, "sqlstate", "") == "42P01":
            raise Misconfigured(
                f"The database {_without_password(url)} has no tables yet. Run `larder migrate`."
            ) from error
        if "unable to open" in text or "connection" in text.lower():
            raise Misconfigured(
                f"The database {_without_password(url)} cannot be reached: {text.strip()}"
            ) from error
        raise


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, _, user = head.partition("://")
    return f"{scheme}://{user.split(':')[0]}@{tail}"
