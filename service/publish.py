"""Print a cycle's lists into a package that the mailing house picks up."""

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service import layouts
from service.engine.records import ListDocument, Mailpiece
from service.engine.render import Checker, Layout, PiecePages, render_batch
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.settings import Settings
from service.store import batches, cycles, households, lists
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState, Cycle

Progress = Callable[[str, int, int], None]

READY = ".ready"
_MANIFEST = "manifest.json"
_SORT_KEY = "country,postcode,city,street,name"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A published batch. `not_mailed` lists have no consent to mail or no address."""

    batch_id: int
    name: str
    folder: str
    pieces: int
    pages: int
    not_mailed: int


def publish(
    database: Database, settings: Settings, cycle_id: int, *, progress: Progress
) -> BatchReport:
    """Print the lists of a cycle; publishing one again gives the batch that is there.

    A file is written as `.part` and renamed when it is whole; the `.ready` marker comes last, so
    a killed run leaves nothing that looks finished, and running it again makes it anew with the
    same bytes. What carries the marker is never written again. Raises NotFound without the
    cycle, Conflict when no list of it can be mailed, InvalidInput naming every list and element
    that does not fit.
    """
    layout = layouts.load(settings.layout)
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound(f"There is no cycle {cycle_id}.")
        earlier = batches.of_cycle(session, cycle_id)
        issued = lists.of_cycle(session, cycle_id)
        made = lists.count_of_cycle(session, cycle_id)
        addresses = households.mailable(session, [household_id for household_id, _ in issued])
    if earlier is not None and earlier.state == BatchState.READY:
        return _report(settings, earlier, not_mailed=made - earlier.pieces)
    if earlier is not None and (settings.output_folder / earlier.name / READY).is_file():
        return _ready(database, settings, earlier, made)
    pieces = _pieces(cycle, issued, addresses)
    if not pieces:
        raise Conflict(f"No list of cycle {cycle_id} can be mailed: no consent or no address.")
    _check(pieces, layout, progress)
    batch = earlier or _begin(database, settings, cycle, len(pieces))
    folder = settings.output_folder / batch.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files, placed = _print(settings, batch, pieces, layout, folder, progress)
    piece_file = f"{batch.name}.csv"
    _write(folder / piece_file, _piece_csv(pieces, placed))
    manifest = {
        "schema": "larder-batch-1",
        "job": batch.name,
        "revision": batch.revision,
        "envelope_profile": layout.window.name if layout.window else None,
        "files": [*files, _described(folder / piece_file)],
        "total_pieces": len(pieces),
        "sort_key": _SORT_KEY,
        "mail_date": cycle.valid_from.isoformat(),
    }
    _write(folder / _MANIFEST, f"{json.dumps(manifest, indent=2)}\n".encode())
    _write(folder / READY, b"")
    return _ready(database, settings, batch, made)


def batch_file(settings: Settings, batch: Batch, name: str) -> tuple[Path, str]:
    """The path and the SHA-256 of a file of a ready batch. Raises NotFound for any other name."""
    known = {file["name"]: file["sha256"] for file in json.loads(batch.manifest).get("files", [])}
    known[_MANIFEST] = hashlib.sha256(batch.manifest.encode()).hexdigest()
    path = settings.output_folder / batch.name / name
    if batch.state != BatchState.READY or name not in known or not path.is_file():
        raise NotFound("This batch has no such file.")
    return path, known[name]


def _ready(database: Database, settings: Settings, batch: Batch, made: int) -> BatchReport:
    """Write down what the folder holds, now that its marker is there."""
    text = (settings.output_folder / batch.name / _MANIFEST).read_text(encoding="utf-8")
    manifest = json.loads(text)
    batch.state = BatchState.READY
    batch.pieces = manifest["total_pieces"]
    batch.pages = sum(file.get("pages", 0) for file in manifest["files"])
    batch.manifest = text
    batch.published_at = datetime.now(UTC)
    with database.write() as session:
        batches.save(session, session.merge(batch))
    return _report(settings, batch, not_mailed=made - batch.pieces)


def _report(settings: Settings, batch: Batch, *, not_mailed: int) -> BatchReport:
    folder = str(settings.output_folder / batch.name)
    return BatchReport(batch.id or 0, batch.name, folder, batch.pieces, batch.pages, not_mailed)


def _pieces(
    cycle: Cycle, issued: Sequence[tuple[int, str]], addresses: dict[int, Any]
) -> list[Mailpiece]:
    """The mailable lists in postal order, numbered from 1."""
    found = [
        (addresses[household_id], household_id, document)
        for household_id, document in issued
        if household_id in addresses and _deliverable(addresses[household_id])
    ]
    found.sort(key=lambda f: (f[0].country, f[0].postcode, f[0].city, f[0].street, f[0].name, f[1]))
    return [
        Mailpiece(
            piece_id=f"{cycle.as_of:%Y%m%d}-{seq:07d}",
            seq=seq,
            address=address,
            document=ListDocument.from_json(document),
        )
        for seq, (address, _, document) in enumerate(found, start=1)
    ]


def _deliverable(address: Any) -> bool:
    return all((address.name, address.street, address.postcode, address.city, address.country))


def _check(pieces: Sequence[Mailpiece], layout: Layout, progress: Progress) -> None:
    """Find everything that cannot be printed before anything is."""
    checker = Checker(layout)
    problems: list[Problem] = []
    for number, piece in enumerate(pieces, start=1):
        problems.extend(checker.problems(piece))
        if number % 100 == 0 or number == len(pieces):
            progress("check", number, len(pieces))
    if problems:
        raise InvalidInput(f"{len(problems)} texts cannot be printed; no file was made.", problems)


def _begin(database: Database, settings: Settings, cycle: Cycle, pieces: int) -> Batch:
    batch = Batch(
        cycle_id=cycle.id or 0,
        revision=1,
        name=f"{settings.client}_lists_{cycle.as_of:%Y%m%d}_v1",
        state=BatchState.RENDERING,
        pieces=pieces,
        pages=0,
        manifest="{}",
    )
    with database.write() as session:
        return batches.save(session, batch)


def _print(
    settings: Settings,
    batch: Batch,
    pieces: Sequence[Mailpiece],
    layout: Layout,
    folder: Path,
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[tuple[str, PiecePages]]]:
    per_file = settings.pieces_per_file
    parts = [pieces[start : start + per_file] for start in range(0, len(pieces), per_file)]
    stem, _, revision = batch.name.rpartition("_")
    files: list[dict[str, Any]] = []
    placed: list[tuple[str, PiecePages]] = []
    for number, part in enumerate(parts, start=1):
        path = folder / f"{stem}_{number}of{len(parts)}_{revision}.pdf"
        unfinished = path.with_suffix(".pdf.part")
        with unfinished.open("wb") as out:
            pages = render_batch(
                part,
                layout,
                out,
                title=f"{settings.retailer} {batch.name}",
                language=settings.language,
                sender=settings.retailer,
            )
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
        placed.extend((path.name, page) for page in pages)
        files.append(
            {
                **_described(path),
                "pages": sum(page.page_to - page.page_from + 1 for page in pages),
                "pieces": len(part),
                "first_seq": part[0].seq,
                "last_seq": part[-1].seq,
            }
        )
        progress("print", part[-1].seq, len(pieces))
    return files, placed


def _piece_csv(pieces: Sequence[Mailpiece], placed: Sequence[tuple[str, PiecePages]]) -> bytes:
    out = io.StringIO(newline="")
    writer: csv.DictWriter[str] | None = None
    for piece, (file, pages) in zip(pieces, placed, strict=True):
        row = {
            "piece_id": piece.piece_id,
            "seq": piece.seq,
            "pdf": file,
            "pdf_page_from": pages.page_from,
            "pdf_page_to": pages.page_to,
            "sheets": pages.sheets,
            "sort_bundle": f"{piece.address.country}-{piece.address.postcode}",
            **asdict(piece.address),
        }
        if writer is None:
            writer = csv.DictWriter(out, fieldnames=list(row), lineterminator="\r\n")
            writer.writeheader()
        writer.writerow(row)
    return out.getvalue().encode()


def _described(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(path)
