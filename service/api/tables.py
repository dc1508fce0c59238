"""Listings as `text/csv`: the rows of the pages, from the cursor to the last, as they are read.

Which of both is sent says `Accept`; JSON where a client takes either as well.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from service.api.paging import Page, page_of
from service.files.csv_cells import guarded_text

Row = TypeVar("Row")
ListedRow = TypeVar("ListedRow", bound=BaseModel)
Key = TypeVar("Key")

CSV = "text/csv"
TOGETHER = 500
"""So many rows are read at a time."""

AS_TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page; or with `Accept: text/csv` every row from the cursor on",
        "content": {CSV: {"schema": {"type": "string"}}},
    }
}
"""For the `responses` of a route that sends either."""


def prefers_csv(request: Request) -> bool:
    """Whether a client would rather have CSV than JSON (RFC 9110, 12.5.1)."""
    weights = _weights(request.headers.get("accept", "*/*"))

    def weight(media_type: str) -> float:
        main = media_type.split("/")[0]
        names = (media_type, f"{main}/*", "*/*")
        return next((weights[name] for name in names if name in weights), 0.0)

    return weight(CSV) > weight("application/json")


AsCsv = Annotated[bool, Depends(prefers_csv)]


def every_page(
    find: Callable[[Key | None, int], Sequence[Row]],
    after: Key | None,
    *,
    key: Callable[[Row], Key],
    together: int = TOGETHER,
) -> Iterator[Sequence[Row]]:
    """The rows from after a key to the last, page by page, each read when it is wanted.

    `find` returns at most so many rows from after a key.
    """
    while True:
        rows, cursor = page_of(lambda most: find(after, most), together, key=key)  # noqa: B023
        yield rows
        if cursor is None:
            return
        after = key(rows[-1])


def listed(
    page: type[Page],
    columns: type[ListedRow],
    find: Callable[[int | None, int], Sequence[ListedRow]],
    *,
    key: Callable[[ListedRow], int],
    after: int | None,
    limit: int,
    as_csv: bool,
) -> Any:
    """The answer of a listing: a page of what `find` returns, or all of it from `after` on as CSV.

    The page has one field of its own, the rows; the file of the CSV is called like it.
    """
    (name,) = page.model_fields.keys() - Page.model_fields.keys()
    if as_csv:
        pages = every_page(find, after, key=key)
        return table(name, columns, pages)
    found, cursor = page_of(partial(find, after), limit, key=key)
    return page.model_validate({name: found, "cursor": cursor})


def table(name: str, columns: type[BaseModel], pages: Iterator[Sequence[BaseModel]]) -> Any:
    """The answer that sends rows as `name`.csv: UTF-8, CRLF after each line, names above.

    What is nothing is an empty cell, an object or a list is JSON. No spreadsheet takes a text for
    a formula. The first page is read before anything is sent, so that what is wrong with the
    request is still a problem.
    """
    first = next(pages)
    names = list(columns.model_fields)

    def lines() -> Iterator[str]:
        yield _lines([names])
        for rows in chain([first], pages):
            if rows:
                yield _lines([_cells(row, names) for row in rows])

    return StreamingResponse(
        lines(),
        media_type=f"{CSV}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"},
    )


def _lines(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _cells(row: BaseModel, names: Sequence[str]) -> list[str]:
    values = row.model_dump(mode="json")
    return [_cell(values[name]) for name in names]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded_text(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _weights(accept: str) -> dict[str, float]:
    """The weight of each media range of a header; what is malformed counts as not there."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            found[name] = float(weight)
        except ValueError:
            continue
    return found
