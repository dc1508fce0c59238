"""What takes two requests: the first leaves a step, the second takes it once, within minutes.

What the second request must match follows from the ticket (`secret_of`), so that nothing of it is
stored: of the ticket itself the database has a digest.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from service.admin.people.tokens import Purpose, digest_of, new_token
from service.digests import token_digest
from service.settings import Settings
from service.store import people
from service.store.tables.person import LogInStep, StepKind

LASTING = timedelta(minutes=10)


def leave_step(
    session: Session,
    settings: Settings,
    kind: StepKind,
    *,
    person_id: int | None = None,
    now: datetime,
) -> str:
    """Leave a step; the ticket that takes it. Steps that are over are removed."""
    people.drop_steps(session, before=now)
    ticket = new_token()
    session.add(
        LogInStep(
            digest=digest_of(settings, Purpose.STEP, ticket),
            kind=kind,
            person_id=person_id,
            expires_at=now + LASTING,
        )
    )
    return ticket


def look_at_step(
    session: Session, settings: Settings, kind: StepKind, ticket: str, *, now: datetime
) -> LogInStep | None:
    """The step of a ticket; None when it is unknown, taken or over."""
    return people.open_step(session, digest_of(settings, Purpose.STEP, ticket), str(kind), now=now)


def take_step(
    session: Session, settings: Settings, kind: StepKind, ticket: str, *, now: datetime
) -> LogInStep | None:
    """The step of a ticket, which is gone then; None when it is unknown, taken or over."""
    return people.take_step(session, digest_of(settings, Purpose.STEP, ticket), str(kind), now=now)


def secret_of(settings: Settings, ticket: str, name: str) -> str:
    """64 hex digits that follow from a ticket: a challenge, a nonce, a code verifier."""
    return token_digest(settings.secret_key, f"step-{name}", ticket)
