"""Pages by key, whatever their number: of rows that are sorted by a key, the largest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turned(Generic[T]):
    """A page, and whether there are rows before and after it."""

    rows: Sequence[T]
    has_before: bool
    has_after: bool


def turn(
    session: Session,
    statement: Any,
    key: Sequence[Any],
    *,
    after: Sequence[Any] | None,
    before: Sequence[Any] | None,
    limit: int,
) -> Turned[Any]:
    """The page of a statement's rows that follows the row with key `after`, or precedes `before`.

    The first page without either. `key` are columns that are unique together; where the first
    are equal, the next ones decide.
    """
    if before is not None and after is None:
        rising = [column.asc() for column in key]
        above = statement.where(beyond(key, before, is_rising=True))
        found = session.exec(above.order_by(*rising).limit(limit + 1)).all()
        return Turned(found[:limit][::-1], has_before=len(found) > limit, has_after=True)
    if after is not None:
        statement = statement.where(beyond(key, after, is_rising=False))
    falling = [column.desc() for column in key]
    found = session.exec(statement.order_by(*falling).limit(limit + 1)).all()
    return Turned(found[:limit], has_before=after is not None, has_after=len(found) > limit)


def beyond(key: Sequence[Any], place: Sequence[Any], *, is_rising: bool) -> ColumnElement[bool]:
    """Whether a row comes after a place, by several columns.

    Column by column, because values of a tuple are bound without the types of its columns: on
    SQLite a moment would be compared as text with numbers.
    """
    first, value = key[0], place[0]
    here: ColumnElement[bool] = first > value if is_rising else first < value
    if len(key) == 1:
        return here
    # An index finds what is not before the place; what is equal is told apart after that.
    bound = first >= value if is_rising else first <= value
    return and_(bound, or_(here, beyond(key[1:], place[1:], is_rising=is_rising)))
