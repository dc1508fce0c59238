"""Which columns and filters a table has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.pages.languages import Language
from service.pages.listing.cells import Cell

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title (marked for translation), and the cell of a row.

    `orders` are the two orders it can be sorted by, the usual one first, which rises unless it
    `falls_first`. Columns that are not `usual` are shown where they are asked for; `always` ones
    cannot be left out.
    """

    name: str
    title: str
    cell: Callable[[Row, Language], Cell]
    orders: tuple[str, str] | None = None
    usual: bool = True
    always: bool = False
    is_number: bool = False
    is_long: bool = False
    falls_first: bool = False


class FilterKind(StrEnum):
    """How a filter is filled in."""

    TEXT = "text"
    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its title as shown; `choices` are (value, name)."""

    name: str
    title: str
    kind: FilterKind
    choices: Sequence[tuple[str, str]] = ()
