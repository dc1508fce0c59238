"""Open the configured database for a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.settings import Settings, load_settings
from service.store.session import Database


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[tuple[Database, Settings]]:
    """The configured database and the settings."""
    settings = settings or load_settings()
    database = Database(settings.database_url)
    try:
        yield database, settings
    finally:
        database.dispose()
