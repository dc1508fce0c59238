"""Bring a database to the newest shape of the tables."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from service.errors import Misconfigured
from service.store.session import Database

# Two processes that migrate one PostgreSQL database take turns on this advisory lock.
_MIGRATION_LOCK = 0x1A4DE4


def upgrade(database: Database) -> None:
    """Run every missing migration in one transaction; nothing happens when none is missing.

    Raises Misconfigured for a database that cannot be used or that a newer Larder migrated.
    """
    with database.alter() as connection:
        if not database.is_sqlite:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK}
            )
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Misconfigured(
                "The database stands at a migration that this version of Larder does not know. "
                "Install the newer version."
            ) from error


def revision(connection: Connection) -> str | None:
    """The migration the database stands at; None for an empty database."""
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
