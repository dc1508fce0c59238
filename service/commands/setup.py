"""init and migrate: from an empty folder to a service that can start."""

from pathlib import Path
from typing import Annotated

import typer

from service import sample
from service.admin.configuration import write_configuration
from service.commands.console import say
from service.commands.database import open_database
from service.store import migrate


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the configuration")] = Path(),
    database_url: Annotated[
        str, typer.Option(help="sqlite:///file or postgresql://user:password@host/name")
    ] = "sqlite:///larder.db",
    for_sample: Annotated[
        bool,
        typer.Option("--sample", help="The shop of the shipped sample; its list codes are public"),
    ] = False,
) -> None:
    """Write a `.env` with fresh keys. An existing one is never overwritten."""
    path = write_configuration(
        folder,
        database_url=database_url,
        code_key=sample.CODE_KEY if for_sample else None,
        more=sample.SETTINGS if for_sample else "",
    )
    say(f"{path} is written. Next: larder migrate, then larder keys add --role admin")


def migrate_database() -> None:
    """Bring the database to the newest tables; safe to run again."""
    with open_database() as (database, _):
        migrate.upgrade(database)
    say(f"The database is at migration {migrate.head()}.")
