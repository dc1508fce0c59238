"""The pages of a piece as pictures, for people who look before they print."""

import io
from dataclasses import dataclass
from typing import Any

from service.errors import NotFound
from service.files.pages import draw_page
from service.publish.depot import Depot, open_depot
from service.publish.package import read_manifest
from service.publish.pickup import fetchable_files
from service.settings import Settings
from service.store import batches
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class PrintedPiece:
    """A piece of a package by its sequence number: its file, and its pages there, from 0."""

    package: str
    file: str
    file_bytes: int
    seq: int
    last_seq: int
    first_page: int
    pages: int


def find_piece(database: Database, batch_id: int, seq: int) -> PrintedPiece:
    """Where a piece is. Raises NotFound for a batch whose files are gone, or a number without."""
    with database.read() as session:
        batch = batches.get(session, batch_id)
    if batch is None or not fetchable_files(batch):
        raise NotFound("There is no such batch, or its files were removed.")
    for file in read_manifest(batch.manifest)["files"]:
        if file.get("first_seq", seq + 1) <= seq <= file.get("last_seq", -1):
            pages = file["pages"] // file["pieces"]
            first = (seq - file["first_seq"]) * pages
            return PrintedPiece(
                batch.name, file["name"], file["bytes"], seq, batch.pieces, first, pages
            )
    raise NotFound(f"There is no piece {seq} in this batch.")


def picture_page(settings: Settings, piece: PrintedPiece, page: int) -> bytes:
    """A page of a piece (from 0) as PNG. Raises NotFound.

    Of a file in an object store only what the page needs is read.
    """
    if not 0 <= page < piece.pages:
        raise NotFound("This piece has no such page.")
    depot = open_depot(settings)
    path = depot.local_path(piece.package, piece.file)
    if path is not None and not path.is_file():
        raise NotFound("This batch has no such file.")
    source = path or io.BufferedReader(_StoredPdf(depot, piece))
    return draw_page(source, piece.first_page + page)


class _StoredPdf(io.RawIOBase):
    """A file of a depot that is read in ranges."""

    def __init__(self, depot: Depot, piece: PrintedPiece) -> None:
        self._depot, self._piece, self._at = depot, piece, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; returns it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._piece.file_bytes}
        self._at = base[whence] + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from here on; how many bytes there were."""
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._piece.file_bytes)
        if end <= self._at:
            return 0
        found = self._depot.read(self._piece.package, self._piece.file, start=self._at, end=end)
        view[: len(found)] = found
        self._at += len(found)
        return len(found)
