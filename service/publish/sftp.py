"""The mailing house's SFTP door: packages to fetch in `out/`, acknowledgements to drop in `ack/`.

Nothing of the machine's own files can be named through it: every path is looked up among the
batches and the files handed in. Who may enter stands in `authorized_keys`, read anew for every
connection; there are no passwords, no shell and no forwarding.
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
from service.publish import answers
from service.publish.depot import READY, depot
from service.publish.pickup import Fetched, fetch, files_of
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from service.store.tables.cycle import Batch

logger = logging.getLogger("larder.sftp")

OUT, ACK = "out", answers.ANSWERS
_BLOCK = 1 << 20
_IN_MEMORY = 1 << 20
_PARTIAL = (".part", ".filepart")
_MODES = {OUT: 0o555, ACK: 0o755}


async def listen(database: Database, settings: Settings) -> asyncssh.SSHAcceptor:
    """Take in what waits and open the door; the caller closes it."""
    waiting = await asyncio.to_thread(answers.take_in_waiting, database, settings)
    for name in waiting:
        logger.info("%s was waiting and is taken in", name)
    acceptor = await asyncssh.listen(
        settings.sftp_host,
        settings.sftp_port,
        server_factory=partial(_Doorkeeper, settings.sftp_folder / "authorized_keys"),
        server_host_keys=[host_key(settings.sftp_folder)],
        sftp_factory=partial(_Door, database=database, settings=settings),
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
    """Keep the door open until `stop` is set."""

    async def run() -> None:
        acceptor = await listen(database, settings)
        await asyncio.to_thread(stop.wait)
        acceptor.close()
        await acceptor.wait_closed()

    asyncio.run(run())


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The key that this door is known by; made once and kept, readable by its owner only."""
    path = folder / "host_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = asyncssh.generate_private_key("ssh-ed25519", comment="larder")
        unfinished = folder / "host_key.part"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(made.export_private_key())
        unfinished.replace(path)
        made.write_public_key(str(folder / "host_key.pub"))
    return asyncssh.read_private_key(str(path))


class _Doorkeeper(asyncssh.SSHServer):
    """Lets in who shows a key of the file; the name does not matter."""

    def __init__(self, allowed: Path) -> None:
        self._allowed = allowed
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember whom the keys are for."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        """Read the keys as they are now; without the file nobody comes in."""
        assert self._connection is not None
        try:
            self._connection.set_authorized_keys(str(self._allowed))
        except (OSError, ValueError) as error:
            logger.error("%s cannot be read: %s", self._allowed, error)
        return True


@dataclass(slots=True)
class _Reading:
    """A file that is being fetched, with the block last read."""

    attrs: asyncssh.SFTPAttrs
    file: Fetched | None = None
    content: bytes = b""
    start: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Writing:
    """A file that is being handed in."""

    name: str
    content: SpooledTemporaryFile[bytes]
    size: int = 0
    refused: bool = False


class _Door(asyncssh.SFTPServer):
    """What one client sees."""

    def __init__(
        self, chan: asyncssh.SSHServerChannel[bytes], *, database: Database, settings: Settings
    ) -> None:
        super().__init__(chan)
        self._database = database
        self._settings = settings
        self._parts: dict[str, bytes] = {}

    async def realpath(self, path: bytes) -> bytes:
        """The path without `..` and doubled marks."""
        return ("/" + "/".join(_steps(path))).encode()

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """What is there under a name."""
        match _steps(path):
            case []:
                return _folder(0o555)
            case [(("out" | "ack") as room)]:
                return _folder(_MODES[room])
            case ["out", package]:
                await self._batch(package)
                return _folder(0o555)
            case ["out", package, name]:
                return _file((await self._files(package))[name], 0o444)
            case ["ack", name]:
                return _file((await self._answers())[name], 0o644)
        raise asyncssh.SFTPNoSuchFile("there is no such file")

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """The same: there are no links."""
        return await self.stat(path)

    async def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """What an open file is."""
        if isinstance(file_obj, _Reading):
            return file_obj.attrs
        assert isinstance(file_obj, _Writing)
        return _file(file_obj.size, 0o644)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """The names in a folder."""
        for each in (b".", b".."):
            yield asyncssh.SFTPName(each, attrs=_folder(0o555))
        match _steps(path):
            case []:
                found = {room: _folder(mode) for room, mode in _MODES.items()}
            case ["out"]:
                listed = await asyncio.to_thread(self._listed)
                found = {batch.name: _folder(0o555) for batch in listed}
            case ["out", package]:
                files = await self._files(package)
                found = {name: _file(size, 0o444) for name, size in files.items()}
            case ["ack"]:
                files = await self._answers()
                found = {name: _file(size, 0o644) for name, size in files.items()}
            case _:
                raise asyncssh.SFTPNoSuchFile("there is no such folder")
        for name, attrs in found.items():
            yield asyncssh.SFTPName(name.encode(), attrs=attrs)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Open a package's file to read, or a file in `ack/` to write."""
        steps = _steps(path)
        if pflags & asyncssh.FXF_WRITE:
            return self._begin(steps)
        match steps:
            case ["out", package, name] if name == READY:
                return _Reading(_file((await self._files(package))[name], 0o444))
            case ["out", package, name]:
                batch = await self._batch(package)
                found = await asyncio.to_thread(self._fetch, batch, name)
                return _Reading(_file(found.size, 0o444), found)
            case ["ack", name]:
                size = (await self._answers())[name]
                store = depot(self._settings)
                content = await asyncio.to_thread(store.read, ACK, name)
                return _Reading(_file(size, 0o644), content=content)
        raise asyncssh.SFTPNoSuchFile("there is no such file")

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Some bytes of an open file; they are fetched in large blocks."""
        if not isinstance(file_obj, _Reading):
            raise asyncssh.SFTPPermissionDenied("this file is being written")
        async with file_obj.turn:
            at = offset - file_obj.start
            held = len(file_obj.content)
            if file_obj.file is not None and not 0 <= at <= max(held - size, -1):
                reading = partial(_block, file_obj.file, offset, max(size, _BLOCK))
                file_obj.content = await asyncio.to_thread(reading)
                file_obj.start, at = offset, 0
            return file_obj.content[at : at + size]

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Bytes of a file that is handed in."""
        if not isinstance(file_obj, _Writing):
            raise asyncssh.SFTPPermissionDenied("this file can only be read")
        if offset + len(data) > self._settings.max_upload_bytes:
            file_obj.refused = True
            raise asyncssh.SFTPFailure("the file is too large")
        file_obj.content.seek(offset)
        file_obj.content.write(data)
        file_obj.size = max(file_obj.size, offset + len(data))
        return len(data)

    async def close(self, file_obj: object) -> None:
        """A file handed in is taken in now, unless it is still to be given its name."""
        if isinstance(file_obj, _Writing):
            file_obj.content.seek(0)
            content = file_obj.content.read()
            file_obj.content.close()
            if file_obj.refused:
                return
            if file_obj.name.endswith(_PARTIAL):
                self._parts[file_obj.name] = content
            else:
                await self._drop(file_obj.name, content)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Give a file its name, once it has come in under a passing one."""
        match _steps(oldpath), _steps(newpath):
            case ["ack", passing], ["ack", name] if passing in self._parts:
                _require_name(name)
                await self._drop(name, self._parts.pop(passing))
            case _:
                raise asyncssh.SFTPPermissionDenied("only a file being handed in is renamed")

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The same."""
        await self.rename(oldpath, newpath)

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Times and modes are ours; a client that sends them is not troubled."""

    async def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """The same."""

    async def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """The same."""

    def _no(self, *_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("that cannot be done here")

    remove = mkdir = rmdir = symlink = link = readlink = _no  # type: ignore[assignment]
    statvfs = fstatvfs = lock = unlock = _no  # type: ignore[assignment]

    def _begin(self, steps: list[str]) -> _Writing:
        if len(steps) != 2 or steps[0] != ACK:
            raise asyncssh.SFTPPermissionDenied("files can only be handed in to ack/")
        _require_name(steps[1].removesuffix(_PARTIAL[0]).removesuffix(_PARTIAL[1]))
        return _Writing(steps[1], SpooledTemporaryFile(max_size=_IN_MEMORY))

    async def _drop(self, name: str, content: bytes) -> None:
        try:
            await asyncio.to_thread(answers.drop, self._database, self._settings, name, content)
        except LarderError as error:
            logger.info("%s: %s", name, error.detail)
            raise asyncssh.SFTPFailure(error.detail) from error

    def _listed(self) -> list[Batch]:
        with self._database.read() as session:
            return list(batches.fetchable(session))

    async def _batch(self, package: str) -> Batch:
        for batch in await asyncio.to_thread(self._listed):
            if batch.name == package:
                return batch
        raise asyncssh.SFTPNoSuchFile("there is no such package")

    async def _files(self, package: str) -> "_Sizes":
        known = files_of(await self._batch(package))
        return _Sizes({name: size for name, (size, _) in known.items()} | {READY: 0})

    async def _answers(self) -> "_Sizes":
        return _Sizes(await asyncio.to_thread(depot(self._settings).files, ACK))

    def _fetch(self, batch: Batch, name: str) -> Fetched:
        try:
            return fetch(self._database, self._settings, batch.id, name, for_print=True)
        except NotFound as error:
            raise asyncssh.SFTPNoSuchFile(error.detail) from error


class _Sizes(dict[str, int]):
    """Sizes by name; a name that is not there is told as the protocol tells it."""

    def __missing__(self, name: str) -> int:
        raise asyncssh.SFTPNoSuchFile(f"there is no file {name}")


def _steps(path: bytes) -> list[str]:
    """The names on the way from the root, whatever the client writes between them."""
    whole = posixpath.normpath("/" + path.decode(errors="replace"))
    return [step for step in whole.split("/") if step]


def _require_name(name: str) -> None:
    if not answers.NAME.fullmatch(name):
        raise asyncssh.SFTPPermissionDenied("hand in a file called NAME.csv")


def _block(file: Fetched, start: int, size: int) -> bytes:
    return b"".join(file.chunks(start=start, end=min(start + size, file.size)))


def _folder(mode: int) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=FILEXFER_TYPE_DIRECTORY, size=0, uid=0, gid=0, permissions=0o40000 | mode, nlink=1
    )


def _file(size: int, mode: int) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=FILEXFER_TYPE_REGULAR, size=size, uid=0, gid=0, permissions=0o100000 | mode, nlink=1
    )
