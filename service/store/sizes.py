"""How large the database and its tables are, as the database itself knows without counting."""

from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from service.store.bulk import is_sqlite


class TableSize(NamedTuple):
    """A table with its indexes in bytes, and about how many rows it has."""

    name: str
    bytes: int
    rows: int


def whole(session: Session) -> int:
    """The bytes of the database."""
    if is_sqlite(session):
        sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        sql = "SELECT pg_database_size(current_database())"
    return int(session.execute(text(sql)).scalar_one())


def largest(session: Session, *, limit: int) -> list[TableSize]:
    """The largest tables; none with SQLite, which would have to read its file to know."""
    if is_sqlite(session):
        return []
    rows = session.execute(
        text(
            """SELECT c.relname, pg_total_relation_size(c.oid) AS bytes,
                      greatest(c.reltuples, 0)::bigint
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND n.nspname = current_schema()
               ORDER BY bytes DESC, c.relname LIMIT :limit"""
        ),
        {"limit": limit},
    )
    return [TableSize(*row) for row in rows]
