"""Rows declared once: the fields of a NamedTuple are the columns of both databases' statements.

What a statement says of a row (names, places in JSON, numbered parameters with their types) is
made of the declaration when the module is imported, so that no place or type is counted by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, NamedTuple, TypeAlias, TypeVar, get_args, get_type_hints

from pydantic_core import to_json

from service.store.tables.types import epoch_micros

RowType: TypeAlias = type[NamedTuple]
Row = TypeVar("Row")

_POSTGRESQL = {
    bool: "bool",
    int: "bigint",
    str: "text",
    date: "date",
    datetime: "timestamptz",
}


def names(row: Any, *, of: str = "") -> str:
    """The columns of a row, of the table or alias `of`."""
    return ", ".join([f"{of}{'.' if of else ''}{name}" for name in row._fields])


def holders(row: Any) -> str:
    """The columns as named parameters of SQLite."""
    return ", ".join([f":{name}" for name in row._fields])


def from_array(row: Any) -> str:
    """The columns of a row that is a JSON array, in SQLite, as `json_each` gives it."""
    return ", ".join([f"value ->> {place}" for place in range(len(row._fields))])


def selected(row: Any, sources: Mapping[str, str]) -> str:
    """What a SELECT names for a row, each column from its source. KeyError for one without."""
    return ", ".join([f"{sources[name]} AS {name}" for name in row._fields])


def types(row: Any) -> tuple[type, ...]:
    """The type of each column, null or not."""
    hints = get_type_hints(row)
    return tuple(_plain(hints[name]) for name in row._fields)


def _plain(hint: Any) -> type:
    (kind,) = [each for each in get_args(hint) or (hint,) if each is not NoneType]
    found: type = next(base for base in kind.__mro__ if base in _POSTGRESQL)
    return found


def postgresql_types(row: Any) -> list[tuple[str, str]]:
    """The columns of a row, each with its type in PostgreSQL."""
    return [(name, _POSTGRESQL[kind]) for name, kind in zip(row._fields, types(row), strict=True)]


def reader(row: Callable[..., Row]) -> Callable[[Sequence[Any]], Row]:
    """How a row that either database gave as plain values is read: dates come as texts."""
    dates = [place for place, kind in enumerate(types(row)) if kind is date]

    def read(values: Sequence[Any]) -> Row:
        if dates:
            values = [*values]
            for place in dates:
                values[place] = date.fromisoformat(values[place])
        return row(*values)

    return read


def sqlite_values(row: Any) -> dict[str, Any]:
    """A row as the named parameters of a statement of SQLite, in the form it stores."""
    return {name: _sqlite(value) for name, value in zip(row._fields, row, strict=True)}


def _sqlite(value: Any) -> Any:
    # A moment is a date too.
    if isinstance(value, datetime):
        return epoch_micros(value)
    return value.isoformat() if isinstance(value, date) else value


class Parameters:
    """The numbered parameters of a PostgreSQL statement, in the order in which they are added."""

    def __init__(self) -> None:
        self._count = 0

    def scalars(self, row: Any) -> "Scalars":
        """One parameter for each column of a row that is sent once."""
        kinds = zip(row._fields, types(row), strict=True)
        return Scalars({name: f"{self._next()}::{_POSTGRESQL[kind]}" for name, kind in kinds})

    def array(self, kind: type) -> str:
        """One parameter for many values of a type."""
        return self._array(kind)

    def arrays(self, row: Any) -> "Arrays":
        """One parameter for each column of rows, as an array of its values."""
        kinds = zip(row._fields, types(row), strict=True)
        return Arrays({name: self._array(kind) for name, kind in kinds})

    def _array(self, kind: type) -> str:
        # An array is sent as text, see `array_of`.
        return f"{self._next()}::text::{_POSTGRESQL[kind]}[]"

    def _next(self) -> str:
        self._count += 1
        return f"${self._count}"


class Scalars:
    """The parameters of one row, by column."""

    def __init__(self, by_name: dict[str, str]) -> None:
        self._by_name = by_name
        self.all = ", ".join(by_name.values())

    def __getattr__(self, name: str) -> str:
        return self._by_name[name]


class Arrays:
    """The parameters of many rows: each column's by name, and all of them as a table."""

    def __init__(self, by_name: dict[str, str]) -> None:
        self._by_name = by_name
        self.rows = f"unnest({', '.join(by_name.values())})"

    def __getattr__(self, name: str) -> str:
        return self._by_name[name]


def array_writer(row: Any) -> Callable[[Sequence[Any]], list[str]]:
    """How rows become the parameters of their `Arrays`."""
    texts = [place for place, kind in enumerate(types(row)) if kind is str]
    numbers = [place for place, kind in enumerate(types(row)) if kind is not str]
    nothing = ["{}"] * len(row._fields)

    def write(rows: Sequence[Any]) -> list[str]:
        if not rows:
            return nothing
        columns: list[Any] = [*zip(*rows, strict=True)]
        for place in texts:
            columns[place] = _texts(columns[place])
        # One call for all columns of numbers: the call takes longer than the writing.
        if numbers:
            written = to_json([columns[place] for place in numbers]).decode()[2:-2].split("],[")
            for place, column in zip(numbers, written, strict=True):
                columns[place] = f"{{{column}}}"
        return columns

    return write


def array_of(kind: type) -> Callable[[Sequence[Any]], str]:
    """How values of a type become one array as PostgreSQL writes it in text.

    asyncpg asks of every element of a list whether it is a list itself, which cost more than all
    the rest of sending it.
    """
    return _texts if kind is str else _numbers


def _numbers(column: Sequence[int | bool | None]) -> str:
    return f"{{{to_json(column).decode()[1:-1]}}}"


def _texts(column: Sequence[str]) -> str:
    if not column:
        return "{}"
    joined = "".join(column)
    if '"' in joined or "\\" in joined:
        column = [text.replace("\\", "\\\\").replace('"', '\\"') for text in column]
    return '{"' + '","'.join(column) + '"}'


def json_writer(row: Any) -> Callable[[Sequence[Any]], str]:
    """How rows become the one JSON parameter that a statement of SQLite takes them in.

    They are written as plain tuples of plain texts: of NamedTuples and enums the writer takes ten
    times as long.
    """
    hints = get_type_hints(row)
    enums = [place for place, name in enumerate(row._fields) if _is_enum(hints[name])]

    def write(rows: Sequence[Any]) -> str:
        if not enums or not rows:
            return json_of([*map(tuple, rows)])
        columns = [*zip(*rows, strict=True)]
        for place in enums:
            columns[place] = tuple(map(str.__str__, columns[place]))
        return json_of([*zip(*columns, strict=True)])

    return write


def _is_enum(hint: Any) -> bool:
    return any(
        isinstance(each, type) and issubclass(each, StrEnum) for each in get_args(hint) or (hint,)
    )


def json_of(values: Sequence[Any]) -> str:
    """Values as the one JSON parameter that a statement of SQLite takes them in."""
    return to_json(values).decode()
