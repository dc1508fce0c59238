"""Disks that lose their power, or fail, after so many steps."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from service.till_client.disk import Disk


class PowerCutError(BaseException):
    """Nothing runs after this; what was not synced may be gone."""


@dataclass(slots=True)
class _File:
    """What is read back now, and what may be found after a power cut."""

    content: bytes = b""
    found: list[bytes] = field(default_factory=lambda: [b""])


class MemoryDisk(Disk):
    """Keeps of a file what was synced, and of later writes all, nothing or a part.

    Until the folder is synced each name leads to its old or its new file, in any combination.
    After `steps` steps the power is cut, or with `fails` one step does half of what it should and
    raises OSError.
    """

    def __init__(self, *, steps: int = 10_000, fails: bool = False) -> None:
        self.names: dict[Path, _File] = {}
        self._named: dict[Path, list[_File | None]] = {}
        self._open: dict[int, Path | _File] = {}
        self._steps = steps
        self._fails = fails

    def after_power_cut(self) -> Iterator["MemoryDisk"]:
        """Every disk that may be found; the first has only what was synced."""
        for files in itertools.product(*self._named.values()):
            names = {p: file for p, file in zip(self._named, files, strict=True) if file}
            contents = [list(dict.fromkeys(file.found)) for file in names.values()]
            for chosen in itertools.product(*contents):
                disk = MemoryDisk()
                for path, content in zip(names, chosen, strict=True):
                    disk.names[path] = _File(content, [content])
                disk._named = {path: [file] for path, file in disk.names.items()}
                yield disk

    def lock(self, path: Path) -> int:
        if path in self._open.values():
            raise BlockingIOError
        return self._handle(path)

    def read(self, path: Path) -> bytes:
        return self.names[path].content if path in self.names else b""

    def open(self, path: Path) -> int:
        if path not in self.names:
            self._step()
            self._name(path, _File())
        return self._handle(self.names[path])

    def cut(self, file: int, size: int) -> None:
        self._step()
        self._change(file, self._at(file).content[:size])

    def write(self, file: int, data: bytes, *, at: int) -> None:
        old = self._at(file).content
        assert at == len(old)
        try:
            self._step()
        except OSError:
            self._change(file, old + data[: len(data) // 2])
            raise
        half, zeros = len(data) // 2, bytes(len(data))
        for torn in (
            data[:1],
            data[:half],
            data[:-1],
            zeros,
            data[:half] + zeros[half:],
            zeros[:half] + data[half:],
        ):
            self._at(file).found.append(old + torn)
        self._change(file, old + data)

    def sync(self, file: int) -> None:
        self._step()
        self._at(file).found = [self._at(file).content]

    def close(self, file: int) -> None:
        del self._open[file]

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        self._name(new, self.names.pop(old))
        self._named[old].append(None)

    def sync_folder(self, folder: Path) -> None:
        self._step()
        for path, file in self._named.items():
            if path.parent == folder:
                file[:] = [self.names.get(path)]

    def _name(self, path: Path, file: _File) -> None:
        self.names[path] = file
        self._named.setdefault(path, [None]).append(file)

    def _handle(self, what: Path | _File) -> int:
        handle = max(self._open, default=0) + 1
        self._open[handle] = what
        return handle

    def _at(self, handle: int) -> _File:
        file = self._open[handle]
        assert isinstance(file, _File)
        return file

    def _change(self, handle: int, content: bytes) -> None:
        self._at(handle).content = content
        self._at(handle).found.append(content)

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0 and not self._fails:
            raise PowerCutError
        if self._steps == -1:
            raise OSError("the disk fails")


class StoppedDisk(Disk):
    """The real disk of a process that is killed after so many steps."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._open: set[int] = set()

    def kill(self) -> None:
        """Let go of what the process held."""
        for file in tuple(self._open):
            super().close(file)

    def open(self, path: Path) -> int:
        self._step()
        file = super().open(path)
        self._open.add(file)
        return file

    def cut(self, file: int, size: int) -> None:
        self._step()
        super().cut(file, size)

    def write(self, file: int, data: bytes, *, at: int) -> None:
        try:
            self._step()
        except PowerCutError:
            super().write(file, data[: len(data) // 2], at=at)
            raise
        super().write(file, data, at=at)

    def sync(self, file: int) -> None:
        assert file in self._open
        self._step()

    def close(self, file: int) -> None:
        self._open.discard(file)
        super().close(file)

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        super().rename(old, new)

    def sync_folder(self, folder: Path) -> None:
        assert folder.is_dir()
        self._step()

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise PowerCutError
