"""What the long-running processes share: the check of the tables, what is seen, their end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service import traces
from service.errors import Misconfigured
from service.meters import OWN, listen
from service.settings import Settings
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


@contextmanager
def watched(settings: Settings, process: str) -> Iterator[None]:
    """Trace a process other than `serve`, and answer Prometheus about it, as the settings say."""
    traces.start(settings.traces_url, process)
    port = settings.metrics_port
    stop = listen(OWN, settings.metrics_host, port) if port else None
    try:
        yield
    finally:
        if stop is not None:
            stop()
        traces.use(None)
