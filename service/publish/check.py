"""Checks a whole package: each file against the manifest, each page as a house would read it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.publish.depot import Depot, describe, open_depot, read_chunks
from service.publish.package import Progress, read_manifest
from service.publish.pickup import fetchable_files
from service.publish.verify import verify
from service.settings import Settings
from service.store import batches
from service.store.session import Database

_PRINT_IT_AGAIN = "print the batch again as its next revision"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A package without a fault: its files, and the pieces whose pages were all read back."""

    batch_id: int
    files: int
    pieces: int
    pages: int


def check_batch(
    database: Database, settings: Settings, batch_id: int, *, progress: Progress
) -> CheckReport:
    """Read back every file of a package: its digest, and of every piece its code, fonts and places.

    Raises NotFound when there is no such batch, Conflict when its files cannot be fetched, and
    InvalidInput with every fault that was found.
    """
    with database.read() as session:
        batch = batches.get(session, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    if not fetchable_files(batch):
        raise Conflict("Batch %(batch)s has no files that could be fetched.", batch=batch_id)
    depot = open_depot(settings)
    files = read_manifest(batch.manifest)["files"]
    problems: list[Problem] = []
    done = 0
    for file in files:
        faults = _digest_faults(depot, batch.name, file)
        problems += faults
        if "first_seq" not in file or faults:
            continue
        with database.read() as session:
            codes = batches.codes(session, batch_id, file["first_seq"], file["last_seq"])
        problems += _page_faults(
            depot, batch.name, file["name"], codes, progress=progress, done=done, total=batch.pieces
        )
        done += len(codes)
    if problems:
        raise InvalidInput("%(name)s is not fit to be mailed.", problems, name=batch.name)
    return CheckReport(batch_id, len(files), batch.pieces, batch.pages)


def _digest_faults(depot: Depot, folder: str, file: dict[str, Any]) -> list[Problem]:
    try:
        found = describe(depot, folder, file["name"])
    except FileNotFoundError:
        return [Problem(file["name"], "is not there", _PRINT_IT_AGAIN)]
    if (found.bytes, found.sha256) == (file["bytes"], file["sha256"]):
        return []
    detail = f"has {found.bytes} bytes and another SHA-256 than the manifest says"
    return [Problem(file["name"], detail, _PRINT_IT_AGAIN)]


def _page_faults(
    depot: Depot,
    folder: str,
    name: str,
    codes: Sequence[str],
    *,
    progress: Progress,
    done: int,
    total: int,
) -> Sequence[Problem]:
    with _on_disk(depot, folder, name) as path:
        verdict = verify(
            path, expected=codes, progress=lambda checked: progress("check", done + checked, total)
        )
    return verdict.problems


@contextmanager
def _on_disk(depot: Depot, folder: str, name: str) -> Iterator[Path]:
    """The path of a file; of one in an object store, that of a copy."""
    path = depot.local_path(folder, name)
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="larder-check-") as copies:
        copy = Path(copies) / name
        with copy.open("wb") as out:
            for chunk in read_chunks(depot, folder, name):
                out.write(chunk)
        yield copy
