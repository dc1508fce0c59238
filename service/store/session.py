"""Access to the database. `write()` is the only place that commits."""

import copy
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlmodel import Session

from service.errors import Busy, LarderError, Misconfigured
from service.notice import Notice
from service.store.causes import cause_of
from service.store.engines import postgresql_engine, sqlite_engine, wait_for_locks
from service.store.patience import UNHURRIED, Opening, Patience

T = TypeVar("T")

ATTEMPTS = 10
"""How often a unit of work is tried when it conflicts with other transactions."""

# A server that takes no writes (any more): after a failover the old one, found at the old address.
_READ_ONLY = "25006"
# Errors of the database itself, and not of the statement: PostgreSQL's error classes (connection,
# authorization, unknown database, resources, cancelled or shut down, idle for too long, read-only,
# system) and SQLite's result codes.
_UNUSABLE_CLASSES = ("08", "28", "3D", "53", "57", "58", "25P03", "25P04", _READ_ONLY)
# Conflicts with another transaction: deadlock detected, serialization failure, lock not available.
_CONFLICTS = ("40P01", "40001", "55P03")
_NO_TABLES = "The database {} has no tables yet. Run `larder migrate`."
_UNUSABLE_CODES = re.compile("SQLITE_(BUSY|CANTOPEN|CORRUPT|FULL|IOERR|NOTADB|PERM|READONLY)")


class Database:
    """One database, embedded (SQLite) or served (PostgreSQL).

    SQLite has one writer at a time: its writers take the lock when they begin, from a pool of
    one, so they queue instead of failing; readers see a snapshot and never wait.

    `history` is the place of the files that hold what was bought in months that are over: a folder,
    or an address of an object store. Its sessions know it (`session.info["history"]`).
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        patience: Patience = UNHURRIED,
        history: str | Path = "",
    ) -> None:
        self.url = url
        self.history = str(history)
        self.is_sqlite = url.startswith("sqlite")
        self.patience = patience
        self._opening = Opening()
        self._turn = threading.BoundedSemaphore()
        self._siblings: list[Database] = []
        if self.is_sqlite:
            self._writer = sqlite_engine(url, self._opening, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite_engine(url, self._opening, begin="BEGIN", pool_size=pool_size)
        else:
            self._writer = self._reader = postgresql_engine(
                url, self._opening, patience=patience, pool_size=pool_size
            )

    def within(self, seconds: float, *, pool_size: int) -> "Database":
        """The same database for callers that wait so long; it is closed with this one.

        On PostgreSQL with connections of its own, on SQLite in line for the same one writer.
        """
        other = copy.copy(self)
        other.patience, other._siblings = Patience.of(seconds), []
        if not self.is_sqlite:
            other._opening = Opening()
            other._writer = other._reader = postgresql_engine(
                self.url, other._opening, patience=other.patience, pool_size=pool_size
            )
            self._siblings.append(other)
        return other

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        """A connection for migrations, in one transaction that ends with the block."""
        with self._errors(), self._in_line(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, undone whole if it raises."""
        # Outermost: to end a session on a broken connection fails again.
        with (
            self._errors(),
            self._in_line(),
            self._session(self._writer) as session,
        ):
            with self._opening.within(self.patience):
                session.connection()
            yield session
            session.commit()

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"history": self.history})

    def settle(self, act: Callable[[Session], T], *, busy: str | Notice) -> T:
        """`act` in one unit of work, repeated while it conflicts with other transactions.

        They conflict when one writes the same row first, or when each holds what the other needs.
        Raises Busy, with `busy` as its text, when every attempt fails or they take too long.
        """
        until = time.monotonic() + self.patience.answer
        for attempt in range(ATTEMPTS):
            if attempt and time.monotonic() > until:
                break
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
            self._errors(),
            self._session(self._reader) as session,
        ):
            with self._opening.within(self.patience):
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
        with self._errors():
            if not self.is_sqlite:
                with self._opening.within(self.patience):
                    held = self._writer.connect()
                with held:
                    alone = held.execution_options(isolation_level="AUTOCOMMIT")
                    yield alone.connection.driver_connection
            elif write:
                with self._in_line(), self._sqlite(self._writer) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
            else:
                with self._sqlite(self._reader) as connection:
                    connection.execute("BEGIN")
                    yield connection
                    connection.execute("ROLLBACK")

    @contextmanager
    def _sqlite(self, engine: Engine) -> Iterator[sqlite3.Connection]:
        pooled = engine.raw_connection()
        try:
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            wait_for_locks(connection, pooled.info, self.patience)
            yield connection
        finally:
            pooled.close()

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        """Hold the place of SQLite's one writer. Raises Busy when others hold it for too long."""
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self.patience.pool):
            raise Busy("Another writes to the database for long; ask again.")
        try:
            yield
        finally:
            self._turn.release()

    def require_writable(self) -> None:
        """Raise Misconfigured unless the database can be used and takes writes."""
        with self.read() as session:
            if self.is_sqlite:
                # Asked of the file system: the lock of the one writer may be taken for long.
                file = Path(make_url(self.url).database or "")
                is_writable = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
            else:
                said = session.connection().exec_driver_sql("SHOW transaction_read_only")
                is_writable = said.scalar_one() == "off"
        if not is_writable:
            self.dispose()
            raise Misconfigured(
                f"The database {_without_secrets(self.url)} is read-only: it takes no sale."
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise errors of the database itself as Misconfigured; leave a server that is read-only.

        Another one has taken its place, and whoever connects again reaches it.
        """
        try:
            with _database_errors(self.url):
                yield
        except (LarderError, psycopg.Error) as error:
            cause = error.__cause__ if isinstance(error, LarderError) else error
            cause = cause.orig if isinstance(cause, DBAPIError) else cause
            if getattr(cause, "sqlstate", None) == _READ_ONLY:
                self.dispose()
            raise

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
        """Close every connection that is not in use; those needed later are opened again."""
        self._writer.dispose()
        self._reader.dispose()
        for sibling in self._siblings:
            sibling.dispose()


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
        if _lacks_tables(error.orig):
            raise Misconfigured(_NO_TABLES.format(shown)) from error
        if _is_unusable(error):
            detail = " ".join(str(error.orig).split())
            raise Misconfigured(f"The database {shown} cannot be used: {detail}") from error
        raise
    except (sqlite3.OperationalError, psycopg.Error) as error:
        # The driver raises these for statements that bypass the session.
        if _lacks_tables(error):
            raise Misconfigured(_NO_TABLES.format(_without_secrets(url))) from error
        if isinstance(error, psycopg.Error) and (is_conflict(error) or not _is_away(error)):
            raise
        raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error


def _without_secrets(url: str) -> str:
    """An address to show: a password may come before the host or among the options."""
    address = make_url(url)
    hidden = {name: "***" for name in address.query if "password" in name.lower()}
    return address.update_query_dict(hidden).render_as_string(hide_password=True)


def _lacks_tables(error: BaseException | None) -> bool:
    return "no such table" in str(error) or getattr(error, "sqlstate", "") == "42P01"


def _is_unusable(error: DBAPIError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _UNUSABLE_CODES.match(getattr(original, "sqlite_errorname", "") or "") is not None
    return isinstance(original, psycopg.Error) and _is_away(original)


def _is_away(error: psycopg.Error) -> bool:
    if error.sqlstate is None:
        # The connection broke, or was found broken.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_UNUSABLE_CLASSES)
