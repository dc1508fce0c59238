"""Files that say whether they are whole: a SHA-256 comes first, and is compared when they are read.

A power cut or a full disk leaves a file without its end, a failing disk one with other bytes. Here
such a file is as good as none.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import polars as pl

_HEAD = hashlib.sha256().digest_size * 2 + 1


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


def read_frames(path: Path) -> dict[str, pl.DataFrame]:
    """The frames by name. Raises as `read_checked`."""
    head, _, body = read_checked(path).partition(b"\n")
    frames, start = {}, 0
    for name, length in json.loads(head).items():
        frames[name] = unpack(body[start : start + length])
        start += length
    return frames


def pack(frame: pl.DataFrame) -> bytes:
    """A frame as Parquet; the same for the same rows in the same order."""
    out = BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd", compression_level=1, statistics=False)
    return out.getvalue()


def unpack(content: bytes) -> pl.DataFrame:
    """What was packed."""
    return pl.read_parquet(BytesIO(content))
