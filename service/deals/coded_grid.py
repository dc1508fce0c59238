"""The cells of a table below its header: each distinct text is read once, rows hold its number."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Positions: TypeAlias = NDArray[np.int64]
"""Rows of a grid, counted from 0."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column: its distinct values, and which of them each row has; -1 where it is empty.

    Values are hashable. Two may be equal, as those of `1.0` and `1.00` are.
    """

    values: Sequence[Any]
    codes: Positions

    def matches(self, wanted: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Which rows have a value that is wanted."""
        hits = np.array([*map(wanted, self.values), False])
        return hits[self.codes]

    def series(self, kind: Any, default: object = None) -> pl.Series:
        """The value in each row, `default` where the cell is empty."""
        values = pl.Series([*self.values, default], dtype=kind)
        return values.gather(np.where(self.codes < 0, len(self.values), self.codes))

    def map_values(self, change: Callable[[Any], Any]) -> "GridColumn":
        """The column with other values."""
        return GridColumn([change(value) for value in self.values], self.codes)


@dataclass(frozen=True, slots=True)
class GridRow:
    """One deal as read: its table and row, and its values by column; empty cells are left out."""

    table: int
    row: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CodedGrid:
    """The deals of one table: their rows in the sheet, their columns, and which have no fault.

    Every column is dictionary-encoded: distinct values, and a code per row."""

    table: int
    rows: Positions
    columns: dict[str, GridColumn]
    faultless: NDArray[np.bool_]

    @property
    def height(self) -> int:
        """How many deals there are."""
        return len(self.rows)

    def codes(self, name: str) -> Positions:
        """Which value of a column each row has; -1 in every row of a column that is not there."""
        cells = self.columns.get(name)
        return np.full(self.height, -1, np.int64) if cells is None else cells.codes

    def filled(self, name: str) -> NDArray[np.bool_]:
        """The rows that have a value in a column."""
        return self.codes(name) >= 0

    def series(self, name: str, kind: Any, default: object = None) -> pl.Series:
        """The values of a column, `default` where it is empty or not there."""
        return self.columns.get(name, GridColumn((), self.codes(name))).series(kind, default)

    def row(self, position: int) -> GridRow:
        """One row."""
        return GridRow(self.table, int(self.rows[position]), self.values(position, self.columns))

    def values(self, position: int, names: Iterable[str]) -> dict[str, Any]:
        """The values of some columns in a row; empty cells are left out."""
        found = {}
        for name in names:
            cells = self.columns.get(name)
            if cells is not None and (code := cells.codes[position]) >= 0:
                found[name] = cells.values[code]
        return found

    def group_rows(
        self, positions: Positions, names: Iterable[str], more: Positions | None = None
    ) -> "RowKinds":
        """Rows grouped by their values in some columns (and by `more`, a number per row)."""
        columns = [self.columns[name].codes[positions] for name in names if name in self.columns]
        return group_alike([*columns, *([] if more is None else [more])], height=len(positions))


@dataclass(frozen=True, slots=True)
class RowKinds:
    """Rows grouped into kinds: the first row of each kind, and the kind of every row."""

    first: Positions
    of: Positions

    def members(self) -> Sequence[Positions]:
        """The rows of each kind."""
        order = np.argsort(self.of, kind="stable")
        return np.split(order, np.searchsorted(self.of[order], np.arange(1, len(self.first))))


def group_alike(columns: Sequence[Positions], *, height: int) -> RowKinds:
    """Group rows that are equal in every column."""
    kind = np.zeros(height, np.int64)
    for codes in columns:
        # Renumbered after each column, so that no product of the sizes overflows.
        wide = kind * (int(codes.max(initial=-1)) + 2) + codes + 1
        kind = np.unique(wide, return_inverse=True)[1]
    _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    return RowKinds(first.astype(np.int64), kind.astype(np.int64))


def encode_texts(texts: pl.Series) -> tuple[list[str], Positions]:
    """The distinct texts in order of appearance, and which of them each row has (-1 for none)."""
    frame = texts.alias("text").to_frame()
    seen = frame.drop_nulls().unique(maintain_order=True)
    codes = frame.join(
        seen.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("code")),
        on="text", how="left", maintain_order="left",
    )["code"]  # fmt: skip
    return seen["text"].to_list(), codes.fill_null(-1).to_numpy().astype(np.int64)
