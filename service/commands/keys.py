"""keys: the API keys with which machines identify themselves."""

from typing import Annotated

import typer
from rich.table import Table

from service.admin import keys as access
from service.commands.console import say, show_table
from service.commands.database import open_database
from service.store.tables.access import Role


def add(
    role: Annotated[Role, typer.Option(help="What the key is for")],
    store: Annotated[str | None, typer.Option(help="The store a pos key is bound to")] = None,
    supplier: Annotated[
        str | None, typer.Option(help="The supplier a supplier key is bound to")
    ] = None,
) -> None:
    """Make a key and show it once."""
    with open_database() as (database, settings):
        number, presented = access.add_key(
            database, settings, role=role, store_id=store, supplier=supplier
        )
    say(f"Key {number} for {role}. It is shown this once and cannot be read again:")
    say(presented)


def show() -> None:
    """Every key ever made, by its number and last characters."""
    table = Table("number", "role", "bound to", "ends in", "made", "revoked", box=None)
    with open_database() as (database, _):
        for key in access.list_keys(database):
            bound = key.store_id or (str(key.supplier_id) if key.supplier_id else "")
            revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
            table.add_row(
                str(key.id), key.role, bound, key.hint, f"{key.created_at:%Y-%m-%d %H:%M}", revoked
            )
    show_table(table)


def revoke(number: Annotated[int, typer.Argument(help="The key's number")]) -> None:
    """Revoke a key; a running service refuses it within five seconds."""
    with open_database() as (database, _):
        access.revoke_key(database, number)
    say(f"Key {number} is revoked.")
