"""Acts of a till that wait to be sent, in a file that survives a power cut.

The file holds one JSON object a line: `path`, `body`, and `crc`, the CRC-32 of the line without it.

- An act is kept once `add` returns: written at the end and synced. Its order in the file is the
  order of the acts; no clock is read.
- Acts that are done leave by a new file, synced and then renamed into place, so that a power cut
  leaves the old queue or the new one. What is sent again because of that is recognised.
- What follows the last line end was being written when the power went; no act in it was promised.
  It is cut off when the queue is opened.
- Any other line that cannot be read, and an act that was refused for good, is put into a file of
  the same name with `.aside` at its end, for a person to look at, before it leaves the queue.
"""

import json
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from service.till_client.disk import Disk

Body = dict[str, Any]
Name = tuple[str, ...]

_CRC = b', "crc": "'
_NAMED_BY = ("store", "terminal", "business_date", "number")


class QueueInUseError(Exception):
    """Another process, or another client of this one, has this queue open."""


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """What is to be sent, and where to; `line` is how it is written in the file."""

    path: str
    body: Body
    line: bytes

    @property
    def name(self) -> Name:
        """What names the transaction: of a void, the one that it undoes."""
        return _name(self.body.get("transaction"))

    @property
    def names(self) -> frozenset[Name]:
        """Every transaction that the act speaks of; acts that share one keep their order."""
        return names_of(self.body)


@dataclass(frozen=True, slots=True)
class Found:
    """What was wrong with a queue when it was opened."""

    torn: bytes = b""
    """What was cut off because the power went while it was written."""
    set_aside: int = 0
    """Lines that could not be read."""


class Queue:
    """The acts of one till, in order. One thread may add while another sends and removes.

    Raises QueueInUseError when it is open elsewhere, and OSError when the disk fails: an act whose
    `add` did not return is not kept.
    """

    def __init__(self, file: Path, *, disk: Disk | None = None) -> None:
        self.aside = _beside(file, ".aside")
        self._file = file
        self._disk = disk or Disk()
        self._guard = threading.RLock()
        self._acts: list[Act] = []
        self._end = 0
        self._is_named = False
        try:
            self._lock: int | None = self._disk.lock(_beside(file, ".lock"))
        except BlockingIOError as error:
            raise QueueInUseError(
                f"{file} is in use: a queue belongs to one till, and to one process of it"
            ) from error
        try:
            self.found = self._recover()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process open it."""
        with self._guard:
            if self._lock is not None:
                self._disk.close(self._lock)
            self._lock = None

    def acts(self) -> list[Act]:
        """What waits, in order."""
        with self._guard:
            return list(self._acts)

    def about(self, body: Body) -> list[Act]:
        """What waits and speaks of a transaction that this body speaks of."""
        names = names_of(body)
        return [act for act in self.acts() if act.names & names]

    def add(self, path: str, body: Body) -> None:
        """Keep an act; it is safe from a power cut when this returns."""
        line = _written({"path": path, "body": body})
        act = Act(path, plain(body), line)
        with self._guard:
            self._put(self._file, act.line, at=self._end)
            self._sync_name()
            self._end += len(act.line)
            self._acts.append(act)

    def remove(self, acts: Collection[Act], *, aside: Iterable[tuple[Act, Body]] = ()) -> None:
        """Drop acts that are done, and those that go aside, each with the answer to it."""
        refused = list(aside)
        gone = {id(act) for act in (*acts, *(act for act, _ in refused))}
        with self._guard:
            if refused:
                self._set_aside(
                    _written({"path": act.path, "body": act.body, "answer": answer})
                    for act, answer in refused
                )
            if gone:
                self._rewrite([act for act in self._acts if id(act) not in gone])

    def _recover(self) -> Found:
        whole, end, torn = self._disk.read(self._file).rpartition(b"\n")
        lines = [line + b"\n" for line in (whole + end).split(b"\n")[:-1]]
        read = [(line, _read(line)) for line in lines]
        unreadable = [line for line, act in read if act is None and line.strip()]
        self._acts = [act for _, act in read if act is not None]
        self._end = len(whole + end)
        if unreadable:
            self._set_aside(
                _written({"unreadable": line.decode("ascii", "backslashreplace")})
                for line in unreadable
            )
            self._rewrite(self._acts)
        else:
            self._put(self._file, b"", at=self._end)
            self._sync_name()
        return Found(torn, len(unreadable))

    def _rewrite(self, acts: list[Act]) -> None:
        content = b"".join(act.line for act in acts)
        self._is_named = False
        self._replace(self._file, content)
        self._acts, self._end = acts, len(content)
        self._sync_name()

    def _sync_name(self) -> None:
        """Let the folder lead to the file that is written to, also when an earlier try failed."""
        if not self._is_named:
            self._disk.sync_folder(self._file.parent)
            self._is_named = True

    def _set_aside(self, lines: Iterable[bytes]) -> None:
        """Add lines to the file beside, but none twice: a power cut may have come after it."""
        old = self._disk.read(self.aside)
        if old and not old.endswith(b"\n"):
            old += b"\n"
        known = {line + b"\n" for line in old.split(b"\n")}
        new = b"".join(line for line in dict.fromkeys(lines) if line not in known)
        self._replace(self.aside, old + new)
        self._disk.sync_folder(self.aside.parent)

    def _replace(self, path: Path, content: bytes) -> None:
        """Put a new file in the place of an old one: a power cut leaves one of the two, whole."""
        part = _beside(path, ".part")
        self._put(part, content, at=0)
        self._disk.rename(part, path)

    def _put(self, path: Path, data: bytes, *, at: int) -> None:
        """Let a file have `data` from `at` on and nothing after it, safe when this returns.

        What an earlier write left there when it failed, on a full disk, is cut off first.
        """
        if self._lock is None:
            raise ValueError(f"{self._file} is closed")
        file = self._disk.open(path)
        try:
            self._disk.cut(file, at)
            self._disk.write(file, data, at=at)
            self._disk.sync(file)
        finally:
            self._disk.close(file)


def plain(body: Body) -> Body:
    """A copy of a body as it is read back. Raises ValueError and TypeError for what is not JSON."""
    copy: Body = json.loads(json.dumps(body, allow_nan=False))
    return copy


def names_of(body: Body) -> frozenset[Name]:
    """Every transaction that a body speaks of: its own, and the sale that goods come back from."""
    return frozenset(_name(body[part]) for part in ("transaction", "original") if part in body)


def _name(transaction: Any) -> Name:
    if not isinstance(transaction, dict):
        return ()
    return tuple(str(transaction.get(part)) for part in _NAMED_BY)


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _written(content: Body) -> bytes:
    text = json.dumps(content, allow_nan=False).encode()
    return text[:-1] + _CRC + b'%08x"}\n' % crc32(text)


def _read(line: bytes) -> Act | None:
    """The act of a line, or None when it is not what was written."""
    text, crc, sum_ = line.rpartition(_CRC)
    try:
        if crc and crc32(text + b"}") != int(sum_[:8], 16):
            return None
        content = json.loads(line)
        path, body = content["path"], content["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Act(path, body, line) if isinstance(path, str) and isinstance(body, dict) else None
