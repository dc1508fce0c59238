"""The view of a table that an address asks for, and the addresses of other views of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from service.pages.listing.cells import Cell
from service.pages.listing.columns import Column, Filter

MOST_CHARACTERS = 120
_LARGEST_ID = 2**63 - 1
_KEY = re.compile(r"[0-9A-Za-z-]{1,60}")

Key = int | str
"""What tells a row of a table from all others, and where it is in the table's order."""


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for: the filters that are filled in, the columns, order and page.

    `after` and `before` are the keys of the row that the page begins after or ends before, as text.
    """

    path: str
    filters: Mapping[str, Sequence[str]]
    columns: Sequence[str]
    order: str
    after: str | None = None
    before: str | None = None
    usual_columns: Sequence[str] = ()
    usual_order: str = ""

    def one(self, name: str) -> str:
        """The value of a filter that has one; empty where it is not filled in."""
        values = self.filters.get(name, ())
        return values[0] if values else ""

    def several(self, name: str) -> Sequence[str]:
        """The values of a filter."""
        return self.filters.get(name, ())

    @property
    def after_number(self) -> int | None:
        """`after` of a table whose keys are ids; None where it is none."""
        return _number(self.after)

    @property
    def before_number(self) -> int | None:
        """`before` of a table whose keys are ids; None where it is none."""
        return _number(self.before)

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is filled in."""
        return any(self.filters.values())

    def address(self, suffix: str = "") -> str:
        """The address of this view; what is usual is left out."""
        pairs = [(name, value) for name, values in self.filters.items() for value in values]
        if list(self.columns) != list(self.usual_columns):
            pairs += [("column", name) for name in self.columns]
        if self.order != self.usual_order:
            pairs.append(("order", self.order))
        if self.after is not None:
            pairs.append(("after", self.after))
        if self.before is not None:
            pairs.append(("before", self.before))
        return f"{self.path}{suffix}" + (f"?{urlencode(pairs)}" if pairs else "")

    def first(self) -> "View":
        """The first page of it."""
        return replace(self, after=None, before=None)

    def following(self, key: Key) -> "View":
        """The page after a row."""
        return replace(self, after=str(key), before=None)

    def preceding(self, key: Key) -> "View":
        """The page before a row."""
        return replace(self, after=None, before=str(key))

    def sorted_by(self, order: str) -> "View":
        """The first page in another order."""
        return replace(self.first(), order=order)

    def without(self, name: str) -> "View":
        """The first page without a filter."""
        left = {each: values for each, values in self.filters.items() if each != name}
        return replace(self.first(), filters=left)

    def unfiltered(self) -> "View":
        """The first page without filters."""
        return replace(self.first(), filters={})

    def toggled(self, column: Column) -> str | None:
        """The order that a click on a column's head asks for; None where it cannot be sorted."""
        if column.orders is None:
            return None
        usual, other = column.orders
        return other if self.order == usual else usual

    def direction(self, column: Column) -> str:
        """How the column is sorted now, as `aria-sort` says it; empty where it is not."""
        if column.orders is None or self.order not in column.orders:
            return ""
        is_first = self.order == column.orders[0]
        return "ascending" if is_first is not column.falls_first else "descending"


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a table, ready to be drawn: `rows` are (key, name of the row, cells).

    `total` says how many match, or is empty where that is not counted.
    """

    view: View
    filters: Sequence[Filter]
    columns: Sequence[Column]
    shown: Sequence[Column]
    rows: Sequence[tuple[Key, str, Sequence[Cell]]]
    has_before: bool
    has_after: bool
    total: str = ""

    @property
    def next_view(self) -> View | None:
        """The next page."""
        return self.view.following(self.rows[-1][0]) if self.has_after and self.rows else None

    @property
    def previous_view(self) -> View | None:
        """The page before."""
        return self.view.preceding(self.rows[0][0]) if self.has_before and self.rows else None


def read_view(
    path: str,
    query: QueryParams,
    *,
    filters: Sequence[Filter],
    columns: Sequence[Column],
    orders: Sequence[str],
) -> View:
    """The view that an address asks for. What is not understood is left out."""
    found: dict[str, list[str]] = {}
    for each in filters:
        values = [value.strip()[:MOST_CHARACTERS] for value in query.getlist(each.name)]
        known = {value for value, _ in each.choices}
        good = [value for value in values if value and "\x00" not in value]
        if each.choices:
            good = [value for value in good if value in known]
        if good:
            found[each.name] = list(dict.fromkeys(good))
    usual = [column.name for column in columns if column.usual or column.always]
    wanted = set(query.getlist("column"))
    chosen = [column.name for column in columns if column.always or column.name in wanted]
    order = query.get("order", "")
    return View(
        path=path,
        filters=found,
        columns=chosen if wanted else usual,
        order=order if order in orders else orders[0],
        after=_key(query.get("after")),
        before=_key(query.get("before")),
        usual_columns=usual,
        usual_order=orders[0],
    )


def _key(text: str | None) -> str | None:
    return text if text is not None and _KEY.fullmatch(text) else None


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST_ID else None
