"""Writes the files of a package: PDFs, piece file, file of lists left out, manifest, marker."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from service.engine.records import Address
from service.engine.render import (
    Layout,
    PiecePages,
    PostalBarcode,
    place_pieces,
)
from service.engine.render.standard import Conformance
from service.errors import Conflict, LarderError
from service.files.csv_cells import to_csv
from service.files.postal_barcode import barcode_of
from service.notice import Count
from service.publish.addresses import ADDRESS, OWN_AFFAIRS
from service.publish.choice import SORT_KEY, Choice
from service.publish.depot import READY, Depot, describe, put_bytes
from service.publish.parts import Check, Found, Print, Printed, Proof
from service.publish.verify import read_print_info
from service.settings import Settings
from service.store.parts import each_part
from service.store.session import Database

MANIFEST = "manifest.json"
_INKS = ("print_inks", "print_spot", "print_colours")
LEFT_OUT = "left_out"
"""The depot's folder of tables for the retailer alone, one a package; no house can fetch them."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Package:
    """A package to write: its name, its contents and how it looks. `mail_date` is an ISO date."""

    name: str
    revision: int
    mail_date: str
    choice: Choice
    layout: Layout
    conformance: Conformance

    def digest(self, settings: Settings) -> str:
        """A digest of everything the files are made of: equal digests mean equal files."""
        conformance = self.conformance
        condition = conformance.condition
        press = [
            conformance.standard.value,
            str(conformance.made_on),
            str(conformance.bleed_pt),
            hashlib.sha256(condition.profile if condition else b"").hexdigest(),
            *(str(getattr(settings, name)) for name in _INKS),
        ]
        return self.choice.digest(settings, [self.name, self.layout.name, *press])

    def parts(self, per_file: int) -> list[tuple[str, pl.DataFrame]]:
        """The names of the PDF files with the pieces of each, at most `per_file`."""
        pieces = self.choice.pieces
        stem, _, revision = self.name.rpartition("_")
        count = -(-pieces.height // per_file)
        return [
            (f"{stem}_{number}of{count}_{revision}.pdf", part)
            for number, part in enumerate(pieces.iter_slices(per_file), start=1)
        ]


def find_unprintable(
    database: Database, settings: Settings, choice: Choice, *, progress: Progress
) -> Found:
    """The lists that cannot be printed. All are set as they are printed, before anything is."""
    found: Found = {}
    checked = 0
    for _, (pieces, problems) in each_part(database, settings, Check.each_of(choice.pieces)):
        checked += pieces
        found |= problems
        progress("check", checked, choice.pieces.height)
    return found


def write_package(
    database: Database,
    settings: Settings,
    package: Package,
    depot: Depot,
    *,
    progress: Progress,
    proof: Proof | None = None,
) -> None:
    """Write the missing files of a package, the marker last.

    PDF files that exist are complete and stay; files that do not belong to it are removed.
    """
    parts = package.parts(settings.pieces_per_file)
    names = [name for name, _ in parts]
    existing = depot.files(package.name)
    for name in existing.keys() - set(names):
        depot.remove(package.name, name)
    barcode = barcode_of(settings)
    missing = [(name, part) for name, part in parts if name not in existing]
    tasks = [Print(package.name, name, part, package.conformance, proof) for name, part in missing]
    total = package.choice.pieces.height
    done = total - sum(part.height for _, part in missing)
    printed: dict[str, Printed] = {}
    for place, made in each_part(database, settings, tasks):
        name, part = missing[place]
        printed[name] = made
        done += part.height
        progress("print", done, total)
    files: list[dict[str, Any]] = []
    rows: list[pl.DataFrame] = []
    for name, part in parts:
        file, placed = printed.get(name) or _printed_before(depot, package, name=name, part=part)
        rows.append(_piece_rows(name, part, placed, barcode))
        files.append(
            {
                **asdict(file),
                "pages": sum(place.page_to - place.page_from + 1 for place in placed),
                "pieces": part.height,
                "first_seq": part["seq"][0],
                "last_seq": part["seq"][-1],
            }
        )
    left_out, bom = package.choice.left_out, settings.piece_file_bom
    own = left_out.select("household_id", "piece_id", "reason", "duplicate_of", "detail")
    put_bytes(depot, LEFT_OUT, f"{package.name}.csv", to_csv(own, bom=bom))
    for ending, content in (
        (".csv", to_csv(pl.concat(rows), bom=bom)),
        ("_left_out.csv", to_csv(_for_the_house(left_out), bom=bom)),
    ):
        files.append(asdict(put_bytes(depot, package.name, f"{package.name}{ending}", content)))
    _write_manifest(package, depot, files)


def require_serials(pieces: pl.DataFrame, barcode: PostalBarcode | None) -> None:
    """Raises Conflict when two letters would have the same number in the barcode of the post."""
    if barcode is None:
        return
    told_apart = (pieces["list_id"] % barcode.serials).n_unique()
    if told_apart < pieces.height:
        raise Conflict(
            "The postal barcode tells %(most)s letters apart, and %(number)s are to be "
            "mailed: two would have the same number. Use a shorter mailer id.",
            most=Count(barcode.serials),
            number=Count(pieces.height),
        )


def remove_files(depot: Depot, name: str) -> None:
    """Remove the files of a package, and the retailer's own table of what it left out."""
    depot.clear(name)
    depot.remove(LEFT_OUT, f"{name}.csv")


def _for_the_house(left_out: pl.DataFrame) -> pl.DataFrame:
    """What the house may know of what was left out: pieces, and nothing of who refused mail."""
    own = [reason.value for reason in OWN_AFFAIRS]
    pieces = left_out.filter((pl.col("piece_id") != "") & ~pl.col("reason").is_in(own))
    return pieces.select("piece_id", "reason", pl.col("duplicate_piece").alias("duplicate_of"))


def read_manifest(text: str) -> dict[str, Any]:
    """The contents of a manifest. Houses fetch the text itself, byte for byte."""
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def _write_manifest(package: Package, depot: Depot, files: list[dict[str, Any]]) -> None:
    """Write the manifest, and the marker when every file is complete."""
    total = sum(file.get("pieces", 0) for file in files)
    manifest = {
        "schema": "larder-batch-1",
        "job": package.name,
        "revision": package.revision,
        "envelope_profile": package.layout.window.name if package.layout.window else None,
        "files": files,
        "total_pieces": total,
        "sort_key": SORT_KEY,
        "mail_date": package.mail_date,
    }
    content = f"{json.dumps(manifest, indent=2)}\n".encode()
    put_bytes(depot, package.name, MANIFEST, content)
    found = depot.files(package.name)
    wanted = {file["name"]: file["bytes"] for file in files} | {MANIFEST: len(content)}
    if found != wanted or total != package.choice.pieces.height:
        raise LarderError(f"The package {package.name} is not whole; it was not marked as ready.")
    put_bytes(depot, package.name, READY, b"")


def _printed_before(depot: Depot, package: Package, *, name: str, part: pl.DataFrame) -> Printed:
    """A PDF that is there already."""
    path = depot.local_path(package.name, name)
    file = path if path is not None else depot.read(package.name, name)
    info, _ = read_print_info(file, name)
    pieces = [*part.select("piece_id", "seq").iter_rows()]
    placed = place_pieces(pieces, info.page_counts, package.layout)
    return Printed(describe(depot, package.name, name), placed)


def _piece_rows(
    name: str, part: pl.DataFrame, placed: Sequence[PiecePages], barcode: PostalBarcode | None
) -> pl.DataFrame:
    """The rows of the piece file for one PDF; what a postal barcode says is their last column."""
    said = []
    if barcode is not None:
        contents = [
            barcode.content(Address(*address), serial)
            for serial, *address in part.select("list_id", *ADDRESS).iter_rows()
        ]
        said = [pl.Series("postal_barcode", contents, pl.String)]
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
        *said,
    )
