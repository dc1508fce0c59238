"""users: the people of the retailer who log in, and those whom keys and command lines stand for."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from service.admin import people
from service.admin.people import Invitation, NewPerson, PersonRole
from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.errors import InvalidInput

Email = Annotated[str, typer.Argument(help="Their e-mail address")]
Roles = Annotated[list[PersonRole], typer.Option("--role", help="Their work; may be repeated")]
SomeRoles = Annotated[
    list[PersonRole] | None, typer.Option("--role", help="Their work; may be repeated")
]


def add(
    email: Email,
    roles: SomeRoles = None,
    supplier: Annotated[
        str | None,
        typer.Option(help="The number of a supplier's account whose person it is, without a role"),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Their name, as trails show it; else the begin of the address")
    ] = "",
    language: Annotated[str, typer.Option(help="The language they read")] = "en",
    os_user: Annotated[
        str | None, typer.Option(help="The user of this machine who is this person")
    ] = None,
) -> None:
    """Invite a person and show the link by which they set a password, once."""
    new = NewPerson(
        name or email.partition("@")[0], email, roles or (), language, os_user, account=supplier
    )
    with open_database() as (database, settings):
        by = acting(database, settings)
        made = people.invite(database, settings, new, by=by, now=datetime.now(UTC))
    what = f"of account {supplier}" if supplier else ", ".join(made.person.roles)
    say(f"{made.person.email} is person {made.person.id}: {what}.")
    _show_link(made)


def show() -> None:
    """Everybody: roles, ways to log in, and when they were last seen."""
    table = Table(
        "number", "e-mail", "name", "roles", "logs in by", "user", "last seen", "state", box=None
    )
    with open_database() as (database, _):
        for each in people.list_people(database):
            ways = (
                "password" if each.has_password else "",
                "app" if each.has_totp else "",
                f"{each.passkeys} passkeys" if each.passkeys else "",
            )
            table.add_row(
                str(each.person.id), each.person.email, each.person.name,
                ", ".join(each.person.roles) or "supplier", ", ".join(filter(None, ways)),
                each.os_user or "",
                f"{each.last_seen_at:%Y-%m-%d %H:%M}" if each.last_seen_at else "",
                "disabled" if each.person.disabled else "",
            )  # fmt: skip
    show_table(table)


def disable(email: Email) -> None:
    """Shut a person out at once: sessions end, their keys are refused, their name stays."""
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        by = acting(database, settings)
        people.disable(database, person.id, by=by, now=datetime.now(UTC))
    say(f"{person.email} is disabled.")


def enable(email: Email) -> None:
    """Let a disabled person log in again."""
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        by = acting(database, settings)
        people.enable(database, person.id, by=by, now=datetime.now(UTC))
    say(f"{person.email} may log in.")


def reset(email: Email) -> None:
    """Remove a person's password, app and passkeys, and show a link to begin anew."""
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        by = acting(database, settings)
        made = people.reset(database, settings, person.id, by=by, now=datetime.now(UTC))
    say(f"{person.email} has no password, no app and no passkeys now, and is logged out.")
    _show_link(made)


def end(email: Email) -> None:
    """End every session of a person: they have to log in again."""
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        ended = people.end_all_sessions(
            database, person.id, now=datetime.now(UTC), by=acting(database, settings)
        )
    say(f"{person.email} was logged in {ended} times, and is logged out.")


def set_roles(email: Email, roles: Roles) -> None:
    """Give a person these roles instead of theirs."""
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        by = acting(database, settings)
        person = people.set_roles(database, person.id, roles, by=by, now=datetime.now(UTC))
    say(f"{person.email}: {', '.join(person.roles)}.")


def bind(
    email: Email,
    os_user: Annotated[
        str | None, typer.Option(help="The user of this machine who is this person")
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="No user is this person")] = False,
) -> None:
    """Bind a user of this machine to a person: what they type counts as done by that person."""
    if nobody == (os_user is not None):
        raise InvalidInput("Say either --os-user NAME or --nobody.")
    with open_database() as (database, settings):
        person = people.person_by_email(database, email)
        by = acting(database, settings)
        people.bind_os_user(database, person.id, os_user, by=by, now=datetime.now(UTC))
    say(f"{person.email} is {f'the user {os_user}' if os_user else 'no user'} of this machine.")


def _show_link(made: Invitation) -> None:
    say(f"They set a password here, once, until {made.expires_at:%F %R %Z}:")
    say(made.url)
