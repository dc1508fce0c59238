"""Reconciliation: counts the pieces of a batch by state and names those that are not mailed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.errors import Conflict, NotFound
from service.store import batches, mailing
from service.store.mailing import UnmailedPiece
from service.store.session import Database
from service.store.tables.cycle import BatchState
from service.store.tables.mailing import PieceState


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The pieces of a batch and its reprints by state, each piece counted by its newest copy.

    The counts add up to `pieces`. `difference` counts the pieces neither mailed nor voided: 0 when
    the batch is done. `differences` is a page of those pieces.
    """

    batch_id: int
    pieces: int
    outstanding: int
    printed: int
    spoiled: int
    reprinted: int
    mailed: int
    returned: int
    voided: int
    difference: int
    differences: tuple[UnmailedPiece, ...]


def reconcile(
    database: Database, batch_id: int, *, after: str = "", limit: int = 50
) -> Reconciliation:
    """Reconcile a batch, or the batch that a reprint belongs to.

    `after` is the last piece id of the page before. Raises NotFound when there is no such batch,
    Conflict when it was never ready or was replaced.
    """
    with database.read() as session:
        root = _root(session, batch_id)
        counts = mailing.states(session, root)
        named = mailing.differences(session, root, after=after, limit=limit)
    settled = [PieceState.MAILED, PieceState.RETURNED, "voided"]
    pieces = sum(counts.values())
    return Reconciliation(
        batch_id=root,
        pieces=pieces,
        outstanding=counts.get(PieceState.OUTSTANDING, 0),
        printed=counts.get(PieceState.PRINTED, 0),
        spoiled=counts.get(PieceState.SPOILED, 0),
        reprinted=counts.get(PieceState.REPRINTED, 0),
        mailed=counts.get(PieceState.MAILED, 0),
        returned=counts.get(PieceState.RETURNED, 0),
        voided=counts.get("voided", 0),
        difference=pieces - sum(counts.get(state, 0) for state in settled),
        differences=tuple(named),
    )


def unmailed(
    database: Database, batch_id: int, *, after: str, limit: int
) -> Sequence[UnmailedPiece]:
    """A page of the pieces that are neither mailed nor voided alone; raises as `reconcile` does."""
    with database.read() as session:
        return mailing.differences(session, _root(session, batch_id), after=after, limit=limit)


def _root(session: Session, batch_id: int) -> int:
    """The batch, or the one that a reprint belongs to."""
    batch = batches.get(session, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    if batch.state not in (BatchState.READY, BatchState.VOIDED):
        raise Conflict(
            "Batch %(batch)s is %(state)s; it has no pieces to reconcile.",
            batch=batch_id,
            state=BatchState(batch.state),
        )
    return batch.reprint_of or batch_id
