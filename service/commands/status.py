"""status: what is wrong, what there is, and what waits."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from service.admin.status import read_status
from service.admin.vitals import read_vitals, wrong
from service.commands.console import EXIT_FAILED, say, show_error
from service.commands.database import open_database
from service.digests import key_mark
from service.errors import LarderError
from service.settings import Settings
from service.store import under_key
from service.store.session import Database

_EVERY_SECONDS = 5.0


def status(
    watch: Annotated[
        bool, typer.Option("--watch", help="Say it again every five seconds, until interrupted")
    ] = False,
) -> None:
    """What is wrong first, with exit code 1; then what is in the database and what waits."""
    with open_database() as (database, settings):
        while watch:
            try:
                _show(database, settings)
            except LarderError as error:
                show_error(error)
            say("")
            time.sleep(_EVERY_SECONDS)
        if _show(database, settings):
            raise typer.Exit(EXIT_FAILED)


def _show(database: Database, settings: Settings) -> bool:
    """Show everything; whether something is wrong."""
    now = datetime.now(UTC)
    faults = wrong(read_vitals(database, settings, now=now))
    for fault in faults:
        say(f"WRONG: {fault}")
    for name, value in asdict(read_status(database)).items():
        say(f"{name.replace('_', ' ')}: {value if value is not None else 'none'}")
    if settings.secret_key_before.get_secret_value():
        with database.read() as session:
            left = under_key.left(session, key_mark(settings.secret_key), unmarked=True)
        for kind, number in left._asdict().items():
            say(f"{kind.replace('_', ' ')} known by the key before only: {number}")
    return bool(faults)
