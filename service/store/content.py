"""Queries on what letters carry besides offers and reminders."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from service.store.tables.content import ContentEntry


def entries(session: Session) -> dict[str, list[tuple[str, Mapping[str, object]]]]:
    """Everything by kind, as (key, body), in the order of the keys' code points."""
    found: dict[str, list[tuple[str, Mapping[str, object]]]] = {}
    # Sorted here: databases compare texts by rules of their own.
    for entry in sorted(session.exec(select(ContentEntry)), key=lambda each: each.key):
        found.setdefault(entry.kind, []).append((entry.key, entry.body))
    return found


def save(session: Session, loaded: Iterable[ContentEntry]) -> None:
    """Add entries, in place of those of the same kind and key."""
    for entry in loaded:
        session.merge(entry)
    session.flush()


def remove(session: Session, keys: Sequence[tuple[str, str]]) -> None:
    """Remove entries by (kind, key)."""
    for kind, key in keys:
        session.execute(
            delete(ContentEntry).where(col(ContentEntry.kind) == kind, col(ContentEntry.key) == key)
        )
