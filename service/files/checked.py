"""Files that say whether they are whole: a SHA-256 comes first, and is compared when they are read.

A power cut or a full disk leaves a file without its end, a failing disk one with other bytes. Here
such a file is as good as none.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import polars as pl

_HEAD = hashlib.sha256().digest_size * 2 + 1
_HEAD_MOST = 4096
"""The line that names the frames of a file is shorter."""


class Damaged(Exception):
    """A file is there and not what was written."""


def write_checked(path: Path, content: bytes) -> None:
    """Write a file in one step: after a power cut it is there whole, or it is not there.

    Two processes may write the same one at once; the later stays.
    """
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with unfinished.open("wb") as out:
            out.write(hashlib.sha256(content).hexdigest().encode() + b"\n")
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_checked(path: Path) -> bytes:
    """What was written. Raises FileNotFoundError, and Damaged when it is not whole."""
    stored = path.read_bytes()
    content = stored[_HEAD:]
    if stored[:_HEAD] != hashlib.sha256(content).hexdigest().encode() + b"\n":
        raise Damaged(path.name)
    return content


def write_frames(path: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write some frames as one such file."""
    packed = {name: pack(frame) for name, frame in frames.items()}
    lengths = {name: len(content) for name, content in packed.items()}
    write_checked(path, json.dumps(lengths).encode() + b"\n" + b"".join(packed.values()))


def read_frames(
    path: Path, wanted: Mapping[str, Sequence[str] | None] | None = None
) -> dict[str, pl.DataFrame]:
    """The frames by name; those `wanted` alone, with these of their columns (None: with all).

    Raises as `read_checked`.
    """
    content = memoryview(read_checked(path))
    start = bytes(content[:_HEAD_MOST]).index(b"\n") + 1
    frames = {}
    for name, length in json.loads(bytes(content[:start])).items():
        if wanted is None or name in wanted:
            columns = None if wanted is None else wanted[name]
            frames[name] = unpack(bytes(content[start : start + length]), columns)
        start += length
    return frames


def pack(frame: pl.DataFrame) -> bytes:
    """A frame as Parquet; the same for the same rows in the same order."""
    out = BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd", compression_level=1, statistics=False)
    return out.getvalue()


def unpack(content: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """What was packed, or some columns of it, in this order."""
    return pl.read_parquet(BytesIO(content), columns=None if columns is None else [*columns])
