"""work: the process that does requested work."""

import threading
from typing import Annotated

import typer

from service.commands.console import say
from service.commands.database import open_database
from service.commands.process import require_tables, stop_event, watched
from service.jobs.postman import post_all, post_until
from service.jobs.worker import drain, work_until
from service.logs import start_logging


def work(
    once: Annotated[bool, typer.Option("--drain", help="Stop when nothing is left to do")] = False,
) -> None:
    """Write lists that are due, do requested runs, send messages. Several may run side by side."""
    with open_database() as (database, settings):
        start_logging(settings.log_format)
        require_tables(database)
        if once:
            done = drain(database, settings) + post_all(database, settings)
            say(f"{done} thing{'s' * (done != 1)} done; nothing is left")
        else:
            stop = stop_event()
            with watched(settings, "work"):
                postman = threading.Thread(target=post_until, args=(database, settings, stop))
                postman.start()
                work_until(database, settings, stop)
                postman.join()
