"""Log in with a password, and with a second factor where the person has one."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlmodel import Session

from service.admin.people import passwords, totp
from service.admin.people.sessions import open_session
from service.admin.people.steps import leave_step, look_at_step, take_step
from service.admin.people.throttle import begin_try
from service.admin.person import NeedsSecond, NewSession, Person, Refused, Side, normal_email
from service.errors import InvalidInput
from service.notice import Notice
from service.settings import Settings
from service.store import audit, people
from service.store.session import Database
from service.store.tables.person import LogInMethod, PersonRow, StepKind

Answer: TypeAlias = NewSession | NeedsSecond | Refused

MOST_FAILURES = 20
"""Wrong codes in a row after a right password; then somebody has to reset the person."""

_BUSY = Notice("This person logs in somewhere else right now; ask again.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a log-in comes from: the network address, and what the browser says it is.

    `side` is whose people log in there; others are refused as if they were unknown.
    """

    address: str
    agent: str = ""
    side: Side = Side.RETAILER

    def admits(self, row: PersonRow | None) -> bool:
        """Whether somebody can log in there."""
        return row is not None and row.disabled_at is None and Person.of(row).side is self.side


def log_in(
    database: Database,
    settings: Settings,
    *,
    email: str,
    password: str,
    second: str | None = None,
    visitor: Visitor,
    now: datetime,
) -> Answer:
    """Log in with a password and, for who has a second factor, the code of an app.

    Unknown, disabled, uninvited and wrong are refused alike, and take as long. Without `second` who
    has a second factor gets a ticket for `give_second`.
    """
    try:
        email = normal_email(email)
    except InvalidInput:
        email = email[:254]
    attempt = begin_try(database, settings, email=email, address=visitor.address, now=now)
    if attempt.wait_seconds:
        return Refused(attempt.wait_seconds)
    with database.read() as session:
        row = people.by_email(session, email)
    stored = row.password_digest if row is not None else None
    is_right, newer = passwords.verify(password, stored)
    if row is None or not is_right or not visitor.admits(row):
        return Refused()

    def act(session: Session) -> Answer:
        held = people.lock(session, row.id)
        if held is None or held.password_digest != stored or held.disabled_at is not None:
            return Refused()
        held.password_digest = newer or stored
        keys = people.passkeys_of(session, held.id)
        if held.totp_confirmed_at is None and not keys:
            return enter(session, settings, held, LogInMethod.PASSWORD, visitor, now=now)
        ticket = leave_step(session, settings, StepKind.SECOND, person_id=held.id, now=now)
        return NeedsSecond(ticket, held.totp_confirmed_at is not None, bool(keys))

    answer = database.settle(act, busy=_BUSY)
    if not isinstance(answer, Refused):
        attempt.was_right()
    if isinstance(answer, NeedsSecond) and second is not None:
        return give_second(
            database, settings, ticket=answer.ticket, code=second, visitor=visitor, now=now
        )
    return answer


def give_second(
    database: Database,
    settings: Settings,
    *,
    ticket: str,
    code: str,
    visitor: Visitor,
    now: datetime,
) -> Answer:
    """The code of an app after the right password, for which `ticket` stands.

    A wrong code gives a new ticket (NeedsSecond) for the next try. Refused with a ticket that is
    unknown, used or over, with too many tries, and after `MOST_FAILURES` wrong codes in a row.
    """
    with database.read() as session:
        # Looked at first, so that a made-up ticket counts against nobody's e-mail address.
        step = look_at_step(session, settings, StepKind.SECOND, ticket, now=now)
        row = people.get(session, step.person_id) if step and step.person_id else None
    attempt = begin_try(
        database, settings, email=row.email if row else None, address=visitor.address, now=now
    )
    if attempt.wait_seconds or row is None:
        return Refused(attempt.wait_seconds)

    def act(session: Session) -> Answer:
        taken = take_step(session, settings, StepKind.SECOND, ticket, now=now)
        held = people.lock(session, row.id)
        if taken is None or held is None or not (visitor.admits(held) and _may_answer(held)):
            return Refused()
        if not totp.accept_code(settings, held, code, now=now):
            again = leave_step(session, settings, StepKind.SECOND, person_id=held.id, now=now)
            return NeedsSecond(again, True, bool(people.passkeys_of(session, held.id)))
        return enter(session, settings, held, LogInMethod.TOTP, visitor, now=now)

    answer = database.settle(act, busy=_BUSY)
    if isinstance(answer, NewSession):
        attempt.was_right()
    return answer


def enter(
    session: Session,
    settings: Settings,
    row: PersonRow,
    method: LogInMethod,
    visitor: Visitor,
    *,
    now: datetime,
) -> NewSession:
    """Open a session for somebody who has shown who they are; it is in the audit trail."""
    detail = {"method": method, "address": visitor.address}
    audit.add(session, Person.of(row).acting(), "log_in", "person", row.id, at=now, detail=detail)
    return open_session(
        session, settings, row, method=method, address=visitor.address, agent=visitor.agent, now=now
    )


def _may_answer(row: PersonRow) -> bool:
    return (
        row.disabled_at is None
        and row.totp_confirmed_at is not None
        and row.second_failures < MOST_FAILURES
    )
