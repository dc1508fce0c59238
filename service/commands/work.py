"""work: the process that does what is asked for."""

from typing import Annotated

import typer

from service.commands.console import say
from service.commands.database import opened
from service.commands.process import log, require_tables, until_stopped
from service.jobs.worker import drain, work_until


def work(
    once: Annotated[bool, typer.Option("--drain", help="Stop when nothing is left to do")] = False,
) -> None:
    """Write the lists that are due and do the requested runs. Several may run side by side."""
    log()
    with opened() as (database, settings):
        require_tables(database)
        if once:
            done = drain(database, settings)
            say(f"{done} thing{'s' * (done != 1)} done; nothing is left")
        else:
            work_until(database, settings, until_stopped())
