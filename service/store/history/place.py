"""Where the files of history lie: a folder, or an object store that fsspec supports."""

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import polars as pl
from sqlmodel import Session

from service.errors import Misconfigured
from service.store.tables.history import HistoryFile

UNFINISHED = ".part"
_LISTED: dict[str, tuple[float, dict[str, int]]] = {}
"""When object stores were listed, and what was there."""


class Place:
    """A place of files that are written whole, once, and never changed.

    `address` is a folder or `scheme://...`. Raises Misconfigured for one that cannot be used.
    """

    def __init__(self, address: str) -> None:
        if not address:
            raise Misconfigured("History was sealed, and nothing says where: LARDER_HISTORY_STORE.")
        self._files: Any = None
        self._folder = Path(address)
        self._root = address.rstrip("/")
        if "://" in address:
            try:
                found = fsspec.core.url_to_fs(address, use_listings_cache=False)
            except (ImportError, ValueError) as error:
                raise Misconfigured(
                    f"LARDER_HISTORY_STORE cannot be used: {error}. For s3:// install larder[s3]."
                ) from error
            self._files, root = found
            self._root = root.rstrip("/")

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole and, in a folder, so that a power cut does not undo it."""
        if self._files is not None:
            self._files.pipe_file(f"{self._root}/{path}", content)
            return
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + UNFINISHED)
        with unfinished.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(target)
        for folder in (target.parent, self._folder):
            held = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(held)
            finally:
                os.close(held)

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError."""
        if self._files is None:
            return (self._folder / path).read_bytes()
        content: bytes = self._files.cat_file(f"{self._root}/{path}")
        return content

    def sizes(self, *, listed_within: float = 0) -> dict[str, int]:
        """The bytes of every file by its path; of an object store as listed within some seconds."""
        if self._files is None:
            found = (each for each in self._folder.rglob("*") if each.is_file())
            return {each.relative_to(self._folder).as_posix(): each.stat().st_size
                    for each in found}  # fmt: skip
        at, sizes = _LISTED.get(self._root, (0.0, {}))
        if at and time.monotonic() - at < listed_within:
            return sizes
        try:
            there = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            there = {}
        sizes = {
            path.removeprefix(f"{self._root}/"): int(said["size"]) for path, said in there.items()
        }
        _LISTED[self._root] = (time.monotonic(), sizes)
        return sizes

    def remove(self, path: str) -> None:
        """Remove a file, if it is there, and its month with its last one."""
        if self._files is not None:
            if self._files.exists(f"{self._root}/{path}"):
                self._files.rm_file(f"{self._root}/{path}")
            return
        target = self._folder / path
        target.unlink(missing_ok=True)
        if target.parent != self._folder and target.parent.is_dir():
            with os.scandir(target.parent) as left:
                is_empty = next(left, None) is None
            if is_empty:
                target.parent.rmdir()

    def older(self, than: datetime) -> Iterator[str]:
        """The paths of all files last written before a moment, unfinished ones too."""
        if self._files is None:
            for found in sorted(self._folder.rglob("*")):
                at = datetime.fromtimestamp(found.stat().st_mtime, UTC)
                if found.is_file() and at < than:
                    yield found.relative_to(self._folder).as_posix()
            return
        try:
            there = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return
        for path, said in sorted(there.items()):
            # What the drivers of object stores call it.
            written = said.get("LastModified") or said.get("created")
            if isinstance(written, datetime) and written < than:
                yield path.removeprefix(f"{self._root}/")

    def scan(self, file: HistoryFile) -> pl.LazyFrame:
        """A file as a frame, read as far as is asked for.

        Raises Misconfigured when it is missing, or not what was written: told by its SHA-256, which
        is taken once a process and state of the file.
        """
        try:
            if self._files is None:
                path = self._folder / file.path
                stat = path.stat()
                digest = _digest(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
                source: Any = path
            else:
                source = self.read(file.path)
                digest = hashlib.sha256(source).hexdigest()
        except FileNotFoundError:
            raise _damaged(file, "is missing") from None
        if digest != file.sha256:
            raise _damaged(file, "is not what was written")
        return pl.scan_parquet(source)


@lru_cache(maxsize=65_536)
def _digest(path: str, _size: int, _modified: int, _inode: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(file: HistoryFile, what: str) -> Misconfigured:
    return Misconfigured(
        f"The history file {file.path} {what}: what was bought then cannot be read. Bring it back "
        "from a backup; `larder history verify` names each such file."
    )


def folders(address: str) -> list[Path]:
    """The folder on a disk of this machine that an address names; none for an object store."""
    return [] if "://" in address else [Path(address)]


def place_of(session: Session) -> Place:
    """The place that the session's database was opened with."""
    return Place(session.info.get("history", ""))


def a_day_before(now: datetime) -> datetime:
    """Whoever reads a file that was replaced, or writes one that is not named yet, is done."""
    return now - timedelta(days=1)
