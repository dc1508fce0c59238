"""Void: withdraws a batch that was not picked up, with its lists."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.engine.ledger import EntryKind, release
from service.errors import Conflict, NotFound
from service.publish.depot import open_depot
from service.publish.package import remove_files
from service.settings import Settings
from service.store import audit, batches, ledger, lists
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState


@dataclass(frozen=True, slots=True)
class VoidReport:
    """A voided batch: the count of its voided lists, and what their offers' budgets got back."""

    batch_id: int
    lists: int
    released_cents: int


@dataclass(frozen=True, slots=True)
class VoidAhead:
    """What voiding a batch would touch: lists that can be redeemed, and what they reserve."""

    lists: int
    reserved_cents: int


def look_ahead(database: Database, batch_id: int) -> VoidAhead:
    """What voiding a batch would touch. Raises as `void_batch` does, also when it is voided."""
    with database.read() as session:
        batch = batches.get(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        _require_voidable(batch)
        ids = batches.issued_lists(session, batch_id)
        held = lists.open_reservations(session, ids)
    return VoidAhead(len(ids), sum(cents for _, cents in held))


def void_batch(
    database: Database, settings: Settings, batch_id: int, *, by: Actor = SERVICE
) -> VoidReport:
    """Void a batch before its pickup: tills refuse its codes, its reservations are released.

    Redemptions made before, by card or phone, stay. Everything happens in one transaction; voiding
    again gives the same report. Raises NotFound when there is no such batch, Conflict when it was
    picked up, was replaced or is not finished.
    """
    with database.write() as session:
        batch = batches.lock(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.state != BatchState.VOIDED:
            _require_voidable(batch)
            _void(session, batch)
            audit.add(session, by, "void", "batch", batch_id, at=datetime.now(UTC))
    remove_files(open_depot(settings), batch.name)
    with database.write() as session:
        batches.mark_purged(session, batch_id, at=datetime.now(UTC))
    return VoidReport(batch_id, batch.summary["voided_lists"], batch.summary["released_cents"])


def _require_voidable(batch: Batch) -> None:
    if batch.picked_up_at is not None:
        raise Conflict(
            "Batch %(batch)s was picked up on %(day)s: its lists may be on their way and "
            "stay valid.",
            batch=batch.id,
            day=batch.picked_up_at.date(),
        )
    if batch.state != BatchState.READY:
        raise Conflict(
            "Batch %(batch)s is %(state)s and cannot be voided.",
            batch=batch.id,
            state=BatchState(batch.state),
        )


def _void(session: Session, batch: Batch) -> None:
    ids = batches.lists_to_void(session, batch.id)
    lists.void(session, ids)
    now = datetime.now(UTC)
    held = lists.open_reservations(session, ids)
    name = f"batch-{batch.id}-void"
    ledger.post_by_offer(session, name, EntryKind.BATCH_VOID, held, release, at=now)
    batch.state = BatchState.VOIDED
    batch.summary = {
        **batch.summary,
        "voided_lists": len(ids),
        "released_cents": sum(cents for _, cents in held),
    }
    batches.save(session, batch)
