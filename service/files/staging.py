"""The chunks of a file that was read and is not loaded yet: all but the first lie on disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from service.digests import file_digest
from service.errors import NotAccepted
from service.files.notes import Note, require_accepted
from service.files.report import LoadReport
from service.files.rows import ROW, Chunk


class StagedChunk(NamedTuple):
    """Rows, and how far in the file they reach."""

    rows: pl.DataFrame
    done: int
    total: int


@dataclass(slots=True)
class Staging:
    """Collects the chunks of a file while it is read, and what is to be said of it.

    A file is read to its end before anything of it is loaded, so that a person can be asked.
    """

    folder: Path
    report: LoadReport
    present: frozenset[str] = frozenset()
    _kept: list[tuple[pl.DataFrame | Path, int, int]] = field(default_factory=list)
    _refused: set[int] = field(default_factory=set)

    def add(self, chunk: Chunk, rows: pl.DataFrame | None = None) -> None:
        """Keep the rows of a chunk, or `rows` in their place, and count its faults."""
        self.report.read += chunk.rows.height + chunk.refused
        self.report.refuse(chunk.problems, chunk.refused)
        self.report.notes.extend(chunk.notes)
        self.present = chunk.present
        kept: pl.DataFrame | Path = chunk.rows if rows is None else rows
        if self._kept:
            path = self.folder / str(len(self._kept))
            kept.write_ipc(path)  # type: ignore[union-attr]
            kept = path
        self._kept.append((kept, chunk.done, chunk.total))

    def drop(self, numbers: Iterable[int]) -> None:
        """Leave rows out that turned out to be faulty once the whole file was read."""
        self._refused.update(numbers)

    def chunks(self) -> Iterator[StagedChunk]:
        """The rows, chunk by chunk as they were read."""
        for kept, done, total in self._kept:
            frame = kept if isinstance(kept, pl.DataFrame) else pl.read_ipc(kept)
            if self._refused:
                frame = frame.filter(~pl.col(ROW).is_in(self._refused))
            yield StagedChunk(frame, done, total)

    def ask(self, text: str) -> None:
        """Note what a person must accept before anything is loaded."""
        self.report.notes.append(Note(text, asks=True))

    def require_accepted(self, path: Path, accept: str) -> None:
        """Raise NotAccepted unless the notes that ask are accepted by `accept`."""
        if any(note.asks for note in self.report.notes):
            try:
                require_accepted(str(path), file_digest(path), self.report.notes, accept)
            except NotAccepted as error:
                # What would be refused is part of what a person decides on.
                error.problems = tuple(self.report.problems)
                raise


@contextmanager
def staging() -> Iterator[Staging]:
    """A place for the chunks of one file; it is emptied at the end."""
    with TemporaryDirectory(prefix="larder-load-") as folder:
        yield Staging(Path(folder), LoadReport())
