"""What stands in a cell of a table."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How a cell is drawn."""

    TEXT = "text"
    LINK = "link"
    STATE = "state"
    BADGE = "badge"
    NUMBER = "number"
    METER = "meter"


class Cell(NamedTuple):
    """A cell: its text as the reader's language writes it, and a smaller text below.

    `path` is where a link leads, `share` (0 to 1) how full a meter is, `tone` the name of a state.
    `plain` is what stands in a CSV file instead of the text.
    """

    text: str
    kind: Kind = Kind.TEXT
    below: str = ""
    path: str = ""
    share: float = 0.0
    tone: str = ""
    plain: str | None = None
