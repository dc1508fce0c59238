"""Listings by page: the parameters of a request, and the cursor of the next page."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import BaseModel

from service.api.deps import MAX_ID

Row = TypeVar("Row")
_BEFORE = "The cursor of the page before"

After = Annotated[int | None, Query(ge=1, le=MAX_ID, description=_BEFORE)]
AfterText = Annotated[str, Query(max_length=64, pattern=r"^[\x21-\x7e]*$", description=_BEFORE)]
Limit = Annotated[int, Query(ge=1, le=200)]


class Page(BaseModel):
    """A page of a listing: send `cursor` as `after` for the next page; it is null on the last."""

    cursor: str | None


def page_of(
    find: Callable[[int], Sequence[Row]], limit: int, *, key: Callable[[Row], Any]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page and the cursor of the next, which is the key of the last row.

    `find` returns at most as many rows as requested. One row more than `limit` is requested, which
    shows whether there is a next page.
    """
    found = find(limit + 1)
    rows = found[:limit]
    return rows, str(key(rows[-1])) if len(found) > limit else None
