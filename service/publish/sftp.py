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
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

from service.errors import LarderError, NotFound
from service.publish import inbox
from service.publish.depot import READY, open_depot
from service.publish.pickup import PackageFile, fetch, fetchable_files
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from service.store.tables.cycle import Batch

logger = logging.getLogger("larder.sftp")

OUT, ACK = "out", inbox.FOLDER
_BLOCK = 1 << 20
_MAX_IN_MEMORY = 1 << 20
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
        server_factory=partial(_KeyLogin, settings.sftp_folder / "authorized_keys"),
        server_host_keys=[host_key(settings.sftp_folder)],
        sftp_factory=partial(_PackageFiles, database=database, settings=settings),
        sftp_version=3,
        allow_scp=False,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        agent_forwarding=False,
        x11_forwarding=False,
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


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The host key in `folder`; made when it is missing, readable by its owner only."""
    path = folder / "host_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519", comment="larder")
        unfinished = folder / "host_key.part"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(key.export_private_key())
        unfinished.replace(path)
        key.write_public_key(str(folder / "host_key.pub"))
    return asyncssh.read_private_key(str(path))


class _KeyLogin(asyncssh.SSHServer):
    """Admits clients with a key of `authorized_keys`, under any user name."""

    def __init__(self, allowed: Path) -> None:
        self._allowed = allowed
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection, which the keys are set on."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        """Read the keys again; without the file nobody can log in."""
        assert self._connection is not None
        try:
            self._connection.set_authorized_keys(str(self._allowed))
        except (OSError, ValueError) as error:
            logger.error("%s cannot be read: %s", self._allowed, error)
        return True


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
    refused: bool = False


class _PackageFiles(asyncssh.SFTPServer):
    """The files and folders that one client sees."""

    def __init__(
        self, chan: asyncssh.SSHServerChannel[bytes], *, database: Database, settings: Settings
    ) -> None:
        super().__init__(chan)
        self._database = database
        self._settings = settings
        self._unnamed: dict[str, bytes] = {}

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
                await self._batch(package)
                return _folder_attrs(0o555)
            case ["out", package, name]:
                return _file_attrs((await self._files(package))[name], 0o444)
            case ["ack", name]:
                return _file_attrs((await self._ack_files())[name], 0o644)
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
        for each in (b".", b".."):
            yield asyncssh.SFTPName(each, attrs=_folder_attrs(0o555))
        match _path_parts(path):
            case []:
                found = {root: _folder_attrs(mode) for root, mode in _MODES.items()}
            case ["out"]:
                listed = await asyncio.to_thread(self._fetchable_batches)
                found = {batch.name: _folder_attrs(0o555) for batch in listed}
            case ["out", package]:
                files = await self._files(package)
                found = {name: _file_attrs(size, 0o444) for name, size in files.items()}
            case ["ack"]:
                files = await self._ack_files()
                found = {name: _file_attrs(size, 0o644) for name, size in files.items()}
            case _:
                raise asyncssh.SFTPNoSuchFile("there is no such folder")
        for name, attrs in found.items():
            yield asyncssh.SFTPName(name.encode(), attrs=attrs)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Open a package's file to read, or a file in `ack/` to write."""
        parts = _path_parts(path)
        if pflags & asyncssh.FXF_WRITE:
            return self._begin_upload(parts)
        match parts:
            case ["out", package, name] if name == READY:
                return _OpenDownload(_file_attrs((await self._files(package))[name], 0o444))
            case ["out", package, name]:
                batch = await self._batch(package)
                found = await asyncio.to_thread(self._fetch_file, batch, name)
                return _OpenDownload(_file_attrs(found.size, 0o444), found)
            case ["ack", name]:
                size = (await self._ack_files())[name]
                store = open_depot(self._settings)
                content = await asyncio.to_thread(store.read, ACK, name)
                return _OpenDownload(_file_attrs(size, 0o644), content=content)
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
            return file_obj.content[at : at + size]

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write bytes of a file that is handed in."""
        if not isinstance(file_obj, _OpenUpload):
            raise asyncssh.SFTPPermissionDenied("this file can only be read")
        if offset + len(data) > self._settings.max_upload_bytes:
            file_obj.refused = True
            raise asyncssh.SFTPFailure("the file is too large")
        file_obj.content.seek(offset)
        file_obj.content.write(data)
        file_obj.size = max(file_obj.size, offset + len(data))
        return len(data)

    async def close(self, file_obj: object) -> None:
        """Apply a file handed in, unless its temporary name says that a rename will follow."""
        if isinstance(file_obj, _OpenUpload):
            file_obj.content.seek(0)
            content = file_obj.content.read()
            file_obj.content.close()
            if file_obj.refused:
                return
            if file_obj.name.endswith(_TEMPORARY_SUFFIXES):
                self._unnamed[file_obj.name] = content
            else:
                await self._accept(file_obj.name, content)

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
        return _OpenUpload(parts[1], SpooledTemporaryFile(max_size=_MAX_IN_MEMORY))

    async def _accept(self, name: str, content: bytes) -> None:
        try:
            await asyncio.to_thread(
                inbox.accept_file, self._database, self._settings, name, content
            )
        except LarderError as error:
            logger.info("%s: %s", name, error.detail)
            raise asyncssh.SFTPFailure(error.detail) from error

    def _fetchable_batches(self) -> list[Batch]:
        with self._database.read() as session:
            return list(batches.fetchable(session))

    async def _batch(self, package: str) -> Batch:
        for batch in await asyncio.to_thread(self._fetchable_batches):
            if batch.name == package:
                return batch
        raise asyncssh.SFTPNoSuchFile("there is no such package")

    async def _files(self, package: str) -> "_Sizes":
        known = fetchable_files(await self._batch(package))
        return _Sizes({name: size for name, (size, _) in known.items()} | {READY: 0})

    async def _ack_files(self) -> "_Sizes":
        return _Sizes(await asyncio.to_thread(open_depot(self._settings).files, ACK))

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


def _folder_attrs(mode: int) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=FILEXFER_TYPE_DIRECTORY, size=0, uid=0, gid=0, permissions=0o40000 | mode, nlink=1
    )


def _file_attrs(size: int, mode: int) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=FILEXFER_TYPE_REGULAR, size=size, uid=0, gid=0, permissions=0o100000 | mode, nlink=1
    )
