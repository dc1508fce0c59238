"""The log of erasures outside the database: a restored backup is made to forget again by it.

One JSON object a line. It names nobody: keyed digests of the retailer's number and of the cards,
the random reference, and when.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from service.errors import NotFound
from service.store.tables.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Entry:
    """A household that was erased: digests of its number and cards, its reference, and when."""

    ref_digest: str
    reference: str
    erased_at: str
    cards: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was erased."""
        return datetime.fromisoformat(self.erased_at)

    @classmethod
    def of(cls, row: Erasure, cards: Sequence[str]) -> Self:
        """The entry of an erasure."""
        return cls(row.ref_digest, row.reference, row.erased_at.isoformat(), tuple(cards))


def append(path: Path, entry: Entry) -> None:
    """Write an entry at the end, and to the disk, before anything else happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(entry), sort_keys=True, separators=(",", ":"))
    with path.open("ab") as file:
        # A line that a power cut left unfinished must not swallow this one.
        broken = file.tell() > 0 and not _ends_whole(path)
        file.write((b"\n" if broken else b"") + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> tuple[list[Entry], list[int]]:
    """The entries, the oldest first, each once; and the numbers of lines that are none.

    A line is none when a process died while it wrote it, before it erased anything, or when the
    file is damaged. Raises NotFound when there is no such file.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no log of erasures at {path}.") from None
    found: dict[str, Entry] = {}
    damaged = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            raw_entry = json.loads(line)
            entry = Entry(**{**raw_entry, "cards": tuple(raw_entry.get("cards", ()))})
            datetime.fromisoformat(entry.erased_at)
        except (AttributeError, TypeError, ValueError):
            damaged.append(number)
            continue
        found[entry.reference] = entry
    return list(found.values()), damaged


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
