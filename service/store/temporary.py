"""Temporary tables of SQLite's connections, which last from one transaction to the next.

When a transaction that made a table is undone, SQLite reads its whole schema again: with as many
tables as here that takes two milliseconds, which the next statement pays. So a table that was asked
for once is made for good when its connection is given back, outside of transactions, and is only
emptied from then on.
"""

import sqlite3
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

_ASKED, _MADE = "temporary tables asked for", "temporary tables made"


class Temporary(NamedTuple):
    """The columns of a table as SQL, and those that an index is on, if any."""

    columns: str
    indexed: str = ""


def empty_table(
    connection: sqlite3.Connection, info: MutableMapping[Any, Any], name: str, table: Temporary
) -> None:
    """See that there is an empty temporary table of this name; `info` is the connection's own."""
    asked: dict[str, Temporary] = info.setdefault(_ASKED, {})
    if info.get(_MADE, {}).get(name) == table == asked.get(name, table):
        connection.execute(f'DELETE FROM temp."{name}"')
        return
    _make(connection, name, table)
    asked[name] = table


def make_lasting(connection: sqlite3.Connection, info: MutableMapping[Any, Any]) -> None:
    """Make what was asked for, when a connection is given back."""
    asked: Mapping[str, Temporary] = info.pop(_ASKED, {})
    made: dict[str, Temporary] = info.setdefault(_MADE, {})
    try:
        for name, table in asked.items():
            _make(connection, name, table)
            made[name] = table
    except sqlite3.Error:
        # No room for it, say. Whoever asks again makes it then, and hears of it.
        made.clear()


def _make(connection: sqlite3.Connection, name: str, table: Temporary) -> None:
    connection.execute(f'DROP TABLE IF EXISTS temp."{name}"')
    connection.execute(f'CREATE TEMP TABLE "{name}" ({table.columns})')
    if table.indexed:
        connection.execute(f'CREATE INDEX temp."ix_{name}" ON "{name}" ({table.indexed})')
