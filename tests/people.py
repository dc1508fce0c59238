"""People for tests: invited as the command line does it, acting as they would."""

from collections.abc import Sequence
from datetime import UTC, datetime

from service.admin.people import NewPerson, Person, PersonRole, invite
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
