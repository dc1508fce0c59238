"""The cells of a table below its header: each text read once, and every row told by numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Spots: TypeAlias = NDArray[np.int64]
"""Rows of a grid, counted from 0."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One column: its values, and which of them stands in each row; -1 where it is empty.

    Values can be hashed. Two may be equal, as those of `1.0` and `1.00` are.
    """

    values: Sequence[Any]
    codes: Spots

    def among(self, wanted: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """The rows whose value is wanted."""
        hits = np.array([*map(wanted, self.values), False])
        return hits[self.codes]

    def series(self, kind: Any, default: object = None) -> pl.Series:
        """The value in each row, `default` where the cell is empty."""
        values = pl.Series([*self.values, default], dtype=kind)
        return values.gather(np.where(self.codes < 0, len(self.values), self.codes))

    def mapped(self, change: Callable[[Any], Any]) -> "Cells":
        """The column with other values."""
        return Cells([change(value) for value in self.values], self.codes)


@dataclass(frozen=True, slots=True)
class Row:
    """One deal as read: where it stands, and its values by column; what is empty is not there."""

    table: int
    row: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """The deals of one table: their rows in the sheet, their columns, and which have no fault."""

    table: int
    rows: Spots
    columns: dict[str, Cells]
    whole: NDArray[np.bool_]

    @property
    def height(self) -> int:
        """How many deals there are."""
        return len(self.rows)

    def codes(self, name: str) -> Spots:
        """Which value of a column each row has; -1 in every row of a column that is not there."""
        cells = self.columns.get(name)
        return np.full(self.height, -1, np.int64) if cells is None else cells.codes

    def filled(self, name: str) -> NDArray[np.bool_]:
        """The rows that have a value in a column."""
        return self.codes(name) >= 0

    def series(self, name: str, kind: Any, default: object = None) -> pl.Series:
        """The values of a column, `default` where it is empty or not there."""
        return self.columns.get(name, Cells((), self.codes(name))).series(kind, default)

    def row(self, spot: int) -> Row:
        """One row."""
        return Row(self.table, int(self.rows[spot]), self.values(spot, self.columns))

    def values(self, spot: int, names: Iterable[str]) -> dict[str, Any]:
        """What stands in some columns of a row."""
        found = {}
        for name in names:
            cells = self.columns.get(name)
            if cells is not None and (code := cells.codes[spot]) >= 0:
                found[name] = cells.values[code]
        return found

    def kinds(self, spots: Spots, names: Iterable[str], more: Spots | None = None) -> "Kinds":
        """Some rows by what stands in some columns (and by `more`, a number for each)."""
        columns = [self.columns[name].codes[spots] for name in names if name in self.columns]
        return alike([*columns, *([] if more is None else [more])], height=len(spots))


@dataclass(frozen=True, slots=True)
class Kinds:
    """Rows that are alike in what counts: the first of each kind, and the kind of every row."""

    first: Spots
    of: Spots

    def members(self) -> Sequence[Spots]:
        """The rows of each kind."""
        order = np.argsort(self.of, kind="stable")
        return np.split(order, np.searchsorted(self.of[order], np.arange(1, len(self.first))))


def alike(columns: Sequence[Spots], *, height: int) -> Kinds:
    """Rows of one kind are equal in every column."""
    kind = np.zeros(height, np.int64)
    for codes in columns:
        # Numbered anew each time, so that no product of the sizes overflows.
        wide = kind * (int(codes.max(initial=-1)) + 2) + codes + 1
        kind = np.unique(wide, return_inverse=True)[1]
    _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    return Kinds(first.astype(np.int64), kind.astype(np.int64))


def coded(texts: pl.Series) -> tuple[list[str], Spots]:
    """The different texts in the order they first stand in, and which of them each row has."""
    frame = texts.alias("text").to_frame()
    seen = frame.drop_nulls().unique(maintain_order=True)
    codes = frame.join(
        seen.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("code")),
        on="text", how="left", maintain_order="left",
    )["code"]  # fmt: skip
    return seen["text"].to_list(), codes.fill_null(-1).to_numpy().astype(np.int64)
