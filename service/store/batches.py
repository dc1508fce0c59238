"""Queries on print batches."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from service.store.tables.cycle import Batch


def get(session: Session, batch_id: int) -> Batch | None:
    """One batch."""
    return session.get(Batch, batch_id)


def page(session: Session, *, after: int | None, limit: int) -> Sequence[Batch]:
    """Batches, newest first, from below an id."""
    statement = select(Batch).order_by(col(Batch.id).desc()).limit(limit)
    if after is not None:
        statement = statement.where(col(Batch.id) < after)
    return session.exec(statement).all()


def of_cycle(session: Session, cycle_id: int) -> Batch | None:
    """The newest revision of a cycle's batch."""
    statement = select(Batch).where(Batch.cycle_id == cycle_id)
    return session.exec(statement.order_by(col(Batch.revision).desc()).limit(1)).first()


def save(session: Session, batch: Batch) -> Batch:
    """Write a new batch or a change of one."""
    session.add(batch)
    session.flush()
    return batch


def count(session: Session) -> int:
    """How many batches there are."""
    return session.exec(select(func.count()).select_from(Batch)).one()
