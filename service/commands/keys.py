"""keys: the API keys with which machines identify themselves."""

from typing import Annotated

import typer
from rich.table import Table

from service.admin import keys as access
from service.admin.acting import email_addresses, person_by_email
from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.digests import key_mark
from service.errors import InvalidInput
from service.members.renew import renew as renew_all
from service.store import under_key
from service.store.tables.access import Role


def add(
    role: Annotated[Role, typer.Option(help="What the key is for")],
    store: Annotated[str | None, typer.Option(help="The store a pos key is bound to")] = None,
    supplier: Annotated[
        str | None, typer.Option(help="The supplier a supplier key is bound to")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(help="E-mail address of the person whose key it is, who may then approve"),
    ] = None,
) -> None:
    """Make a key and show it once."""
    with open_database() as (database, settings):
        number, presented = access.add_key(
            database, settings, role=role, store_id=store, supplier=supplier,
            person_id=person_by_email(database, person).id if person else None,
            by=acting(database, settings),
        )  # fmt: skip
    say(f"Key {number} for {role}. It is shown this once and cannot be read again:")
    say(presented)


def show() -> None:
    """Every key ever made, by its number and last characters."""
    table = Table("number", "role", "bound to", "person", "ends in", "made", "revoked", box=None)
    with open_database() as (database, _):
        emails = email_addresses(database)
        for key in access.list_keys(database):
            bound = key.store_id or (str(key.supplier_id) if key.supplier_id else "")
            revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
            table.add_row(
                str(key.id),
                key.role,
                bound,
                emails.get(key.person_id or 0, ""),
                key.hint,
                f"{key.created_at:%Y-%m-%d %H:%M}",
                revoked,
            )
    show_table(table)


def revoke(number: Annotated[int, typer.Argument(help="The key's number")]) -> None:
    """Revoke a key; a running service refuses it within five seconds."""
    with open_database() as (database, settings):
        access.revoke_key(database, number, by=acting(database, settings))
    say(f"Key {number} is revoked.")


def bind(
    number: Annotated[int, typer.Argument(help="The key's number")],
    person: Annotated[
        str | None, typer.Option(help="E-mail address of the person whose key it is")
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="It is nobody's")] = False,
) -> None:
    """Bind a key to a person: what is done with it from now on counts as done by them."""
    if nobody == (person is not None):
        raise InvalidInput("Say either --person EMAIL or --nobody.")
    with open_database() as (database, settings):
        person_id = person_by_email(database, person).id if person else None
        access.bind_key(database, number, person_id, by=acting(database, settings))
    say(f"Key {number} is {person or 'nobody'}'s.")


def renew() -> None:
    """Bring what can be read again under a new LARDER_SECRET_KEY, and count what is left."""
    with open_database() as (database, settings):
        done = renew_all(database, settings)
        with database.read() as session:
            left = under_key.left(session, key_mark(settings.secret_key), unmarked=True)
    say(
        f"{done.phones:,} numbers to write to, {done.second_factors:,} second factors and "
        f"{done.pages:,} pages of lists are under the new key."
    )
    if done.lost:
        say(
            f"{done.lost:,} numbers and second factors are under neither key: nobody can read them."
        )
    say(
        f"{left.api_keys:,} API keys, {left.cards:,} cards and {left.phones:,} phones are known by "
        "the key before until they are shown or loaded again."
    )
