"""Queries on the audit trail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from service.store.actor import Actor
from service.store.tables.audit import AuditEvent


def add(
    session: Session,
    by: Actor,
    act: str,
    subject: str,
    subject_id: int | str,
    *,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an act to the audit trail, in the transaction that does it."""
    session.add(
        AuditEvent(
            happened_at=at,
            actor=by.name,
            person_id=by.person_id,
            act=act,
            subject=subject,
            subject_id=str(subject_id),
            detail=dict(detail or {}),
        )
    )


def find(
    session: Session,
    *,
    person_id: int | None = None,
    subject: str = "",
    subject_id: str = "",
    act: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[AuditEvent]:
    """What was done, the newest first; every filter that is given must match."""
    statement = select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(limit)
    if person_id is not None:
        statement = statement.where(AuditEvent.person_id == person_id)
    for column, value in (
        (AuditEvent.subject, subject), (AuditEvent.subject_id, subject_id), (AuditEvent.act, act),
    ):  # fmt: skip
        if value:
            statement = statement.where(column == value)
    if before_id is not None:
        statement = statement.where(col(AuditEvent.id) < before_id)
    return session.exec(statement).all()
