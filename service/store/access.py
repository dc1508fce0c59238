"""Queries on API keys."""

from datetime import datetime

from sqlmodel import Session, col, select

from service.store.tables.access import ApiKey


def add(session: Session, key: ApiKey) -> ApiKey:
    """Store a new key."""
    session.add(key)
    session.flush()
    return key


def live_key(session: Session, digest: str) -> ApiKey | None:
    """The key with this digest, unless it is revoked."""
    statement = select(ApiKey).where(ApiKey.digest == digest, col(ApiKey.revoked_at).is_(None))
    return session.exec(statement).first()


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
