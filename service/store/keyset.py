"""Pages by key, whatever their number: of rows that are sorted by a key, the largest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
    key: Any,
    *,
    after: Any,
    before: Any,
    limit: int,
) -> Turned[Any]:
    """The page of a statement's rows that follows the row with key `after`, or precedes `before`.

    The first page without either. `key` is unique.
    """
    if before is not None and after is None:
        found = session.exec(
            statement.where(key > before).order_by(key.asc()).limit(limit + 1)
        ).all()
        return Turned(found[:limit][::-1], has_before=len(found) > limit, has_after=True)
    if after is not None:
        statement = statement.where(key < after)
    found = session.exec(statement.order_by(key.desc()).limit(limit + 1)).all()
    return Turned(found[:limit], has_before=after is not None, has_after=len(found) > limit)
