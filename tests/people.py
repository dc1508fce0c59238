"""People for tests: invited as the command line does it, acting as they would."""

from collections.abc import Sequence
from datetime import UTC, datetime

from service.admin.people import (
    NeedsSecond,
    NewPerson,
    NewSession,
    Person,
    PersonRole,
    Refused,
    SignedIn,
    Visitor,
    accept,
    invite,
    log_in,
    person_of,
)
from service.settings import Settings
from service.store.actor import SERVICE, Actor
from service.store.session import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOTH = (PersonRole.MARKETING, PersonRole.APPROVER)


def somebody(
    database: Database,
    settings: Settings,
    name: str,
    roles: Sequence[PersonRole] = BOTH,
    *,
    os_user: str | None = None,
) -> Person:
    """A person called `name`, at that address of shop.example, who was invited."""
    new = NewPerson(name, f"{name}@shop.example", roles, os_user=os_user)
    return invite(database, settings, new, by=SERVICE, now=NOW).person


def acting(database: Database, settings: Settings, name: str) -> Actor:
    """Somebody who may load and approve deals, as in an audit trail."""
    return somebody(database, settings, name).acting()


PASSWORD = "winter gravel tomorrow 8"
VISITOR = Visitor("198.51.100.7", "A browser")


def admitted(
    database: Database, settings: Settings, name: str, roles: Sequence[PersonRole] = BOTH
) -> Person:
    """Somebody who accepted the invitation with `PASSWORD`."""
    new = NewPerson(name, f"{name}@shop.example", roles)
    made = invite(database, settings, new, by=SERVICE, now=NOW)
    return accept(database, settings, made.token, PASSWORD, now=NOW)


def enter(
    database: Database,
    settings: Settings,
    name: str,
    password: str = PASSWORD,
    *,
    address: str = VISITOR.address,
    now: datetime = NOW,
) -> NewSession | NeedsSecond | Refused:
    """Log in as `name` with a password."""
    return log_in(
        database, settings, email=f"{name}@shop.example", password=password,
        visitor=Visitor(address), now=now,
    )  # fmt: skip


def signed_in(
    database: Database, settings: Settings, name: str, *, now: datetime = NOW
) -> SignedIn:
    """`name`, logged in with `PASSWORD`."""
    opened = enter(database, settings, name, now=now)
    assert isinstance(opened, NewSession)
    found = person_of(database, settings, opened.token, now=now)
    assert found is not None
    return found
