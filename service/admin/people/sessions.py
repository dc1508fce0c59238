"""Where people are logged in: idle eight hours at most, seven days in all, ended at any time."""

from datetime import datetime, timedelta

from sqlmodel import Session

from service.admin.people.tokens import Purpose, csrf_of, digest_of, digests_of, new_token
from service.admin.person import NewSession, OpenSession, Person, Side, SignedIn
from service.errors import NotFound
from service.settings import Settings
from service.store import audit, people
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.person import LogInMethod, PersonRow, PersonSession

IDLE = timedelta(hours=8)
LONGEST = timedelta(days=7)
_NOTED = timedelta(minutes=1)
_AGENT_CHARACTERS = 200


def open_session(
    session: Session,
    settings: Settings,
    row: PersonRow,
    *,
    method: LogInMethod,
    address: str,
    agent: str,
    now: datetime,
) -> NewSession:
    """Log a person in, under a token that nobody had before."""
    token = new_token()
    session.add(
        PersonSession(
            digest=digest_of(settings, Purpose.SESSION, token),
            person_id=row.id,
            method=method,
            address=address[:_AGENT_CHARACTERS],
            agent=agent[:_AGENT_CHARACTERS],
            started_at=now,
            seen_at=now,
        )
    )
    return NewSession(Person.of(row), token, csrf_of(settings, token), now + LONGEST)


def person_of(
    database: Database,
    settings: Settings,
    token: str,
    *,
    side: Side = Side.RETAILER,
    now: datetime,
) -> SignedIn | None:
    """Who sends this token; None when it is unknown, ended, idle, too old, or they are disabled.

    People of the other side are nobody too.

    What they may do is as of now. That the session is in use is noted once a minute.
    """
    digests = digests_of(settings, Purpose.SESSION, token)
    with database.read() as session:
        found = people.live_session(
            session, digests, started_after=now - LONGEST, seen_after=now - IDLE
        )
    if found is None:
        return None
    held, row = found
    if Person.of(row).side is not side:
        return None
    if now - held.seen_at >= _NOTED:
        with database.write() as session:
            people.mark_seen(session, held.id, at=now)
    return SignedIn(Person.of(row), held.id, csrf_of(settings, token))


def end_session(database: Database, settings: Settings, token: str, *, now: datetime) -> None:
    """Log out; nothing happens when the token is not logged in."""
    with database.write() as session:
        people.end_session(session, digests_of(settings, Purpose.SESSION, token), at=now)


def end_one_session(database: Database, person_id: int, session_id: int, *, now: datetime) -> None:
    """End one session of a person. Raises NotFound when it is not theirs or not open."""
    with database.write() as session:
        if not people.end_sessions(session, person_id, at=now, only_id=session_id):
            raise NotFound("There is no such session.")


def end_all_sessions(
    database: Database,
    person_id: int,
    *,
    now: datetime,
    but_id: int | None = None,
    by: Actor | None = None,
) -> int:
    """End every session of a person, or all but one; how many.

    `by` is who does it to somebody else, for the audit trail.
    """
    with database.write() as session:
        if by is not None:
            audit.add(session, by, "end_sessions", "person", person_id, at=now)
        return people.end_sessions(session, person_id, at=now, but_id=but_id)


def list_sessions(
    database: Database, person_id: int, *, now: datetime, this_id: int | None = None
) -> list[OpenSession]:
    """Where a person is logged in, the newest first; `this_id` is where they look from."""
    with database.read() as session:
        rows = people.live_sessions(
            session, person_id, started_after=now - LONGEST, seen_after=now - IDLE
        )
    return [
        OpenSession(
            row.id, row.method, row.address, row.agent, row.started_at, row.seen_at,
            row.id == this_id,
        )
        for row in rows
    ]  # fmt: skip


def forget_log_ins(database: Database, *, now: datetime) -> None:
    """Remove half-done log-ins that are over, and sessions that nobody can use any more."""
    with database.write() as session:
        people.drop_steps(session, before=now)
        people.drop_sessions(session, before=now - LONGEST)
