"""What the queue asks of a disk: each method is one step that a power cut can come after."""

import fcntl
import os
from pathlib import Path


class Disk:
    """A POSIX file system. On Windows lock with `msvcrt.locking`; folders are not synced there."""

    def lock(self, path: Path) -> int:
        """Hold a file until it is closed or the process ends. Raises BlockingIOError when held."""
        file = self.open(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise
        return file

    def read(self, path: Path) -> bytes:
        """The whole file; nothing when there is none."""
        return path.read_bytes() if path.exists() else b""

    def open(self, path: Path) -> int:
        """Open a file to write in, made when there is none; only its owner may read it."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def cut(self, file: int, size: int) -> None:
        """Drop what follows the first `size` bytes."""
        os.ftruncate(file, size)

    def write(self, file: int, data: bytes, *, at: int) -> None:
        """Write all of it."""
        while data:
            written = os.pwrite(file, data, at)
            data, at = data[written:], at + written

    def sync(self, file: int) -> None:
        """Wait until the file's content is on the disk."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Let go of a file, and of its lock."""
        os.close(file)

    def rename(self, old: Path, new: Path) -> None:
        """Put one file in the place of another."""
        old.replace(new)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the names of its files are on the disk."""
        file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)
