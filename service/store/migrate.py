"""Bring a database to the newest shape of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from service.errors import Busy, Misconfigured
from service.store.session import Database

LOCK_MILLISECONDS = 3_000
"""How long a migration waits for a table; statements queued behind it wait as long.

PostgreSQL lets no statement pass a migration that waits for a long transaction, so every till
would wait until that transaction ends.
"""

# Two processes that migrate one PostgreSQL database take turns on this advisory lock.
_MIGRATION_LOCK = 0x1A4DE4
_LOCK_NOT_AVAILABLE = "55P03"


def upgrade(database: Database) -> None:
    """Run every missing migration in one transaction; nothing happens when none is missing.

    Raises Misconfigured for a database that cannot be used or that a newer Larder migrated, Busy
    when a transaction holds a table for longer than a migration waits.
    """
    with _lock_timeout_as_busy(), database.alter() as connection:
        if not database.is_sqlite:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK}
            )
            # Only now: while it waits for another migration it holds no table.
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Misconfigured(
                "The database is at a migration that this version of Larder does not know. "
                "Install the newer version."
            ) from error


@contextmanager
def _lock_timeout_as_busy() -> Iterator[None]:
    """Raise a lock timeout as Busy."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Busy(
            "A long transaction holds a table that a migration changes, so nothing was changed: "
            "the migration would have kept every till waiting. End that transaction (SELECT pid, "
            "usename, xact_start, query FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER "
            "BY xact_start LIMIT 5) or wait for its end, then run `larder migrate` again."
        ) from error


def revision(connection: Connection) -> str | None:
    """The newest migration the database has; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest migration this version of Larder knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise RuntimeError("the package carries no migrations")
    return newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("service.store") / "migrations"))
    return config
