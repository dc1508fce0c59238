"""Where packages are stored: a local folder, or an object store that fsspec supports.

A file is stored whole or not at all: in a folder it is written as `.part` and renamed; an object
store accepts whole files only. A package's marker is written last and removed first.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import fsspec  # type: ignore[import-untyped]

from service.errors import Misconfigured
from service.settings import Settings

READY = ".ready"
_CHUNK = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a depot: its name, its size and its SHA-256."""

    name: str
    bytes: int
    sha256: str


class Depot(Protocol):
    """A store of folders with files; each package has one folder."""

    def files(self, folder: str) -> dict[str, int]:
        """The complete files of a folder with their sizes; empty when there is no such folder."""
        ...

    def modified(self, folder: str) -> dict[str, datetime]:
        """When each file of a folder was written, as far as the store says so."""
        ...

    def put(
        self,
        folder: str,
        name: str,
        fill: Callable[[BinaryIO], T],
        *,
        proof: Callable[[Path], None] | None = None,
    ) -> tuple[StoredFile, T]:
        """Write a file whole, or not at all when `fill` raises; returns also what `fill` returned.

        `proof` gets the path of the written file before it has its name; by raising it refuses it.
        """
        ...

    def read(self, folder: str, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to `end`. Raises FileNotFoundError."""
        ...

    def remove(self, folder: str, name: str) -> None:
        """Remove a file, if it exists."""
        ...

    def clear(self, folder: str) -> None:
        """Remove a folder with its files, the marker first."""
        ...

    def display_name(self, folder: str) -> str:
        """The folder's path or address, to show to people."""
        ...

    def local_path(self, folder: str, name: str) -> Path | None:
        """The path of a file when the depot is a local folder; else None."""
        ...


def open_depot(settings: Settings) -> Depot:
    """The depot that the settings name. Raises Misconfigured when its driver is not installed."""
    if not settings.package_store:
        return LocalDepot(settings.output_folder)
    try:
        files, root = fsspec.core.url_to_fs(settings.package_store, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise Misconfigured(
            f"LARDER_PACKAGE_STORE cannot be used: {error}. For s3:// install larder[s3]."
        ) from error
    return ObjectDepot(files, root, settings.package_store)


def describe(depot: Depot, folder: str, name: str) -> StoredFile:
    """Read a file of a depot for its size and SHA-256. Raises FileNotFoundError."""
    digest, size = hashlib.sha256(), 0
    for chunk in read_chunks(depot, folder, name):
        digest.update(chunk)
        size += len(chunk)
    return StoredFile(name, size, digest.hexdigest())


def read_chunks(
    depot: Depot, folder: str, name: str, *, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Yield a file, or its bytes from `start` up to `end`, in read_chunks of bounded size."""
    at = start
    while end is None or at < end:
        upto = at + _CHUNK if end is None else min(at + _CHUNK, end)
        chunk = depot.read(folder, name, start=at, end=upto)
        if chunk:
            yield chunk
        at += len(chunk)
        if at < upto:
            return


def put_bytes(depot: Depot, folder: str, name: str, content: bytes) -> StoredFile:
    """Write a file with this content."""
    return depot.put(folder, name, lambda out: out.write(content))[0]


class LocalDepot:
    """A depot in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self, folder: str) -> dict[str, int]:
        """See `Depot`."""
        try:
            found = list(os.scandir(self._root / folder))
        except FileNotFoundError:
            return {}
        return {
            entry.name: entry.stat().st_size
            for entry in found
            if entry.is_file() and not entry.name.endswith(".part")
        }

    def modified(self, folder: str) -> dict[str, datetime]:
        """See `Depot`."""
        try:
            found = list(os.scandir(self._root / folder))
        except FileNotFoundError:
            return {}
        return {each.name: datetime.fromtimestamp(each.stat().st_mtime, UTC) for each in found}

    def put(
        self,
        folder: str,
        name: str,
        fill: Callable[[BinaryIO], T],
        *,
        proof: Callable[[Path], None] | None = None,
    ) -> tuple[StoredFile, T]:
        """See `Depot`."""
        target = self._root / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f"{name}.part")
        with unfinished.open("wb") as out:
            result = fill(out)
            out.flush()
            os.fsync(out.fileno())
        if proof is not None:
            proof(unfinished)
        described = _describe_local(unfinished, name)
        unfinished.replace(target)
        return described, result

    def read(self, folder: str, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        """See `Depot`."""
        with (self._root / folder / name).open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(max(end - start, 0))

    def remove(self, folder: str, name: str) -> None:
        """See `Depot`."""
        (self._root / folder / name).unlink(missing_ok=True)

    def clear(self, folder: str) -> None:
        """See `Depot`."""
        path = self._root / folder
        (path / READY).unlink(missing_ok=True)
        # Another process may be removing the same files.
        with suppress(FileNotFoundError):
            for each in list(path.iterdir()):
                each.unlink(missing_ok=True)
            path.rmdir()

    def display_name(self, folder: str) -> str:
        """See `Depot`."""
        return str(self._root / folder)

    def local_path(self, folder: str, name: str) -> Path | None:
        """See `Depot`."""
        return self._root / folder / name


class ObjectDepot:
    """A depot in an object store; folders are prefixes of object names."""

    def __init__(self, files: Any, root: str, url: str) -> None:
        self._files = files
        self._root = root.rstrip("/")
        self._url = url.rstrip("/")

    def files(self, folder: str) -> dict[str, int]:
        """See `Depot`."""
        try:
            found = self._files.ls(f"{self._root}/{folder}", detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        return {
            entry["name"].rsplit("/", 1)[-1]: entry["size"]
            for entry in found
            if entry["type"] == "file"
        }

    def modified(self, folder: str) -> dict[str, datetime]:
        """See `Depot`."""
        try:
            found = self._files.ls(f"{self._root}/{folder}", detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        # What the drivers of object stores call it.
        written = {
            entry["name"].rsplit("/", 1)[-1]: entry.get("LastModified") or entry.get("created")
            for entry in found
        }
        return {name: at for name, at in written.items() if isinstance(at, datetime)}

    def put(
        self,
        folder: str,
        name: str,
        fill: Callable[[BinaryIO], T],
        *,
        proof: Callable[[Path], None] | None = None,
    ) -> tuple[StoredFile, T]:
        """See `Depot`. The file is first written locally, so that a failure leaves no object."""
        with tempfile.TemporaryDirectory(prefix="larder-") as near:
            made = Path(near) / name
            with made.open("wb") as out:
                result = fill(out)
            if proof is not None:
                proof(made)
            described = _describe_local(made, name)
            self._files.put_file(str(made), f"{self._root}/{folder}/{name}")
        return described, result

    def read(self, folder: str, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        """See `Depot`."""
        path = f"{self._root}/{folder}/{name}"
        size = self._files.info(path, refresh=True)["size"]
        upto = size if end is None else min(end, size)
        if start >= upto:
            return b""
        content: bytes = self._files.cat_file(path, start=start, end=upto)
        return content

    def remove(self, folder: str, name: str) -> None:
        """See `Depot`."""
        path = f"{self._root}/{folder}/{name}"
        if self._files.exists(path):
            self._files.rm_file(path)

    def clear(self, folder: str) -> None:
        """See `Depot`."""
        for name in sorted(self.files(folder), key=lambda name: name != READY):
            self.remove(folder, name)

    def display_name(self, folder: str) -> str:
        """See `Depot`."""
        return f"{self._url}/{folder}"

    def local_path(self, folder: str, name: str) -> Path | None:  # noqa: ARG002
        """See `Depot`."""
        return None


def _describe_local(path: Path, name: str) -> StoredFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return StoredFile(name, path.stat().st_size, digest.hexdigest())
