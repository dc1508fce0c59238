"""Pickup: the mailing house fetches the files of a package and confirms that it has them all."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.errors import Conflict, NotFound
from service.notice import Notice
from service.publish import depot as depots
from service.publish.package import MANIFEST, read_manifest
from service.settings import Settings
from service.store import audit, batches
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState

_REMOVED = Notice("purged")


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of a package that can be fetched."""

    name: str
    size: int
    sha256: str
    folder: str
    depot: depots.Depot

    @property
    def path(self) -> Path | None:
        """Its path when the depot is a local folder; else None."""
        return self.depot.local_path(self.folder, self.name)

    def chunks(self, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end` in chunks of bounded size."""
        return depots.read_chunks(self.depot, self.folder, self.name, start=start, end=end)


def fetchable_files(batch: Batch) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of the files of a batch by name; empty when it cannot be fetched."""
    if batch.state != BatchState.READY or batch.purged_at is not None:
        return {}
    content = batch.manifest.encode()
    files = read_manifest(batch.manifest).get("files", [])
    return {
        **{file["name"]: (file["bytes"], file["sha256"]) for file in files},
        MANIFEST: (len(content), hashlib.sha256(content).hexdigest()),
    }


def fetch(
    database: Database, settings: Settings, batch_id: int, name: str, *, for_print: bool
) -> PackageFile:
    """A file of a ready batch. Raises NotFound for any other batch or name.

    With `for_print`, fetching the first PDF file is the pickup: the house then has list codes, so
    the batch can no longer be voided or replaced.
    """
    with database.read() as session:
        batch = batches.get(session, batch_id)
    known = fetchable_files(batch) if batch is not None else {}
    if batch is None or name not in known:
        raise NotFound("This batch has no such file.")
    if for_print and name.endswith(".pdf") and batch.picked_up_at is None:
        with database.write() as session:
            if not batches.pick_up(session, batch_id, at=datetime.now(UTC)):
                raise NotFound("This batch has no such file.")
    size, sha256 = known[name]
    found = PackageFile(name, size, sha256, batch.name, depots.open_depot(settings))
    if found.path is not None and not found.path.is_file():
        raise NotFound("This batch has no such file.")
    return found


def confirm_receipt(database: Database, batch_id: int, *, by: Actor = SERVICE) -> Batch:
    """Record that the mailing house has the whole package; a second time changes nothing.

    Raises NotFound when there is no such batch, Conflict when it cannot be fetched.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        batch = batches.lock(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.received_at is not None:
            return batch
        if not batches.pick_up(session, batch_id, at=now):
            raise Conflict(
                "Batch %(batch)s cannot be picked up: it is %(state)s.",
                batch=batch_id,
                state=_REMOVED if batch.purged_at is not None else BatchState(batch.state),
            )
        batch.picked_up_at = batch.picked_up_at or now
        batch.received_at = now
        audit.add(session, by, "confirm_receipt", "batch", batch_id, at=now)
        return batches.save(session, batch)
