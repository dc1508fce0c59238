"""The files of a package: parts, piece file, what was left out, manifest, marker."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from service.engine.records import Mailpiece
from service.engine.render import Checker, Layout, PiecePages, render_batch
from service.errors import InvalidInput, LarderError, Problem
from service.publish.addresses import ADDRESS
from service.publish.choice import SORT_KEY, Choice, mailpieces
from service.publish.depot import READY, Depot, Stored, put_bytes, stored
from service.settings import Settings
from service.store.session import Database

MANIFEST = "manifest.json"
Progress = Callable[[str, int, int], None]
Proof = Callable[[Path, Sequence[str]], None]
"""Reads a printed file back, given its list codes in order; raises when it may not go out."""


@dataclass(frozen=True, slots=True)
class Job:
    """One package to be written: its name, what is in it, and how it is printed."""

    name: str
    revision: int
    mail_date: str
    choice: Choice
    layout: Layout

    def parts(self, per_file: int) -> list[tuple[str, pl.DataFrame]]:
        """The PDF files and the pieces of each."""
        pieces = self.choice.pieces
        stem, _, revision = self.name.rpartition("_")
        count = -(-pieces.height // per_file)
        return [
            (f"{stem}_{number}of{count}_{revision}.pdf", part)
            for number, part in enumerate(pieces.iter_slices(per_file), start=1)
        ]


def check(
    database: Database, settings: Settings, job: Job, *, done: Iterable[str], progress: Progress
) -> None:
    """Find everything that cannot be printed before anything is; parts in `done` are known good.

    Raises InvalidInput naming every list and element.
    """
    checker = Checker(job.layout, sender=settings.retailer, departments=settings.walking_order)
    problems: list[Problem] = []
    for name, part in job.parts(settings.pieces_per_file):
        if name in done:
            continue
        for piece, found in checker.check_all(mailpieces(database, part)):
            problems.extend(found)
            if piece.seq % 100 == 0 or piece.seq == job.choice.pieces.height:
                progress("check", piece.seq, job.choice.pieces.height)
    if problems:
        raise InvalidInput(f"{len(problems)} texts cannot be printed; no file was made.", problems)


def write(
    database: Database,
    settings: Settings,
    job: Job,
    depot: Depot,
    *,
    progress: Progress,
    proof: Proof | None = None,
) -> None:
    """Write what is missing of a package, the marker last.

    A part that is there is whole and is kept; a file that does not belong is removed.
    """
    parts = job.parts(settings.pieces_per_file)
    names = [name for name, _ in parts]
    left = depot.files(job.name)
    for name in left.keys() - set(names):
        depot.remove(job.name, name)
    files: list[dict[str, Any]] = []
    rows: list[pl.DataFrame] = []
    for name, part in parts:
        if name in left:
            described = stored(depot, job.name, name)
            placed: Sequence[PiecePages] = _places(part, job.layout)
        else:
            described, placed = _print(
                database, settings, job, depot, name=name, part=part, proof=proof
            )
        rows.append(_located(name, part, placed))
        files.append(
            {
                **asdict(described),
                "pages": sum(place.page_to - place.page_from + 1 for place in placed),
                "pieces": part.height,
                "first_seq": part["seq"][0],
                "last_seq": part["seq"][-1],
            }
        )
        progress("print", part["seq"][-1], job.choice.pieces.height)
    for ending, content in (
        (".csv", _csv(pl.concat(rows))),
        ("_left_out.csv", _csv(job.choice.left_out)),
    ):
        files.append(asdict(put_bytes(depot, job.name, f"{job.name}{ending}", content)))
    _finish(job, depot, files)


def read_manifest(text: str) -> dict[str, Any]:
    """What a manifest says; the text itself is what is fetched, byte for byte."""
    said: dict[str, Any] = json.loads(text)
    return said


def _finish(job: Job, depot: Depot, files: list[dict[str, Any]]) -> None:
    """The manifest, and the marker once every file is there in full."""
    total = sum(file.get("pieces", 0) for file in files)
    manifest = {
        "schema": "larder-batch-1",
        "job": job.name,
        "revision": job.revision,
        "envelope_profile": job.layout.window.name if job.layout.window else None,
        "files": files,
        "total_pieces": total,
        "sort_key": SORT_KEY,
        "mail_date": job.mail_date,
    }
    content = f"{json.dumps(manifest, indent=2)}\n".encode()
    put_bytes(depot, job.name, MANIFEST, content)
    there = depot.files(job.name)
    wanted = {file["name"]: file["bytes"] for file in files} | {MANIFEST: len(content)}
    if there != wanted or total != job.choice.pieces.height:
        raise LarderError(f"The package {job.name} is not whole; it was not marked as ready.")
    put_bytes(depot, job.name, READY, b"")


def _print(
    database: Database,
    settings: Settings,
    job: Job,
    depot: Depot,
    *,
    name: str,
    part: pl.DataFrame,
    proof: Proof | None,
) -> tuple[Stored, Sequence[PiecePages]]:
    codes: list[str] = []

    def printed() -> Iterator[Mailpiece]:
        for piece in mailpieces(database, part):
            codes.append(piece.document.list_code)
            yield piece

    return depot.put(
        job.name,
        name,
        lambda out: render_batch(
            printed(),
            job.layout,
            out,
            title=f"{settings.retailer} {job.name}",
            language=settings.language,
            sender=settings.retailer,
            departments=settings.walking_order,
        ),
        proof=None if proof is None else lambda path: proof(path, codes),
    )


def _places(part: pl.DataFrame, layout: Layout) -> list[PiecePages]:
    """Where the pieces of a part that was printed before lie: every piece has all the pages."""
    return [
        PiecePages(
            piece_id, seq, number * layout.pages + 1, (number + 1) * layout.pages, layout.sheets
        )
        for number, (piece_id, seq) in enumerate(part.select("piece_id", "seq").iter_rows())
    ]


def _located(name: str, part: pl.DataFrame, placed: Sequence[PiecePages]) -> pl.DataFrame:
    """The rows of the piece file for one part."""
    places = pl.DataFrame(
        [(name, page.page_from, page.page_to, page.sheets) for page in placed],
        schema={
            "pdf": pl.String,
            "pdf_page_from": pl.Int64,
            "pdf_page_to": pl.Int64,
            "sheets": pl.Int64,
        },
        orient="row",
    )
    return pl.concat([part, places], how="horizontal").select(
        "piece_id",
        "seq",
        "pdf",
        "pdf_page_from",
        "pdf_page_to",
        "sheets",
        pl.format("{}-{}", "country", "postcode").alias("sort_bundle"),
        *ADDRESS,
        "carrier_order",
    )


def _csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv(line_terminator="\r\n").encode()
