"""Queries on API keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.store.tables.access import ApiKey


def add(session: Session, key: ApiKey) -> ApiKey:
    """Store a new key."""
    session.add(key)
    session.flush()
    return key


def live_key(session: Session, digests: Sequence[str]) -> ApiKey | None:
    """The key with one of these digests, unless it is revoked."""
    statement = select(ApiKey).where(
        col(ApiKey.digest).in_(digests), col(ApiKey.revoked_at).is_(None)
    )
    return session.exec(statement).first()


def renew(session: Session, key_id: int, digest: str, mark: str) -> None:
    """Know a key by another digest."""
    mine = update(ApiKey).where(col(ApiKey.id) == key_id)
    session.execute(mine.values(digest=digest, key_mark=mark))


def get(session: Session, key_id: int) -> ApiKey | None:
    """A key by number."""
    return session.get(ApiKey, key_id)


def all_keys(session: Session) -> list[ApiKey]:
    """Every key ever made, oldest first."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.id))))


def revoke(session: Session, key_id: int, *, at: datetime) -> ApiKey | None:
    """Revoke a key; None when there is no such key. A revoked key keeps its first moment."""
    key = session.get(ApiKey, key_id)
    if key is not None and key.revoked_at is None:
        key.revoked_at = at
        session.add(key)
        session.flush()
    return key
