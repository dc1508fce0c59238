"""Queries on printed copies and what the mailing house reported about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import String, column, text
from sqlmodel import Session, col, func, select

from service.store.bulk import stage
from service.store.tables.cycle import Batch, BatchState
from service.store.tables.mailing import Acknowledgement, MailEvent, MailPiece

_PRINTED = """SELECT id, state FROM batch
    WHERE (id = :batch OR reprint_of = :batch) AND state IN ('ready', 'voided')"""
"""A batch and its reprints that are or were with the mailing house."""

_STATE = "CASE WHEN b.state = 'voided' THEN 'voided' ELSE {state} END"
# A piece counts by its newest copy: the copies before a reprint's are taken off.
_STATES = f"""WITH printed AS ({_PRINTED})
    SELECT state, sum(pieces) FROM (
        SELECT {_STATE.format(state="c.state")} AS state, c.pieces
        FROM printed b JOIN mail_count c ON c.batch_id = b.id
        UNION ALL
        SELECT {_STATE.format(state="p.state")}, -1
        FROM (SELECT DISTINCT o.batch_id, o.seq, o.state
              FROM printed r JOIN mail_piece n ON n.batch_id = r.id
              JOIN mail_piece o ON o.piece_id = n.piece_id AND o.batch_id < n.batch_id
              WHERE r.id <> :batch) p
        JOIN printed b ON b.id = p.batch_id
    ) AS counted GROUP BY state HAVING sum(pieces) <> 0"""
_UNMAILED = f"""SELECT p.piece_id, p.batch_id, p.state, p.reason FROM mail_piece p
    WHERE p.batch_id = :copy AND p.state NOT IN ('mailed', 'returned') AND p.piece_id > :after
      AND NOT EXISTS (SELECT 1 FROM mail_piece n JOIN ({_PRINTED}) b ON b.id = n.batch_id
                      WHERE n.piece_id = p.piece_id AND n.batch_id > p.batch_id)
    ORDER BY p.piece_id LIMIT :limit"""


class Copy(NamedTuple):
    """The newest copy of a piece, and the state of its batch."""

    piece_id: str
    batch_id: int
    seq: int
    list_id: int
    address_digest: str
    state: str
    state_at: datetime | None
    batch_state: str
    reprint_of: int | None
    picked_up_at: datetime | None


class UnmailedPiece(NamedTuple):
    """A piece that is not mailed, by its newest copy."""

    piece_id: str
    batch_id: int
    state: str
    reason: str


def newest_copies(session: Session, piece_ids: Sequence[str]) -> dict[str, Copy]:
    """The newest copy of each piece that has one, locked until the transaction ends."""
    chosen = _staged_ids(session, piece_ids)
    statement = (
        select(  # type: ignore[call-overload]
            MailPiece.piece_id,
            MailPiece.batch_id,
            MailPiece.seq,
            MailPiece.list_id,
            MailPiece.address_digest,
            MailPiece.state,
            MailPiece.state_at,
            Batch.state,
            Batch.reprint_of,
            Batch.picked_up_at,
        )
        .join(Batch, col(Batch.id) == col(MailPiece.batch_id))
        .where(
            col(MailPiece.piece_id).in_(chosen),
            col(Batch.state).in_([BatchState.READY, BatchState.VOIDED]),
        )
        .order_by(col(MailPiece.batch_id), col(MailPiece.seq))
        .with_for_update(of=MailPiece)
    )
    return {row[0]: Copy(*row) for row in session.execute(statement)}


def known_events(session: Session, piece_ids: Sequence[str]) -> set[tuple[str, str, datetime]]:
    """What was reported before about pieces: (piece_id, state, moment)."""
    chosen = _staged_ids(session, piece_ids)
    statement = (
        select(MailPiece.piece_id, MailEvent.state, MailEvent.happened_at)
        .join(
            MailEvent,
            (col(MailEvent.batch_id) == col(MailPiece.batch_id))
            & (col(MailEvent.seq) == col(MailPiece.seq)),
        )
        .where(col(MailPiece.piece_id).in_(chosen))
    )
    return set(map(tuple, session.execute(statement)))


def add_acknowledgement(session: Session, acknowledgement: Acknowledgement) -> int:
    """Add a file; its id."""
    session.add(acknowledgement)
    session.flush()
    return acknowledgement.id


def acknowledgement(session: Session, acknowledgement_id: int) -> Acknowledgement | None:
    """One file."""
    return session.get(Acknowledgement, acknowledgement_id)


def newest_acknowledgements(session: Session, *, limit: int) -> Sequence[Acknowledgement]:
    """The files that came last, the newest first."""
    statement = select(Acknowledgement).order_by(col(Acknowledgement.id).desc()).limit(limit)
    return session.exec(statement).all()


def close_acknowledgement(session: Session, acknowledgement_id: int, **counts: Any) -> None:
    """Record the counts of a file."""
    found = session.get(Acknowledgement, acknowledgement_id)
    assert found is not None
    found.sqlmodel_update(counts)
    session.add(found)
    session.flush()


def received_before(session: Session, moment: datetime, *, source: str) -> list[str]:
    """The names of files received from a source, the newest of that name before a moment."""
    statement = (
        select(Acknowledgement.name)
        .where(Acknowledgement.source == source)
        .group_by(Acknowledgement.name)
        .having(func.max(col(Acknowledgement.received_at)) < moment)
    )
    return list(session.exec(statement).all())


def apply_events(session: Session, acknowledgement_id: int, events: pl.DataFrame) -> None:
    """Write events and the new state of their copies.

    `events`: batch_id, seq, state, reason, happened_at, is_last (of its copy).
    """
    stage(session, "staged_event", events)
    session.execute(
        text(
            """INSERT INTO mail_event (batch_id, seq, state, reason, happened_at,
                                       acknowledgement_id)
               SELECT batch_id, seq, state, reason, happened_at, :file FROM staged_event"""
        ),
        {"file": acknowledgement_id},
    )
    add_counts(
        session,
        """SELECT batch_id, state, sum(pieces) AS pieces FROM (
               SELECT batch_id, state, 1 AS pieces FROM staged_event WHERE is_last
               UNION ALL
               SELECT p.batch_id, p.state, -1 FROM staged_event s JOIN mail_piece p
                   ON p.batch_id = s.batch_id AND p.seq = s.seq WHERE s.is_last
           ) AS changed GROUP BY batch_id, state""",
    )
    session.execute(
        text(
            """UPDATE mail_piece SET state = s.state, state_at = s.happened_at, reason = s.reason
               FROM staged_event s
               WHERE s.batch_id = mail_piece.batch_id AND s.seq = mail_piece.seq AND s.is_last"""
        )
    )


def households_of(session: Session, list_ids: Sequence[int]) -> dict[int, int]:
    """The household of each list."""
    stage(session, "staged_id", pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64}))
    rows = session.execute(
        text(
            """SELECT l.id, l.household_id FROM staged_id s
               JOIN shopping_list l ON l.id = s.list_id"""
        )
    )
    return dict(map(tuple, rows))


def states(session: Session, batch_id: int) -> dict[str, int]:
    """How many pieces of a batch and its reprints are in each state, by their newest copies."""
    rows = session.execute(text(_STATES), {"batch": batch_id})
    return {state: int(pieces) for state, pieces in rows}


def differences(session: Session, batch_id: int, *, after: str, limit: int) -> list[UnmailedPiece]:
    """The pieces of a batch that were not mailed, by piece, from after a piece."""
    copies = session.execute(text(_PRINTED), {"batch": batch_id}).all()
    found = [
        UnmailedPiece(*row)
        for copy, state in copies
        if state != BatchState.VOIDED
        for row in session.execute(
            text(_UNMAILED), {"batch": batch_id, "copy": copy, "after": after, "limit": limit}
        )
    ]
    return sorted(found)[:limit]


def add_counts(session: Session, rows: str, **values: Any) -> None:
    """Add the rows of a query, batch_id, state and pieces, to the counts of copies."""
    session.execute(
        text(
            f"""INSERT INTO mail_count (batch_id, state, pieces)
                SELECT batch_id, state, pieces FROM ({rows}) AS added WHERE true
                ORDER BY batch_id, state
                ON CONFLICT (batch_id, state)
                DO UPDATE SET pieces = mail_count.pieces + excluded.pieces"""
        ),
        values,
    )


def _staged_ids(session: Session, piece_ids: Sequence[str]) -> Any:
    ids = pl.DataFrame({"piece_id": list(piece_ids)}, {"piece_id": pl.String}).unique()
    stage(session, "staged_piece_id", ids)
    return text("SELECT piece_id FROM staged_piece_id").columns(column("piece_id", String))
