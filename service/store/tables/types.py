"""Column types shared by both databases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

metadata = SQLModel.metadata
# Constraints are named by rule, so that migrations can name them on both databases.
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite gives row ids only to INTEGER primary keys, which are 64 bits there.
BigId = BigInteger().with_variant(Integer(), "sqlite")

# Sorted by its bytes on both databases, whatever the locale of a server.
ByteOrdered = String().with_variant(String(collation="C"), "postgresql")


def row_id() -> Any:
    """A column for the number that the database gives to a row.

    Every row that was read or flushed has it, so it is annotated as `int`. Before that it is None,
    which matches no row in a statement.
    """
    return Field(default=None, primary_key=True, sa_type=BigId)


def key_part(column: str, *, index: bool = False) -> Any:
    """A part of a primary key that is the number of a row elsewhere, in `column`.

    Only rows found from that row alone need it in an `index` of its own.
    """
    return Field(
        foreign_key=column,
        primary_key=True,
        index=index,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def epoch_micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware moment, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


class UtcMoment(TypeDecorator[datetime]):
    """An aware moment: timestamptz on PostgreSQL, integer microseconds of UTC on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset cannot be stored")
        return epoch_micros(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + timedelta(microseconds=value)
        moment: datetime = value
        return moment.astimezone(UTC)


JsonObject = dict[str, Any]
"""A JSON object whose keys its writer chooses."""


class Json(TypeDecorator[Any]):
    """A value stored as JSON text on both databases; `kind` is its type, checked both ways.

    With `sort_keys` equal values are equal texts, so that they can be compared and indexed. Assign
    a new value to change the stored one: a change inside it is not noticed.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any, *, sort_keys: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.sort_keys = sort_keys
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        plain = self._adapter.dump_python(value, mode="json", warnings="error")
        return json.dumps(plain, sort_keys=self.sort_keys)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else self._adapter.validate_json(value)
