"""A view of a table as a CSV file, made while it is sent."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import polars as pl
from starlette.responses import StreamingResponse

from service.files.csv_cells import BOM, guarded
from service.pages.languages import Language
from service.pages.listing.columns import Column, Row
from service.pages.listing.view import Key, View

ROWS = 500
"""So many rows are read at a time."""

MOST_PAGES = 200
"""A file has at most so many times `ROWS` rows."""


class Found(Protocol):
    """A page of rows, and whether there are others after it."""

    @property
    def rows(self) -> Sequence[Any]: ...
    @property
    def has_after(self) -> bool: ...


def every_row(
    view: View, find: Callable[[View, int], Found], key: Callable[[Any], Key]
) -> Iterator[Sequence[Any]]:
    """The rows of a view from its first page on, page by page, each read when it is wanted.

    `find` reads so many rows of a view; `key` is that of a row.
    """
    view = view.first()
    for _ in range(MOST_PAGES):
        found = find(view, ROWS)
        yield found.rows
        if not found.has_after:
            return
        view = view.following(key(found.rows[-1]))


def csv_file(
    name: str, pages: Iterable[Sequence[Row]], columns: Sequence[Column], language: Language
) -> StreamingResponse:
    """The answer that saves a table as `name`.csv."""
    return StreamingResponse(
        csv_rows(pages, columns, language),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def csv_rows(
    pages: Iterable[Sequence[Row]], columns: Sequence[Column], language: Language
) -> Iterator[bytes]:
    """The parts of the file, page by page: the heads, and the columns that are shown.

    No spreadsheet takes a cell for a formula, and the byte-order mark lets it read the letters.
    """
    heads = [language.text(column.title) for column in columns]
    yield BOM + _lines([heads])
    for rows in pages:
        cells = [[_plain(column, row, language) for column in columns] for row in rows]
        if cells:
            yield _lines(cells)


def _lines(cells: Sequence[Sequence[str]]) -> bytes:
    schema = {str(place): pl.String for place in range(len(cells[0]))}
    frame = guarded(pl.DataFrame(cells, orient="row", schema=schema))
    return frame.write_csv(include_header=False, line_terminator="\r\n").encode()


def _plain(column: Column, row: Row, language: Language) -> str:
    cell = column.cell(row, language)
    if cell.plain is not None:
        return cell.plain
    return f"{cell.text} ({cell.below})" if cell.below else cell.text
