"""Notes on how a file was read; some must be accepted before the file is loaded."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import NotAccepted

ALL = "all"
"""Accepts whatever notes a file has."""


@dataclass(frozen=True, slots=True)
class Note:
    """What was assumed in reading a file.

    A note that `asks` changes money, limits, dates or who is meant: nothing is loaded until a
    person has accepted it.
    """

    text: str
    asks: bool = False

    def __str__(self) -> str:
        return self.text


def digest_notes(sha256: str, notes: Sequence[Note]) -> str:
    """The digest that accepts these notes on the file with this SHA-256; empty if none asks."""
    asked = sorted({note.text for note in notes if note.asks})
    if not asked:
        return ""
    return hashlib.sha256("\n".join([sha256, *asked]).encode()).hexdigest()[:16]


def require_accepted(name: str, sha256: str, notes: Sequence[Note], accepted: str) -> None:
    """Raise NotAccepted unless no note asks, or `accepted` is `ALL` or the digest of the notes."""
    digest = digest_notes(sha256, notes)
    if not digest or accepted in (ALL, digest):
        return
    asked = [note.text for note in notes if note.asks]
    count = "1 note" if len(asked) == 1 else f"{len(asked)} notes"
    changed = "; the notes are not the ones that were accepted" if accepted else ""
    raise NotAccepted(
        f"{name} has {count} to accept; nothing of it was loaded{changed}.",
        asked=asked,
        digest=digest,
    )


def shown_rows(numbers: list[int], *, most: int = 5, place: str = "row") -> str:
    """`row 7`, or `rows 3, 9 and 12 more`; `place` is what the numbers count."""
    listed = ", ".join(f"{number:,}" for number in numbers[:most])
    more = len(numbers) - most
    named = f"{place}{'s' * (len(numbers) > 1)} {listed}"
    return named + (f" and {more:,} more" if more > 0 else "")
