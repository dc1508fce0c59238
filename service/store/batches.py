"""Queries on print batches and the copies in them."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import literal, text, update
from sqlmodel import Session, col, func, select

from service.store import mailing
from service.store.bulk import stage
from service.store.keyset import Turned, turn
from service.store.tables.cycle import Batch, BatchState
from service.store.tables.mailing import MailPiece
from service.store.tables.shopping_list import ListState, ShoppingList
from service.store.tables.types import UtcMoment


def get(session: Session, batch_id: int) -> Batch | None:
    """One batch."""
    return session.get(Batch, batch_id)


def by_name(session: Session, name: str) -> Batch | None:
    """The batch with a package's name."""
    return session.exec(select(Batch).where(Batch.name == name)).first()


def lock(session: Session, batch_id: int) -> Batch | None:
    """One batch, locked until the transaction ends."""
    statement = select(Batch).where(Batch.id == batch_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


def page(session: Session, *, after: int | None, limit: int) -> Sequence[Batch]:
    """Batches, newest first, from below an id."""
    statement = select(Batch).order_by(col(Batch.id).desc()).limit(limit)
    if after is not None:
        statement = statement.where(col(Batch.id) < after)
    return session.exec(statement).all()


def listed(
    session: Session, *, states: Sequence[str], after: int | None, before: int | None, limit: int
) -> Turned[Batch]:
    """A page of the batches in these states (all where none is named), newest first."""
    statement = select(Batch)
    if states:
        statement = statement.where(col(Batch.state).in_(states))
    return turn(
        session,
        statement,
        [col(Batch.id)],
        after=None if after is None else [after],
        before=None if before is None else [before],
        limit=limit,
    )


def fetchable(session: Session) -> Sequence[Batch]:
    """The batches whose files can be fetched, oldest first."""
    statement = select(Batch).where(Batch.state == BatchState.READY, col(Batch.purged_at).is_(None))
    return session.exec(statement.order_by(col(Batch.id))).all()


def of_cycle(session: Session, cycle_id: int) -> Batch | None:
    """The newest revision of a cycle's batch; reprints and withdrawn ones do not count."""
    return of_cycles(session, [cycle_id]).get(cycle_id)


def of_cycles(session: Session, cycle_ids: Sequence[int]) -> dict[int, Batch]:
    """The same of several cycles by their number; those without a batch are left out."""
    statement = select(Batch).where(
        col(Batch.cycle_id).in_(cycle_ids),
        col(Batch.reprint_of).is_(None),
        Batch.state != BatchState.WITHDRAWN,
    )
    rising = session.exec(statement.order_by(col(Batch.revision))).all()
    return {batch.cycle_id: batch for batch in rising}


def earlier(session: Session, batch: Batch) -> Sequence[Batch]:
    """The revisions of a batch before it that are ready or voided, by id; no reprints."""
    statement = select(Batch).where(
        Batch.cycle_id == batch.cycle_id,
        col(Batch.reprint_of).is_(None),
        col(Batch.id) < batch.id,
        col(Batch.state).in_([BatchState.READY, BatchState.VOIDED]),
    )
    return session.exec(statement.order_by(col(Batch.id))).all()


def unfinished_reprint(session: Session, batch_id: int) -> Batch | None:
    """The reprint of a batch that is not ready yet."""
    statement = select(Batch).where(
        Batch.reprint_of == batch_id, Batch.state == BatchState.RENDERING
    )
    return session.exec(statement).first()


def next_revision(session: Session, cycle_id: int) -> int:
    """The first number that no batch of the cycle has."""
    newest = session.exec(select(func.max(Batch.revision)).where(Batch.cycle_id == cycle_id)).one()
    return (newest or 0) + 1


def ended(session: Session, cycle_id: int) -> Sequence[Batch]:
    """The withdrawn and voided batches of a cycle whose files may still be there."""
    statement = select(Batch).where(
        Batch.cycle_id == cycle_id,
        col(Batch.state).in_([BatchState.WITHDRAWN, BatchState.VOIDED]),
        col(Batch.purged_at).is_(None),
    )
    return session.exec(statement).all()


def to_purge(session: Session, before: datetime) -> Sequence[Batch]:
    """The batches published before a moment, or ended since, whose files may still be there."""
    statement = select(Batch).where(
        col(Batch.purged_at).is_(None),
        (col(Batch.published_at) < before)
        | col(Batch.state).in_([BatchState.WITHDRAWN, BatchState.VOIDED]),
    )
    return session.exec(statement.order_by(col(Batch.id))).all()


def save(session: Session, batch: Batch) -> Batch:
    """Write a new batch or a change of one."""
    session.add(batch)
    session.flush()
    return batch


def pick_up(session: Session, batch_id: int, *, at: datetime) -> bool:
    """Record the first pickup of a batch; False when its files can no longer be fetched."""
    found = session.execute(
        update(Batch)
        .where(
            col(Batch.id) == batch_id,
            col(Batch.state) == BatchState.READY,
            col(Batch.purged_at).is_(None),
        )
        .values(picked_up_at=func.coalesce(col(Batch.picked_up_at), literal(at, UtcMoment())))
        .returning(col(Batch.id))
    )
    return found.first() is not None


def mark_purged(session: Session, batch_id: int, *, at: datetime) -> None:
    """Record that the files of a batch are deleted."""
    session.execute(update(Batch).where(col(Batch.id) == batch_id).values(purged_at=at))


def count(session: Session) -> int:
    """How many batches there are."""
    return session.exec(select(func.count()).select_from(Batch)).one()


def add_pieces(session: Session, batch_id: int, pieces: pl.DataFrame) -> None:
    """Write the copies of a batch: seq, piece_id, list_id, address_digest; all outstanding."""
    stage(session, "staged_piece", pieces)
    session.execute(
        text(
            """INSERT INTO mail_piece (batch_id, seq, piece_id, list_id, address_digest, state,
                                       reason)
               SELECT :batch, seq, piece_id, list_id, address_digest, 'outstanding', ''
               FROM staged_piece ORDER BY seq"""
        ),
        {"batch": batch_id},
    )
    mailing.add_counts(
        session,
        """SELECT CAST(:batch AS bigint) AS batch_id, 'outstanding' AS state, count(*) AS pieces
           FROM staged_piece""",
        batch=batch_id,
    )


def spoiled(session: Session, batch_id: int) -> list[int]:
    """The lists of a batch whose newest copy is spoiled, by list."""
    rows = session.execute(
        text(
            """SELECT p.list_id FROM mail_piece p JOIN batch b ON b.id = p.batch_id
               WHERE (b.id = :batch OR b.reprint_of = :batch) AND p.state = 'spoiled'
                 AND b.state = 'ready'
                 AND NOT EXISTS (SELECT 1 FROM mail_piece n JOIN batch m ON m.id = n.batch_id
                                 WHERE n.piece_id = p.piece_id AND n.batch_id > p.batch_id
                                   AND m.state IN ('ready', 'voided'))
               ORDER BY p.list_id"""
        ),
        {"batch": batch_id},
    )
    return [list_id for (list_id,) in rows]


def lists_to_void(session: Session, batch_id: int) -> list[int]:
    """The issued lists in a batch, locked in their order until the transaction ends."""
    printed = select(MailPiece.list_id).where(MailPiece.batch_id == batch_id)
    statement = (
        select(ShoppingList.id)
        .where(col(ShoppingList.id).in_(printed), ShoppingList.state == ListState.ISSUED)
        .order_by(col(ShoppingList.id))
        .with_for_update()
    )
    return list(session.exec(statement).all())


def naming(session: Session, household_id: int) -> list[tuple[Batch, bool]]:
    """The batches whose files may name a household, and whether one of their letters is its.

    They are locked in the order of their ids. A batch that is being printed may have its letter;
    all others of the household's cycles name it at most among those they left out.
    """
    cycles = text(
        """SELECT cycle_id FROM shopping_list WHERE household_id = :household
           UNION SELECT cycle_id FROM cycle_left_out WHERE household_id = :household"""
    )
    ids = [key for (key,) in session.execute(cycles, {"household": household_id}) if key]
    statement = (
        select(Batch)
        .where(col(Batch.cycle_id).in_(ids), col(Batch.purged_at).is_(None))
        .order_by(col(Batch.id))
        .with_for_update()
    )
    found = session.exec(statement.execution_options(populate_existing=True)).all()
    printed = (
        select(MailPiece.batch_id)
        .join(ShoppingList, col(ShoppingList.id) == col(MailPiece.list_id))
        .where(ShoppingList.household_id == household_id)
        .distinct()
    )
    named = set(session.exec(printed).all())
    return [(batch, batch.id in named or batch.state == BatchState.RENDERING) for batch in found]


def issued_lists(session: Session, batch_id: int) -> list[int]:
    """The issued lists in a batch, as `lists_to_void` locks them."""
    printed = select(MailPiece.list_id).where(MailPiece.batch_id == batch_id)
    return list(
        session.exec(
            select(ShoppingList.id).where(
                col(ShoppingList.id).in_(printed), ShoppingList.state == ListState.ISSUED
            )
        ).all()
    )


def codes(session: Session, batch_id: int, first_seq: int, last_seq: int) -> list[str]:
    """The list codes of the pieces of a batch with these sequence numbers, in their order."""
    statement = (
        select(ShoppingList.code)
        .join(MailPiece, col(MailPiece.list_id) == col(ShoppingList.id))
        .where(MailPiece.batch_id == batch_id, col(MailPiece.seq).between(first_seq, last_seq))
        .order_by(col(MailPiece.seq))
    )
    return list(session.exec(statement).all())
