"""What the processes that stay have in common: a log, tables to work on, and an end."""

import logging
import signal
import threading

from service.errors import Misconfigured
from service.store import migrate
from service.store.session import Database


def log() -> None:
    """Write what happens to the error stream."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for name in ("alembic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)


def require_tables(database: Database) -> None:
    """Raise Misconfigured unless the database is at the newest tables."""
    with database.read() as session:
        standing = migrate.revision(session.connection())
    if standing != migrate.head():
        raise Misconfigured("The database is not at the newest tables. Run `larder migrate`.")


def until_stopped() -> threading.Event:
    """What is set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
