"""Queries on people, their links, sessions, passkeys and half-done log-ins."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from service.store.tables.person import (
    LogInStep,
    Passkey,
    PersonLink,
    PersonRow,
    PersonSession,
    ProviderIdentity,
)


def lock(session: Session, person_id: int) -> PersonRow | None:
    """A person, locked until the transaction ends."""
    statement = select(PersonRow).where(PersonRow.id == person_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


def get(session: Session, person_id: int) -> PersonRow | None:
    """A person by number."""
    return session.get(PersonRow, person_id)


def by_email(session: Session, email: str) -> PersonRow | None:
    """A person by e-mail address in lower case."""
    return session.exec(select(PersonRow).where(PersonRow.email == email)).first()


def by_os_user(session: Session, os_user: str) -> PersonRow | None:
    """The person to whom a user of a machine is bound."""
    return session.exec(select(PersonRow).where(PersonRow.os_user == os_user)).first()


def everybody(session: Session) -> Sequence[tuple[PersonRow, int, datetime | None]]:
    """(person, passkeys, when last seen), disabled people too, by number."""
    keys = (
        select(func.count())
        .select_from(Passkey)
        .where(col(Passkey.person_id) == col(PersonRow.id))
        .scalar_subquery()
    )
    seen = (
        select(func.max(PersonSession.seen_at))
        .where(col(PersonSession.person_id) == col(PersonRow.id))
        .scalar_subquery()
    )
    return session.exec(select(PersonRow, keys, seen).order_by(col(PersonRow.id))).all()


def enabled_with_role(session: Session, role: str) -> list[int]:
    """The numbers of people with a role who are not disabled; everybody enabled is locked."""
    enabled = select(PersonRow).where(col(PersonRow.disabled_at).is_(None))
    rows = session.exec(enabled.order_by(col(PersonRow.id)).with_for_update()).all()
    return [row.id for row in rows if role in row.roles]


def use_link(session: Session, digests: Sequence[str], *, now: datetime) -> int | None:
    """Use up a link; whose it is, None when it is unknown, used or over."""
    statement = (
        update(PersonLink)
        .where(
            col(PersonLink.digest).in_(digests),
            col(PersonLink.used_at).is_(None),
            col(PersonLink.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(PersonLink.person_id))
    )
    return session.execute(statement).scalar()


def open_link(session: Session, digests: Sequence[str], *, now: datetime) -> PersonRow | None:
    """Whose link this is, while it can be used."""
    statement = (
        select(PersonRow)
        .join(PersonLink, col(PersonLink.person_id) == col(PersonRow.id))
        .where(
            col(PersonLink.digest).in_(digests),
            col(PersonLink.used_at).is_(None),
            col(PersonLink.expires_at) > now,
        )
    )
    return session.exec(statement).first()


def drop_links(session: Session, person_id: int) -> None:
    """Remove the links of a person."""
    session.execute(delete(PersonLink).where(col(PersonLink.person_id) == person_id))


def live_session(
    session: Session, digests: Sequence[str], *, started_after: datetime, seen_after: datetime
) -> tuple[PersonSession, PersonRow] | None:
    """The session with one of these digests and its person.

    None when it ended or the person is disabled.
    """
    statement = (
        select(PersonSession, PersonRow)
        .join(PersonRow, col(PersonRow.id) == col(PersonSession.person_id))
        .where(
            col(PersonSession.digest).in_(digests),
            col(PersonSession.ended_at).is_(None),
            col(PersonSession.started_at) > started_after,
            col(PersonSession.seen_at) > seen_after,
            col(PersonRow.disabled_at).is_(None),
        )
    )
    return session.exec(statement).first()


def live_sessions(
    session: Session, person_id: int, *, started_after: datetime, seen_after: datetime
) -> Sequence[PersonSession]:
    """Where a person is logged in, the newest first."""
    statement = (
        select(PersonSession)
        .where(
            PersonSession.person_id == person_id,
            col(PersonSession.ended_at).is_(None),
            col(PersonSession.started_at) > started_after,
            col(PersonSession.seen_at) > seen_after,
        )
        .order_by(col(PersonSession.id).desc())
    )
    return session.exec(statement).all()


def mark_seen(session: Session, session_id: int, *, at: datetime) -> None:
    """Note that a session is in use; never backwards."""
    session.execute(
        update(PersonSession)
        .where(col(PersonSession.id) == session_id, col(PersonSession.seen_at) < at)
        .values(seen_at=at)
    )


def end_session(session: Session, digests: Sequence[str], *, at: datetime) -> None:
    """End the session with one of these digests, if it is open."""
    session.execute(
        update(PersonSession)
        .where(col(PersonSession.digest).in_(digests), col(PersonSession.ended_at).is_(None))
        .values(ended_at=at)
    )


def end_sessions(
    session: Session,
    person_id: int,
    *,
    at: datetime,
    only_id: int | None = None,
    but_id: int | None = None,
) -> int:
    """End the open sessions of a person, or one of them, or all but one; how many ended."""
    statement = update(PersonSession).where(
        col(PersonSession.person_id) == person_id, col(PersonSession.ended_at).is_(None)
    )
    if only_id is not None:
        statement = statement.where(col(PersonSession.id) == only_id)
    if but_id is not None:
        statement = statement.where(col(PersonSession.id) != but_id)
    ended = session.execute(statement.values(ended_at=at).returning(col(PersonSession.id)))
    return len(ended.all())


def open_step(session: Session, digest: str, kind: str, *, now: datetime) -> LogInStep | None:
    """The first half of a log-in, while it can be taken."""
    statement = select(LogInStep).where(
        LogInStep.digest == digest, LogInStep.kind == kind, col(LogInStep.expires_at) > now
    )
    return session.exec(statement).first()


def take_step(session: Session, digest: str, kind: str, *, now: datetime) -> LogInStep | None:
    """The first half of a log-in, which can be taken once; None when there is none in time."""
    statement = (
        delete(LogInStep)
        .where(
            col(LogInStep.digest) == digest,
            col(LogInStep.kind) == kind,
            col(LogInStep.expires_at) > now,
        )
        .returning(LogInStep)
    )
    return session.scalars(statement).first()


def passkeys_of(session: Session, person_id: int) -> Sequence[Passkey]:
    """The passkeys of a person, oldest first."""
    statement = select(Passkey).where(Passkey.person_id == person_id)
    return session.exec(statement.order_by(col(Passkey.id))).all()


def passkey(session: Session, credential_id: str) -> Passkey | None:
    """A passkey by the id that browsers know, locked until the transaction ends."""
    statement = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    return session.exec(statement).first()


def drop_passkeys(session: Session, person_id: int, *, only_id: int | None = None) -> int:
    """Remove the passkeys of a person, or one of them; how many there were."""
    statement = delete(Passkey).where(col(Passkey.person_id) == person_id)
    if only_id is not None:
        statement = statement.where(col(Passkey.id) == only_id)
    return len(session.execute(statement.returning(col(Passkey.id))).all())


def known_by_provider(session: Session, issuer: str, subject: str) -> PersonRow | None:
    """The person whom a provider knows as this subject."""
    statement = (
        select(PersonRow)
        .join(ProviderIdentity, col(ProviderIdentity.person_id) == col(PersonRow.id))
        .where(ProviderIdentity.issuer == issuer, ProviderIdentity.subject == subject)
    )
    return session.exec(statement).first()


def drop_provider_identities(session: Session, person_id: int) -> None:
    """Forget as whom providers know a person."""
    of_person = col(ProviderIdentity.person_id) == person_id
    session.execute(delete(ProviderIdentity).where(of_person))


def drop_steps(session: Session, *, before: datetime) -> None:
    """Remove half-done log-ins that are over."""
    session.execute(delete(LogInStep).where(col(LogInStep.expires_at) < before))


def drop_sessions(session: Session, *, before: datetime) -> None:
    """Remove the sessions that nobody has used since a moment."""
    session.execute(delete(PersonSession).where(col(PersonSession.seen_at) < before))
