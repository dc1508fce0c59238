"""init, keys and migrate: from an empty folder to a service that can start."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.admin import keys as access
from service.admin.configuration import write_configuration
from service.commands.console import opened, say, show_table
from service.store import migrate
from service.store.tables.access import Role

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the configuration")] = Path(),
    database_url: Annotated[
        str, typer.Option(help="sqlite:///file or postgresql://user:password@host/name")
    ] = "sqlite:///larder.db",
) -> None:
    """Write a `.env` with fresh keys. An existing one is never overwritten."""
    path = write_configuration(folder, database_url=database_url)
    say(f"{path} is written. Next: larder migrate, then larder keys add --role admin")


def migrate_database() -> None:
    """Bring the database to the newest tables; safe to run again."""
    with opened() as (database, _):
        migrate.upgrade(database)
    say(f"The database stands at migration {migrate.head()}.")


@keys.command("add")
def add(
    role: Annotated[Role, typer.Option(help="What the key is for")],
    store: Annotated[str | None, typer.Option(help="The store a pos key is bound to")] = None,
    supplier: Annotated[
        str | None, typer.Option(help="The supplier a supplier key is bound to")
    ] = None,
) -> None:
    """Make a key and show it, this once."""
    with opened() as (database, settings):
        number, presented = access.add_key(
            database, settings, role=role, store_id=store, supplier=supplier
        )
    say(f"Key {number} for {role}. It is shown this once and cannot be read again:")
    say(presented)


@keys.command("list")
def show() -> None:
    """Every key ever made, by its number and last characters."""
    table = Table("number", "role", "bound to", "ends in", "made", "revoked", box=None)
    with opened() as (database, _):
        for key in access.list_keys(database):
            bound = key.store_id or (str(key.supplier_id) if key.supplier_id else "")
            revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
            table.add_row(
                str(key.id), key.role, bound, key.hint, f"{key.created_at:%Y-%m-%d %H:%M}", revoked
            )
    show_table(table)


@keys.command("revoke")
def revoke(number: Annotated[int, typer.Argument(help="The key's number")]) -> None:
    """End a key; a running service refuses it within five seconds."""
    with opened() as (database, _):
        access.revoke_key(database, number)
    say(f"Key {number} is revoked.")
