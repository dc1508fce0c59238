"""Purge: removes the files of batches, which hold personal data, after a set time."""

from datetime import datetime, timedelta

from service.errors import Conflict, NotFound
from service.publish.depot import open_depot
from service.publish.inbox import FOLDER, REPORT, SFTP
from service.publish.package import remove_files
from service.settings import Settings
from service.store import audit, batches, mailing
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState


def purge(database: Database, settings: Settings, *, now: datetime) -> int:
    """Remove the files of batches older than `purge_days`, and of voided and replaced batches.

    The records stay: numbers, digests and the state of every piece. Acknowledgement files as old,
    refused ones among them, are removed too. Returns the number of batches purged; a killed purge
    can be run again.
    """
    before = now - timedelta(days=settings.purge_days)
    store = open_depot(settings)
    with database.read() as session:
        found = batches.to_purge(session, before)
        received = mailing.received_before(session, before, source=SFTP)
    for batch in found:
        remove_files(store, batch.name)
        with database.write() as session:
            batches.mark_purged(session, batch.id, at=now)
    written = store.modified(FOLDER)
    # Of what was refused there is no record; it goes by the date of its file.
    stale = {name for name, at in written.items() if at < before}
    stale |= {each for name in received for each in (name, f"{name}{REPORT}")}
    for each in sorted(stale & written.keys()):
        store.remove(FOLDER, each)
    return len(found)


def purge_batch(
    database: Database, settings: Settings, batch_id: int, *, now: datetime, by: Actor = SERVICE
) -> Batch:
    """Remove the files of one batch, however old it is; its records stay. Safe to repeat.

    Raises NotFound when there is no such batch, Conflict while it is being printed.
    """
    with database.write() as session:
        batch = batches.lock(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.state == BatchState.RENDERING:
            raise Conflict("Batch %(batch)s is being printed.", batch=batch_id)
        # From here on nobody fetches what is about to go.
        if batch.purged_at is None:
            batches.mark_purged(session, batch_id, at=now)
            audit.add(session, by, "purge", "batch", batch_id, at=now)
    remove_files(open_depot(settings), batch.name)
    return batch
