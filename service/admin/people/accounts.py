"""Who may log in: invite, accept, reset, disable, roles. Every act is in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.admin.people import passwords
from service.admin.people.tokens import Purpose, digest_of, digests_of, new_token
from service.admin.person import (
    Invitation,
    Person,
    PersonDetails,
    Side,
    address_of,
    normal_email,
    sorted_roles,
)
from service.engine.rights import PersonRole
from service.engine.texts import clean
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Count, Notice
from service.settings import Settings
from service.store import audit, people
from service.store.actor import Actor
from service.store.clearing import accounts as suppliers
from service.store.session import Database
from service.store.tables.person import PersonLink, PersonRow

INVITED = timedelta(days=7)
"""How long an invitation can be accepted."""

RESET = timedelta(days=1)
"""How long the link of a reset can be used."""

_BUSY = Notice("People are being changed right now; ask again.")
_NAME_CHARACTERS = 100
_SUBJECT = "person"


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Who is to be invited. `os_user` is a user of a machine whose command line is this person.

    `account` is the number of a supplier's account whose person it is, who has no roles then.
    """

    name: str
    email: str
    roles: Sequence[PersonRole]
    language: str = "en"
    os_user: str | None = None
    account: str | None = None


def invite(
    database: Database, settings: Settings, new: NewPerson, *, by: Actor, now: datetime
) -> Invitation:
    """Add a person, who can log in once they set a password by the link of the invitation.

    Raises InvalidInput for a name, an address or roles that cannot be, NotFound for an unknown
    account, Conflict when the e-mail address or the user of the machine is somebody's already.
    """
    email = normal_email(new.email)
    name = " ".join(clean(new.name).split())
    if not 1 <= len(name) <= _NAME_CHARACTERS:
        raise InvalidInput("A name has 1 to %(number)s characters.", number=Count(_NAME_CHARACTERS))

    def act(session: Session) -> Invitation:
        if people.by_email(session, email) is not None:
            raise Conflict("There is somebody with the address %(email)s already.", email=email)
        row = PersonRow(
            name=name,
            email=email,
            roles=_roles(new.roles) if new.account is None else _no_roles(new),
            language=new.language,
            account_id=None if new.account is None else _account_id(session, new.account),
            created_at=now,
        )
        if new.os_user is not None:
            _bind(session, row, new.os_user)
        session.add(row)
        session.flush()
        detail = {"email": email, "roles": row.roles, "os_user": row.os_user}
        if new.account is not None:
            detail["account"] = new.account
        audit.add(session, by, "invite", _SUBJECT, row.id, at=now, detail=detail)
        return _link(session, settings, row, now=now, lasting=INVITED)

    return database.settle(act, busy=_BUSY)


def invited(
    database: Database,
    settings: Settings,
    token: str,
    *,
    side: Side | None = None,
    now: datetime,
) -> Person | None:
    """Whose link this is, None when it is unknown, used or over, or they are disabled.

    With `side` the links of the others' people are unknown.
    """
    with database.read() as session:
        row = people.open_link(session, digests_of(settings, Purpose.LINK, token), now=now)
    person = Person.of(row) if row is not None and row.disabled_at is None else None
    return None if person is None or side not in (None, person.side) else person


def accept(
    database: Database, settings: Settings, token: str, password: str, *, now: datetime
) -> Person:
    """Set a password by a link, which is used up; who was logged in as this person is no more.

    Raises NotFound when the link is unknown, used or over, InvalidInput for a password that is too
    weak; then the link can be used again.
    """
    person = invited(database, settings, token, now=now)
    if person is None:
        raise _no_link()
    passwords.require_good(password, about=names_of(person, settings))
    new = passwords.digest(password)

    def act(session: Session) -> Person:
        if people.use_link(session, digests_of(settings, Purpose.LINK, token), now=now) is None:
            raise _no_link()
        row = _lock(session, person.id)
        row.password_digest = new
        people.drop_links(session, row.id)
        people.end_sessions(session, row.id, at=now)
        audit.add(session, person.acting(), "set_password", _SUBJECT, row.id, at=now)
        return Person.of(row)

    return database.settle(act, busy=_BUSY)


def invite_again(
    database: Database, settings: Settings, person_id: int, *, by: Actor, now: datetime
) -> Invitation:
    """A new link for somebody who has not set a password yet; the earlier one is void.

    Raises NotFound, and Conflict for somebody who has a password (see `reset`) or is disabled.
    """

    def act(session: Session) -> Invitation:
        row = _lock(session, person_id)
        if row.password_digest is not None:
            raise Conflict("%(email)s has a password; reset it instead.", email=row.email)
        _require_enabled(row)
        audit.add(session, by, "invite_again", _SUBJECT, row.id, at=now)
        return _link(session, settings, row, now=now, lasting=INVITED)

    return database.settle(act, busy=_BUSY)


def reset(
    database: Database, settings: Settings, person_id: int, *, by: Actor, now: datetime
) -> Invitation:
    """Take every way to log in from a person, end their sessions, and give a link to begin anew.

    For who lost a password or a second factor, or fears that somebody else has it. Raises NotFound,
    Conflict when they are disabled.
    """

    def act(session: Session) -> Invitation:
        row = _lock(session, person_id)
        _require_enabled(row)
        row.password_digest = row.totp_secret = row.totp_confirmed_at = None
        row.second_failures = 0
        people.drop_passkeys(session, row.id)
        people.drop_provider_identities(session, row.id)
        people.end_sessions(session, row.id, at=now)
        audit.add(session, by, "reset", _SUBJECT, row.id, at=now)
        return _link(session, settings, row, now=now, lasting=RESET)

    return database.settle(act, busy=_BUSY)


def disable(database: Database, person_id: int, *, by: Actor, now: datetime) -> Person:
    """Shut a person out at once: sessions end, links are void, keys bound to them are refused.

    What they did stays with their name. Raises NotFound, Conflict for the last admin.
    """

    def act(session: Session) -> Person:
        _require_other_admin(session, person_id)
        row = _lock(session, person_id)
        if row.disabled_at is None:
            row.disabled_at = now
            people.drop_links(session, row.id)
            people.end_sessions(session, row.id, at=now)
            audit.add(session, by, "disable", _SUBJECT, row.id, at=now)
        return Person.of(row)

    return database.settle(act, busy=_BUSY)


def enable(database: Database, person_id: int, *, by: Actor, now: datetime) -> Person:
    """Let a disabled person log in again, as before. Raises NotFound."""

    def act(session: Session) -> Person:
        row = _lock(session, person_id)
        if row.disabled_at is not None:
            row.disabled_at = None
            audit.add(session, by, "enable", _SUBJECT, row.id, at=now)
        return Person.of(row)

    return database.settle(act, busy=_BUSY)


def set_roles(
    database: Database, person_id: int, roles: Sequence[PersonRole], *, by: Actor, now: datetime
) -> Person:
    """Give a person these roles instead of theirs, from their next request on.

    Raises NotFound, InvalidInput without any role, Conflict when no admin would be left.
    """

    def act(session: Session) -> Person:
        new = _roles(roles)
        if PersonRole.ADMIN not in new:
            _require_other_admin(session, person_id)
        row = _lock(session, person_id)
        _require_of_retailer(row)
        detail = {"from": row.roles, "to": new}
        row.roles = new
        audit.add(session, by, "set_roles", _SUBJECT, row.id, at=now, detail=detail)
        return Person.of(row)

    return database.settle(act, busy=_BUSY)


def bind_os_user(
    database: Database, person_id: int, os_user: str | None, *, by: Actor, now: datetime
) -> Person:
    """Let a user of a machine be this person on the command line; None takes it back.

    Raises NotFound, InvalidInput for no name of a user, Conflict when it is somebody else's.
    """

    def act(session: Session) -> Person:
        row = _lock(session, person_id)
        _require_of_retailer(row)
        if os_user is None:
            row.os_user = None
        else:
            _bind(session, row, os_user)
        detail = {"os_user": row.os_user}
        audit.add(session, by, "bind_os_user", _SUBJECT, row.id, at=now, detail=detail)
        return Person.of(row)

    return database.settle(act, busy=_BUSY)


def list_people(database: Database) -> list[PersonDetails]:
    """Everybody, disabled people too, in the order in which they came."""
    with database.read() as session:
        return [
            PersonDetails(
                Person.of(row), row.os_user, row.password_digest is not None,
                row.totp_confirmed_at is not None, passkeys, seen_at,
            )
            for row, passkeys, seen_at in people.everybody(session)
        ]  # fmt: skip


def get_person(database: Database, person_id: int) -> Person:
    """A person by number. Raises NotFound."""
    with database.read() as session:
        row = people.get(session, person_id)
    if row is None:
        raise _unknown()
    return Person.of(row)


def _roles(roles: Sequence[PersonRole]) -> list[PersonRole]:
    if not roles:
        raise InvalidInput(
            "A person needs at least one role of %(roles)s.", roles=", ".join(PersonRole)
        )
    return sorted_roles(roles)


def _no_roles(new: NewPerson) -> list[PersonRole]:
    if new.roles or new.os_user is not None:
        raise InvalidInput("A person of a supplier has no roles and is no user of a machine.")
    return []


def _account_id(session: Session, number: str) -> int:
    found = suppliers.by_number(session, [number]).get(number)
    if found is None:
        raise NotFound("There is no account %(number)s.", number=repr(number[:40]))
    return found.id


def _bind(session: Session, row: PersonRow, os_user: str) -> None:
    name = clean(os_user).strip()
    if not 1 <= len(name) <= _NAME_CHARACTERS:
        raise InvalidInput("The user of a machine has a name, as `whoami` says it.")
    other = people.by_os_user(session, name)
    if other is not None and other.id != row.id:
        raise Conflict(
            "The user %(name)s is bound to %(email)s already.", name=name, email=other.email
        )
    row.os_user = name


def _link(
    session: Session, settings: Settings, row: PersonRow, *, now: datetime, lasting: timedelta
) -> Invitation:
    people.drop_links(session, row.id)
    token = new_token()
    session.add(
        PersonLink(
            digest=digest_of(settings, Purpose.LINK, token), person_id=row.id, made_at=now,
            expires_at=now + lasting,
        )
    )  # fmt: skip
    person = Person.of(row)
    url = f"{address_of(settings, person.side).rstrip('/')}/invitations/{token}"
    return Invitation(person, token, url, now + lasting)


def names_of(person: Person, settings: Settings) -> Sequence[str]:
    """Names that make no password of this person."""
    return (person.name, person.email, settings.retailer, "larder")


def _lock(session: Session, person_id: int) -> PersonRow:
    row = people.lock(session, person_id)
    if row is None:
        raise _unknown()
    return row


def _require_of_retailer(row: PersonRow) -> None:
    if row.account_id is not None:
        raise Conflict(
            "%(email)s is a person of a supplier, who has no roles and no machines here.",
            email=row.email,
        )


def _require_enabled(row: PersonRow) -> None:
    if row.disabled_at is not None:
        raise Conflict("%(email)s is disabled.", email=row.email)


def _require_other_admin(session: Session, person_id: int) -> None:
    """Raises Conflict when this person is the only admin who is not disabled."""
    admins = people.enabled_with_role(session, PersonRole.ADMIN)
    if admins == [person_id]:
        raise Conflict("This is the last admin: make somebody else admin first.")


def _unknown() -> NotFound:
    return NotFound("There is no such person.")


def _no_link() -> NotFound:
    return NotFound("This link is unknown, was used, or is over; ask for a new one.")
