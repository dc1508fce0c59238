"""Whether the files of history are there and as they were written."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl
from sqlmodel import Session

from service.errors import LarderError
from service.store.history import manifest
from service.store.history.place import place_of
from service.store.history.seal import COLUMNS
from service.store.tables.history import HistoryFile


class Damage(NamedTuple):
    """A file that is not as the manifest says, and how."""

    path: str
    said: str


def by_size(session: Session, *, listed_within: float = 0) -> list[Damage]:
    """The files that are missing or have another size; quick, and blind to a changed byte.

    All of them when their place cannot be reached. An object store is listed again when it was
    not within so many seconds.
    """
    files = manifest.counting(session)
    if not files:
        return []
    try:
        sizes = place_of(session).sizes(listed_within=listed_within)
    except Exception as error:
        # Drivers of object stores raise what they like.
        why = error.detail if isinstance(error, LarderError) else type(error).__name__
        said = f"cannot be reached: {why}"
        return [Damage(file.path, said) for file in files]
    return [
        Damage(file.path, "is missing" if size is None else f"has {size} bytes, not {file.bytes}")
        for file in files
        if (size := sizes.get(file.path)) != file.bytes
    ]


def in_full(session: Session) -> Iterator[tuple[HistoryFile, Damage | None]]:
    """Every file that counts, with what is wrong with it: its digest, its rows and its bounds."""
    files = manifest.counting(session)
    if not files:
        return
    place = place_of(session)
    for file in files:
        try:
            content = place.read(file.path)
        except FileNotFoundError:
            yield file, Damage(file.path, "is missing")
            continue
        if hashlib.sha256(content).hexdigest() != file.sha256:
            yield file, Damage(file.path, "is not what was written")
            continue
        yield file, _of_lines(file, pl.read_parquet(io.BytesIO(content)))


def _of_lines(file: HistoryFile, lines: pl.DataFrame) -> Damage | None:
    """What the manifest says otherwise than the lines."""
    if lines.schema != pl.Schema(COLUMNS):
        return Damage(file.path, "has other columns")
    said: dict[str, tuple[Any, Any]] = {
        "rows": (lines.height, file.rows),
        "baskets": (lines["basket_id"].n_unique(), file.baskets),
        "first_basket": (lines["basket_id"].min(), file.first_basket),
        "last_basket": (lines["basket_id"].max(), file.last_basket),
        "first_at": (lines["purchased_at"].min(), file.first_at),
        "last_at": (lines["purchased_at"].max(), file.last_at),
    }
    wrong = [f"{name} {found!s}, not {named!s}" for name, (found, named) in said.items()
             if found != named]  # fmt: skip
    return Damage(file.path, f"has {'; '.join(wrong)}") if wrong else None
