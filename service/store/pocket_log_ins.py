"""Queries on browsers that wait for a code."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from service.store.tables.pocket import PocketLogIn


def add(session: Session, row: PocketLogIn) -> None:
    """Add a browser that asked for a code."""
    session.add(row)
    session.flush()


def is_any_asked(session: Session) -> bool:
    """Whether a browser waits for whether anybody has its card."""
    waiting = select(PocketLogIn.token_digest).where(col(PocketLogIn.answered_at).is_(None))
    return session.exec(waiting.limit(1)).first() is not None


def asked(session: Session, *, limit: int) -> Sequence[PocketLogIn]:
    """Browsers that wait for that, the longest waiting first, locked for the caller."""
    statement = (
        select(PocketLogIn)
        .where(col(PocketLogIn.answered_at).is_(None))
        .order_by(col(PocketLogIn.asked_at), col(PocketLogIn.token_digest))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.exec(statement).all()


def begin_try(
    session: Session, token_digest: str, *, since: datetime, most: int
) -> PocketLogIn | None:
    """Count a try before it is looked at; None when there is nothing to try, or no longer."""
    mine = update(PocketLogIn).where(
        col(PocketLogIn.token_digest) == token_digest,
        col(PocketLogIn.asked_at) > since,
        col(PocketLogIn.used_at).is_(None),
        col(PocketLogIn.tries) < most,
    )
    result = session.execute(mine.values(tries=col(PocketLogIn.tries) + 1))
    if not result.rowcount:  # type: ignore[attr-defined]
        return None
    return session.get(PocketLogIn, token_digest, populate_existing=True)


def use(session: Session, token_digest: str, *, at: datetime) -> bool:
    """Use a code up; False when it was used before."""
    mine = update(PocketLogIn).where(
        col(PocketLogIn.token_digest) == token_digest, col(PocketLogIn.used_at).is_(None)
    )
    return bool(session.execute(mine.values(used_at=at)).rowcount)  # type: ignore[attr-defined]


def forget(session: Session, *, before: datetime) -> None:
    """Remove what was asked before a moment."""
    session.execute(delete(PocketLogIn).where(col(PocketLogIn.asked_at) < before))
