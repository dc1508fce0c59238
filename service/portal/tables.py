"""Tables whose rows have ids and come newest first: a page, and the same as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from service.pages.languages import Language
from service.pages.listing import Column, Listing, View, csv_file, every_row, read_view

Row = TypeVar("Row")
ROWS = 50


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """A page of rows, and whether others are after it."""

    rows: Sequence[Row]
    has_after: bool


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A table at a path: `find` reads so many rows with a smaller id than one, newest first."""

    path: str
    columns: Sequence[Column]
    find: Callable[[int | None, int], Sequence[Row]]
    key: Callable[[Row], int]
    name: Callable[[Row], str]

    def view(self, request: Request) -> View:
        """The view that an address asks for."""
        return read_view(
            self.path, request.query_params, filters=[], columns=self.columns, orders=["newest"]
        )

    def listing(self, request: Request, language: Language) -> Listing:
        """A page of it."""
        view = self.view(request)
        shown = [column for column in self.columns if column.name in view.columns]
        found = self._page(view, ROWS)
        return Listing(
            view=view,
            filters=[],
            columns=self.columns,
            shown=shown,
            rows=[
                (self.key(row), self.name(row),
                 [column.cell({"row": row}, language) for column in shown])
                for row in found.rows
            ],
            has_before=False,
            has_after=found.has_after,
        )  # fmt: skip

    def file(self, request: Request, name: str, language: Language) -> Response:
        """All of it as CSV; money in minor units."""
        view = self.view(request)
        columns = [column for column in self.columns if column.name in view.columns]
        pages = every_row(view, self._page, self.key)
        rows: Any = ([{"row": row} for row in each] for each in pages)
        return csv_file(name, rows, columns, language)

    def _page(self, view: View, limit: int) -> Found[Row]:
        found = self.find(view.after_number, limit + 1)
        return Found(found[:limit], len(found) > limit)
