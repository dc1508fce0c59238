"""status: what there is, and what waits."""

from dataclasses import asdict

import typer

from service.admin.status import read_status
from service.commands.console import EXIT_FAILED, say
from service.commands.database import open_database


def status() -> None:
    """What is in the database, what waits to be done, and whether the ledger balances."""
    with open_database() as (database, _):
        found = read_status(database)
    for name, value in asdict(found).items():
        say(f"{name.replace('_', ' ')}: {value if value is not None else 'none'}")
    if found.unbalanced_postings:
        raise typer.Exit(EXIT_FAILED)
