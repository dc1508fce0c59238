"""What the long-running processes share: the check of the tables, and their end."""

import signal
import threading

from service.errors import Misconfigured
from service.store import migrate
from service.store.session import Database


def require_tables(database: Database) -> None:
    """Raise Misconfigured unless the database is at the newest tables."""
    with database.read() as session:
        revision = migrate.revision(session.connection())
    if revision != migrate.head():
        raise Misconfigured("The database is not at the newest tables. Run `larder migrate`.")


def stop_event() -> threading.Event:
    """An event that is set when the process receives SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
