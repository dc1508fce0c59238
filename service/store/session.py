"""Access to the database. `write()` is the only place that commits."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlmodel import Session

from service.errors import Busy, Misconfigured

T = TypeVar("T")

BUSY_SECONDS = 30
ATTEMPTS = 10
"""How often a unit of work is tried when it conflicts with other transactions."""

CONNECT_SECONDS = 10
WRITER_CACHE_KIB = 65_536

# Errors of the database itself, and not of the statement: PostgreSQL's error classes (connection,
# authorization, unknown database, resources, cancelled or shut down, idle for too long, system) and
# SQLite's result codes.
_UNUSABLE_CLASSES = ("08", "28", "3D", "53", "57", "58", "25P03", "25P04")
# Conflicts with another transaction: deadlock detected, serialization failure, lock not available.
_CONFLICTS = ("40P01", "40001", "55P03")
_UNUSABLE_CODES = re.compile("SQLITE_(BUSY|CANTOPEN|CORRUPT|FULL|IOERR|NOTADB|PERM|READONLY)")


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
            patience = {} if "connect_timeout" in url else {"connect_timeout": CONNECT_SECONDS}
            self._writer = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=0,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args=patience,
            )
            self._reader = self._writer

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        """A connection for migrations, in one transaction that ends with the block."""
        with _database_errors(self.url), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, undone whole if it raises."""
        # Outermost: to end a session on a broken connection fails again.
        with _database_errors(self.url), Session(self._writer, expire_on_commit=False) as session:
            session.connection()
            yield session
            session.commit()

    def settle(self, act: Callable[[Session], T], *, busy: str) -> T:
        """`act` in one unit of work, repeated while it conflicts with other transactions.

        They conflict when one writes the same row first, or when each holds what the other needs.
        Raises Busy, with `busy` as its text, when every attempt fails.
        """
        for _ in range(ATTEMPTS):
            try:
                with self.write() as session:
                    return act(session)
            except (DBAPIError, psycopg.Error) as error:
                if not is_conflict(error):
                    raise
        raise Busy(busy)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: changes are undone, and rows that were read stay readable."""
        with (
            _conflict_as_busy(),
            _database_errors(self.url),
            Session(self._reader, expire_on_commit=False) as session,
        ):
            session.connection()
            yield session
            session.expunge_all()
            session.rollback()

    @contextmanager
    def driver(self, *, write: bool) -> Iterator[Any]:
        """The driver's own connection, for statements that cannot pay for a session.

        On SQLite a transaction is open and ends with the block, as in `write()` and `read()`. On
        PostgreSQL every statement is a separate transaction.
        """
        with _database_errors(self.url):
            if self.is_sqlite:
                engine = self._writer if write else self._reader
                pooled = engine.raw_connection()
                connection = pooled.driver_connection
                assert isinstance(connection, sqlite3.Connection)
                try:
                    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                    yield connection
                    connection.execute("COMMIT" if write else "ROLLBACK")
                finally:
                    pooled.close()
            else:
                with self._writer.connect() as held:
                    alone = held.execution_options(isolation_level="AUTOCOMMIT")
                    yield alone.connection.driver_connection

    def compact(self) -> None:
        """Write SQLite's file anew, so that it holds nothing of what was deleted or changed.

        Its log of changes (WAL) is emptied, too. Nothing happens on PostgreSQL, which does this by
        itself (autovacuum).
        """
        if not self.is_sqlite:
            return
        with _database_errors(self.url):
            pooled = self._writer.raw_connection()
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            try:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                pooled.close()

    def dispose(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._reader.dispose()


def is_conflict(error: DBAPIError | psycopg.Error) -> bool:
    """Whether the transaction failed because of another one, so that it may be repeated."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, IntegrityError) and violates_unique(error):
        return True
    sqlstate = getattr(original, "sqlstate", None)
    return sqlstate in (*_CONFLICTS, "23505")


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
        if pool_size == 1:
            # A bulk load whose indexes do not fit in the cache writes its pages again and again.
            connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _conflict_as_busy() -> Iterator[None]:
    """Raise a reader's conflict with other transactions as Busy: the caller may repeat it."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, IntegrityError) or not is_conflict(error):
            raise
        raise Busy("Too many want the same at once; ask again.") from error


@contextmanager
def _database_errors(url: str) -> Iterator[None]:
    """Raise errors of the database itself, and of one without tables, as Misconfigured."""
    try:
        yield
    except NoConnectionFree as error:
        raise Busy("Every connection to the database is taken; ask again.") from error
    except DBAPIError as error:
        shown = _without_secrets(url)
        if _lacks_tables(error):
            raise Misconfigured(
                f"The database {shown} has no tables yet. Run `larder migrate`."
            ) from error
        if _is_unusable(error):
            detail = " ".join(str(error.orig).split())
            raise Misconfigured(f"The database {shown} cannot be used: {detail}") from error
        raise
    except (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        # The driver raises these for statements that bypass the session.
        if isinstance(error, psycopg.Error) and is_conflict(error):
            raise
        raise Misconfigured("The database cannot be used; ask again.") from error


def _without_secrets(url: str) -> str:
    """An address to show: a password may come before the host or among the options."""
    address = make_url(url)
    hidden = {name: "***" for name in address.query if "password" in name.lower()}
    return address.update_query_dict(hidden).render_as_string(hide_password=True)


def _lacks_tables(error: DBAPIError) -> bool:
    return "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "42P01"


def _is_unusable(error: DBAPIError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _UNUSABLE_CODES.match(getattr(original, "sqlite_errorname", "") or "") is not None
    if not isinstance(original, psycopg.Error):
        return False
    if original.sqlstate is None:
        # The connection broke, or was found broken.
        return isinstance(original, psycopg.OperationalError | psycopg.InterfaceError)
    return original.sqlstate.startswith(_UNUSABLE_CLASSES)
