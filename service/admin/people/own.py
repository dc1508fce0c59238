"""What people do to their own account: another password, an authenticator app."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.admin.people import passwords, totp
from service.admin.people.accounts import names_of
from service.admin.people.throttle import begin_try
from service.admin.person import Person, Refused, SignedIn
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Notice
from service.settings import Settings
from service.store import audit, people
from service.store.session import Database
from service.store.tables.person import PersonRow

_BUSY = Notice("Your account is being changed somewhere else right now; ask again.")


@dataclass(frozen=True, slots=True)
class TotpEnrolment:
    """What an authenticator app needs: an address for a QR code, or the secret to type in."""

    address: str
    typed: str


def change_password(
    database: Database,
    settings: Settings,
    signed_in: SignedIn,
    *,
    old: str,
    new: str,
    address: str,
    now: datetime,
) -> Refused | None:
    """Set another password; every other session of the person ends.

    Refused when `old` is wrong or too much was tried. Raises InvalidInput for a password that is
    too weak.
    """
    person = signed_in.person
    attempt = begin_try(database, settings, email=person.email, address=address, now=now)
    if attempt.wait_seconds:
        return Refused(attempt.wait_seconds)
    with database.read() as session:
        stored = _get(people.get(session, person.id)).password_digest
    is_right, _ = passwords.verify(old, stored)
    if not is_right:
        return Refused()
    attempt.was_right()
    passwords.require_good(new, about=names_of(person, settings))
    digest = passwords.digest(new)

    def act(session: Session) -> Refused | None:
        row = _get(people.lock(session, person.id))
        if row.password_digest != stored:
            return Refused()
        row.password_digest = digest
        people.drop_links(session, row.id)
        people.end_sessions(session, row.id, at=now, but_id=signed_in.session_id)
        audit.add(session, signed_in.actor, "set_password", "person", row.id, at=now)
        return None

    return database.settle(act, busy=_BUSY)


def enrol_totp(database: Database, settings: Settings, person_id: int) -> TotpEnrolment:
    """Begin with an authenticator app; it counts from `confirm_totp` on.

    Asked again before that, another secret takes the place of the first. Raises NotFound, Conflict
    when the person has one already.
    """
    secret = totp.new_secret()

    def act(session: Session) -> Person:
        row = _get(people.lock(session, person_id))
        if row.totp_confirmed_at is not None:
            raise Conflict("There is an authenticator app already: remove it first.")
        row.totp_secret = totp.seal(settings, secret)
        row.totp_step = 0
        return Person.of(row)

    person = database.settle(act, busy=_BUSY)
    address = totp.address(secret, issuer=settings.retailer, email=person.email)
    return TotpEnrolment(address, totp.typed(secret))


def confirm_totp(
    database: Database, settings: Settings, signed_in: SignedIn, code: str, *, now: datetime
) -> None:
    """Show that the app works by a code of it; from now on every log-in asks for one.

    Other sessions of the person, which were opened without a code, end. Raises InvalidInput for a
    wrong code, Conflict when nothing was begun.
    """

    def act(session: Session) -> bool:
        row = _get(people.lock(session, signed_in.person.id))
        if row.totp_secret is None or row.totp_confirmed_at is not None:
            raise Conflict("No authenticator app is being added.")
        if not totp.accept_code(settings, row, code, now=now):
            row.second_failures = 0
            return False
        row.totp_confirmed_at = now
        people.end_sessions(session, row.id, at=now, but_id=signed_in.session_id)
        audit.add(session, signed_in.actor, "add_totp", "person", row.id, at=now)
        return True

    if not database.settle(act, busy=_BUSY):
        raise _wrong_code()


def remove_totp(
    database: Database,
    settings: Settings,
    signed_in: SignedIn,
    code: str,
    *,
    address: str,
    now: datetime,
) -> Refused | None:
    """Remove the authenticator app, by a code of it: an open browser alone is not enough.

    Refused when too much was tried. Raises InvalidInput for a wrong code, Conflict without an app.
    """
    person = signed_in.person
    attempt = begin_try(database, settings, email=person.email, address=address, now=now)
    if attempt.wait_seconds:
        return Refused(attempt.wait_seconds)

    def act(session: Session) -> bool:
        row = _get(people.lock(session, person.id))
        if row.totp_confirmed_at is None:
            raise Conflict("There is no authenticator app.")
        if not totp.accept_code(settings, row, code, now=now):
            return False
        row.totp_secret = row.totp_confirmed_at = None
        audit.add(session, signed_in.actor, "remove_totp", "person", row.id, at=now)
        return True

    if not database.settle(act, busy=_BUSY):
        raise _wrong_code()
    attempt.was_right()
    return None


def _get(row: PersonRow | None) -> PersonRow:
    if row is None:
        raise NotFound("There is no such person.")
    return row


def _wrong_code() -> InvalidInput:
    return InvalidInput("This code is wrong or was used; wait for the next one of the app.")
