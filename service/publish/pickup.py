"""Pickup: the mailing house fetches the files of a package and says that it holds it whole."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.errors import Conflict, NotFound
from service.publish import depot as depots
from service.publish.package import MANIFEST, read_manifest
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that may be fetched: its size, its SHA-256, and where its bytes come from."""

    name: str
    size: int
    sha256: str
    folder: str
    depot: depots.Depot

    @property
    def path(self) -> Path | None:
        """Where it lies on this machine, if it does."""
        return self.depot.path(self.folder, self.name)

    def chunks(self, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, some at a time."""
        return depots.chunks(self.depot, self.folder, self.name, start=start, end=end)


def files_of(batch: Batch) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file of a batch that can be fetched; none of any other."""
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
) -> Fetched:
    """A file of a ready batch. Raises NotFound for any other name.

    Only PDF files have codes: with `for_print`, the first of them that is fetched is the pickup,
    after which the batch can neither be voided nor replaced.
    """
    with database.read() as session:
        batch = batches.get(session, batch_id)
    known = files_of(batch) if batch is not None else {}
    if batch is None or name not in known:
        raise NotFound("This batch has no such file.")
    if for_print and name.endswith(".pdf") and batch.picked_up_at is None:
        with database.write() as session:
            if not batches.pick_up(session, batch_id, at=datetime.now(UTC)):
                raise NotFound("This batch has no such file.")
    size, sha256 = known[name]
    found = Fetched(name, size, sha256, batch.name, depots.depot(settings))
    if found.path is not None and not found.path.is_file():
        raise NotFound("This batch has no such file.")
    return found


def receive(database: Database, batch_id: int) -> Batch:
    """The mailing house holds the whole package; saying it again changes nothing.

    Raises NotFound without the batch, Conflict when it cannot be fetched.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        batch = batches.held(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.received_at is not None:
            return batch
        if not batches.pick_up(session, batch_id, at=now):
            state = "purged" if batch.purged_at is not None else batch.state
            raise Conflict(f"Batch {batch_id} cannot be picked up: it is {state}.")
        batch.picked_up_at = batch.picked_up_at or now
        batch.received_at = now
        return batches.save(session, batch)
