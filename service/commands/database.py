"""Open the configured database for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from service.admin.acting import acting_on_command_line
from service.commands.console import current_user
from service.settings import Settings, load_settings
from service.store.actor import Actor
from service.store.patience import Patience
from service.store.session import Database


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[tuple[Database, Settings]]:
    """The configured database and the settings."""
    settings = settings or load_settings()
    os.umask(int(settings.umask, 8))
    database = Database(
        settings.database_url,
        patience=Patience.of(settings.job_database_seconds),
        history=settings.history_store,
    )
    try:
        yield database, settings
    finally:
        database.dispose()


def acting(database: Database, settings: Settings, email: str | None = None) -> Actor:
    """Who types this command: the person that `--by` or LARDER_PERSON names, or the machine's user.

    Raises as `acting_on_command_line` does.
    """
    return acting_on_command_line(database, os_user=current_user(), email=email or settings.person)
