"""What came of reading one cell."""

from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A value, or what is wrong with the text and what to do; `note` tells of a repair."""

    value: Any = None
    detail: str = ""
    remedy: str = ""
    note: str = ""


def wrong(text: str, said: str, remedy: str = "") -> Cell:
    """A cell that cannot be read."""
    return Cell(None, f"{text[:40]!r} {said}", remedy)
