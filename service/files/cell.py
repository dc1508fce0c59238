"""The result of reading one cell."""

from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A value, or what is wrong with the text and how to fix it.

    `note` describes a repair; it `asks` when a person must accept it.
    """

    value: Any = None
    detail: str = ""
    remedy: str = ""
    note: str = ""
    asks: bool = False


def faulty_cell(text: str, detail: str, remedy: str = "") -> Cell:
    """A cell that cannot be read."""
    return Cell(None, f"{text[:40]!r} {detail}", remedy)
