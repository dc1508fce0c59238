"""The SFTP server for mailing houses: packages in `out/`, their acknowledgements in `ack/`.

Clients cannot reach the files of the machine: every path is looked up among the batches and the
files handed in. The keys in `authorized_keys` may log in; the file is read again for every
connection. There are no passwords, no shell and no forwarding.
"""

import asyncio
import logging
import posixpath
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

from service.errors import LarderError, NotFound
from service.meters import SFTP_BYTES
from service.publish import inbox, sftp_login
from service.publish.depot import READY, open_depot
from service.publish.pickup import PackageFile, fetch, fetchable_files
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from service.store.tables.cycle import Batch

logger = logging.getLogger("larder.sftp")

OUT, ACK = "out", inbox.FOLDER
_BLOCK = 1 << 20
_MAX_IN_MEMORY = 1 << 16
_MOST_WAITING = 16
"""Files that one client may have open or waiting for their own names."""
_MOST_OPEN = 16
"""Files that one client may read at once: of each, the block that was read last is kept."""
_TEMPORARY_SUFFIXES = (".part", ".filepart")
_MODES = {OUT: 0o555, ACK: 0o755}


async def listen(database: Database, settings: Settings) -> asyncssh.SSHAcceptor:
    """Apply waiting acknowledgements, then listen; the caller closes the acceptor."""
    waiting = await asyncio.to_thread(inbox.process_waiting, database, settings)
    for name in waiting:
        logger.info("%s was waiting and is taken in", name)
    acceptor = await asyncssh.listen(
        settings.sftp_host,
        settings.sftp_port,
        sftp_factory=partial(_PackageFiles, database=database, settings=settings),
        sftp_version=3,
        allow_scp=False,
        **sftp_login.options(settings.sftp_folder),
    )
    logger.info("SFTP listens on %s port %d", settings.sftp_host, acceptor.get_port())
    return acceptor


def serve(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Serve SFTP until `stop` is set."""

    async def run() -> None:
        acceptor = await listen(database, settings)
        await asyncio.to_thread(stop.wait)
        acceptor.close()
        await acceptor.wait_closed()

    asyncio.run(run())


@dataclass(slots=True)
class _OpenDownload:
    """A file that a client reads, with the block that was read last."""

    attrs: asyncssh.SFTPAttrs
    file: PackageFile | None = None
    content: bytes = b""
    start: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _OpenUpload:
    """A file that a client writes."""

    name: str
    content: SpooledTemporaryFile[bytes]
    size: int = 0
    refused: str = ""


class _PackageFiles(asyncssh.SFTPServer):
    """The files and folders that one client sees."""

    def __init__(
        self, chan: asyncssh.SSHServerChannel[bytes], *, database: Database, settings: Settings
    ) -> None:
        super().__init__(chan)
        self._database = database
        self._settings = settings
        self._uploads: list[_OpenUpload] = []
        self._unnamed: dict[str, _OpenUpload] = {}
        self._downloads = 0

    async def realpath(self, path: bytes) -> bytes:
        """The path without `..` and doubled slashes."""
        return ("/" + "/".join(_path_parts(path))).encode()

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """The attributes of a file or folder."""
        match _path_parts(path):
            case []:
                return _folder_attrs(0o555)
            case [(("out" | "ack") as root)]:
                return _folder_attrs(_MODES[root])
            case ["out", package]:
                return _folder_attrs(0o555, (await self._batch(package)).published_at)
            case ["out", package, name]:
                batch = await self._batch(package)
                return _file_attrs(_sizes(batch)[name], 0o444, batch.published_at)
            case ["ack", name]:
                size = (await self._ack_files())[name]
                return _file_attrs(size, 0o644, (await self._ack_dates()).get(name))
        raise asyncssh.SFTPNoSuchFile("there is no such file")

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """As `stat`: there are no links."""
        return await self.stat(path)

    async def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """The attributes of an open file."""
        if isinstance(file_obj, _OpenDownload):
            return file_obj.attrs
        assert isinstance(file_obj, _OpenUpload)
        return _file_attrs(file_obj.size, 0o644)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Yield the entries of a folder."""
        yield asyncssh.SFTPName(b".", attrs=await self.stat(path))
        yield asyncssh.SFTPName(b"..", attrs=_folder_attrs(0o555))
        match _path_parts(path):
            case []:
                found = {root: _folder_attrs(mode) for root, mode in _MODES.items()}
            case ["out"]:
                listed = await asyncio.to_thread(self._fetchable_batches)
                found = {batch.name: _folder_attrs(0o555, batch.published_at) for batch in listed}
            case ["out", package]:
                batch = await self._batch(package)
                found = {
                    name: _file_attrs(size, 0o444, batch.published_at)
                    for name, size in _sizes(batch).items()
                }
            case ["ack"]:
                dates = await self._ack_dates()
                found = {
                    name: _file_attrs(size, 0o644, dates.get(name))
                    for name, size in (await self._ack_files()).items()
                }
            case _:
                raise asyncssh.SFTPNoSuchFile("there is no such folder")
        for name, attrs in found.items():
            yield asyncssh.SFTPName(name.encode(), attrs=attrs)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Open a package's file to read, or a file in `ack/` to write."""
        parts = _path_parts(path)
        if pflags & asyncssh.FXF_WRITE:
            return self._begin_upload(parts)
        if self._downloads >= _MOST_OPEN:
            raise asyncssh.SFTPFailure(f"{_MOST_OPEN} files are open; close them first")
        # Before anything is waited for: what is asked for at once is counted at once.
        self._downloads += 1
        try:
            return await self._begin_download(parts)
        except BaseException:
            self._downloads -= 1
            raise

    async def _begin_download(self, parts: list[str]) -> _OpenDownload:
        match parts:
            case ["out", package, name] if name == READY:
                batch = await self._batch(package)
                return _OpenDownload(_file_attrs(_sizes(batch)[name], 0o444, batch.published_at))
            case ["out", package, name]:
                batch = await self._batch(package)
                found = await asyncio.to_thread(self._fetch_file, batch, name)
                return _OpenDownload(_file_attrs(found.size, 0o444, batch.published_at), found)
            case ["ack", name]:
                size = (await self._ack_files())[name]
                stored = PackageFile(name, size, "", ACK, open_depot(self._settings))
                return _OpenDownload(_file_attrs(size, 0o644), stored)
        raise asyncssh.SFTPNoSuchFile("there is no such file")

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read bytes of an open file; the depot is read in blocks of at least `_BLOCK`."""
        if not isinstance(file_obj, _OpenDownload):
            raise asyncssh.SFTPPermissionDenied("this file is being written")
        async with file_obj.turn:
            at = offset - file_obj.start
            length = len(file_obj.content)
            if file_obj.file is not None and not 0 <= at <= max(length - size, -1):
                reading = partial(_read_block, file_obj.file, offset, max(size, _BLOCK))
                file_obj.content = await asyncio.to_thread(reading)
                file_obj.start, at = offset, 0
            taken = file_obj.content[at : at + size]
            SFTP_BYTES.labels("out").inc(len(taken))
            return taken

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write bytes of a file that is handed in."""
        if not isinstance(file_obj, _OpenUpload):
            raise asyncssh.SFTPPermissionDenied("this file can only be read")
        most = self._settings.max_upload_bytes
        if offset + len(data) > most:
            file_obj.refused = f"the file is too large: more than {most:,} bytes; split it"
        elif self._waiting_bytes(file_obj, offset + len(data)) > 2 * most:
            file_obj.refused = (
                "too much waits for its name: rename what was handed in, or connect again"
            )
        if file_obj.refused:
            file_obj.content.truncate(0)
            file_obj.size = 0
            raise asyncssh.SFTPFailure(file_obj.refused)
        await asyncio.to_thread(_write_at, file_obj.content, offset, data)
        file_obj.size = max(file_obj.size, offset + len(data))
        SFTP_BYTES.labels("in").inc(len(data))
        return len(data)

    def _waiting_bytes(self, growing: _OpenUpload, end: int) -> int:
        """What all files take once this one reaches so far."""
        return sum(max(each.size, end) if each is growing else each.size for each in self._uploads)

    async def close(self, file_obj: object) -> None:
        """Apply a file handed in, unless its temporary name says that a rename will follow."""
        if not isinstance(file_obj, _OpenUpload):
            self._downloads -= 1
            return
        if file_obj.refused:
            self._drop(file_obj)
            raise asyncssh.SFTPFailure(f"{file_obj.refused}; nothing of it was taken in")
        if file_obj.name.endswith(_TEMPORARY_SUFFIXES):
            earlier = self._unnamed.pop(file_obj.name, None)
            if earlier is not None:
                self._drop(earlier)
            self._unnamed[file_obj.name] = file_obj
        else:
            await self._accept(file_obj.name, file_obj)

    def exit(self) -> None:
        """Forget the files that were never given their names."""
        for each in list(self._uploads):
            self._drop(each)

    def _drop(self, upload: _OpenUpload) -> None:
        upload.content.close()
        self._uploads.remove(upload)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Apply a file that was handed in under a temporary name and now gets its own."""
        match _path_parts(oldpath), _path_parts(newpath):
            case ["ack", temporary], ["ack", name] if temporary in self._unnamed:
                _require_name(name)
                await self._accept(name, self._unnamed.pop(temporary))
            case _:
                raise asyncssh.SFTPPermissionDenied("only a file being handed in is renamed")

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """As `rename`."""
        await self.rename(oldpath, newpath)

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Ignore the times and modes that clients set after an upload."""

    async def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""

    async def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""

    def _deny(self, *_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("that cannot be done here")

    remove = mkdir = rmdir = symlink = link = readlink = _deny  # type: ignore[assignment]
    statvfs = fstatvfs = lock = unlock = _deny  # type: ignore[assignment]

    def _begin_upload(self, parts: list[str]) -> _OpenUpload:
        if len(parts) != 2 or parts[0] != ACK:
            raise asyncssh.SFTPPermissionDenied("files can only be handed in to ack/")
        _require_name(
            parts[1].removesuffix(_TEMPORARY_SUFFIXES[0]).removesuffix(_TEMPORARY_SUFFIXES[1])
        )
        if len(self._uploads) >= _MOST_WAITING:
            raise asyncssh.SFTPFailure(
                f"{_MOST_WAITING} files wait for their names; rename them, or connect again"
            )
        spool = SpooledTemporaryFile(max_size=_MAX_IN_MEMORY)  # noqa: SIM115
        upload = _OpenUpload(parts[1], spool)
        self._uploads.append(upload)
        return upload

    async def _accept(self, name: str, upload: _OpenUpload) -> None:
        upload.content.seek(0)
        try:
            await asyncio.to_thread(
                inbox.accept_stream, self._database, self._settings, name, upload.content
            )
        except LarderError as error:
            logger.info("%s: %s", name, error.detail)
            raise asyncssh.SFTPFailure(_refusal(name, error)) from error
        finally:
            self._drop(upload)

    def _fetchable_batches(self) -> list[Batch]:
        with self._database.read() as session:
            return list(batches.fetchable(session))

    async def _batch(self, package: str) -> Batch:
        for batch in await asyncio.to_thread(self._fetchable_batches):
            if batch.name == package:
                return batch
        raise asyncssh.SFTPNoSuchFile("there is no such package")

    async def _ack_files(self) -> "_Sizes":
        return _Sizes(await asyncio.to_thread(open_depot(self._settings).files, ACK))

    async def _ack_dates(self) -> dict[str, datetime]:
        return await asyncio.to_thread(open_depot(self._settings).modified, ACK)

    def _fetch_file(self, batch: Batch, name: str) -> PackageFile:
        try:
            return fetch(self._database, self._settings, batch.id, name, for_print=True)
        except NotFound as error:
            raise asyncssh.SFTPNoSuchFile(error.detail) from error


class _Sizes(dict[str, int]):
    """Sizes by name; a missing name raises the error that SFTP has for it."""

    def __missing__(self, name: str) -> int:
        raise asyncssh.SFTPNoSuchFile(f"there is no file {name}")


def _path_parts(path: bytes) -> list[str]:
    """The parts of a path from the root, normalised."""
    whole = posixpath.normpath("/" + path.decode(errors="replace"))
    return [step for step in whole.split("/") if step]


def _require_name(name: str) -> None:
    if not inbox.NAME.fullmatch(name):
        raise asyncssh.SFTPPermissionDenied("hand in a file called NAME.csv")


def _read_block(file: PackageFile, start: int, size: int) -> bytes:
    return b"".join(file.chunks(start=start, end=min(start + size, file.size)))


def _sizes(batch: Batch) -> _Sizes:
    """The files of a package."""
    known = fetchable_files(batch)
    return _Sizes({name: size for name, (size, _) in known.items()} | {READY: 0})


def _write_at(file: SpooledTemporaryFile[bytes], offset: int, data: bytes) -> None:
    file.seek(offset)
    file.write(data)


def _refusal(name: str, error: LarderError) -> str:
    """What a client is told of a file that was refused: what is wrong, where, and what to do."""
    faults = "; ".join(map(str, error.problems[:3]))
    named = f"{error.detail.rstrip('.')}: {faults}" if faults else error.detail.rstrip(".")
    return f"{named}. See {name}{inbox.REPORT}"


def _folder_attrs(mode: int, modified: datetime | None = None) -> asyncssh.SFTPAttrs:
    return _attrs(FILEXFER_TYPE_DIRECTORY, 0, 0o40000 | mode, modified)


def _file_attrs(size: int, mode: int, modified: datetime | None = None) -> asyncssh.SFTPAttrs:
    return _attrs(FILEXFER_TYPE_REGULAR, size, 0o100000 | mode, modified)


def _attrs(kind: int, size: int, permissions: int, modified: datetime | None) -> asyncssh.SFTPAttrs:
    seconds = None if modified is None else int(modified.timestamp())
    return asyncssh.SFTPAttrs(
        type=kind, size=size, uid=0, gid=0, permissions=permissions, nlink=1,
        atime=seconds, mtime=seconds,
    )  # fmt: skip
