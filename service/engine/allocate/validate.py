"""Validation of an instance: columns, types, nulls and ids, checked here and trusted after."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.errors import InvalidInput, Problem

CANDIDATE_COLUMNS = (
    "household_id",
    "offer_id",
    "value_cents",
    "cost_cents",
    "face_value_cents",
    "category_id",
    "conflict_id",
)
OFFER_COLUMNS = ("offer_id", "budget_cents", "circulation_max", "circulation_min")
HOUSEHOLD_COLUMNS = (
    "household_id",
    "slots",
    "category_max",
    "face_value_floor_cents",
    "face_value_ceiling_cents",
)
UNLIMITED = np.iinfo(np.int64).max // 4
LARGEST = np.iinfo(np.int32).max
EXACT = 1 << 53
"""Above this float64 skips whole numbers."""
SHOWN = 10
SCALES = (10, 100, 1_000, 10_000)
NEARLY = 1e-6
"""A product is whole when it is so near to a whole number."""

Rows = NDArray[np.int64] | None


def refuse(detail: str, problems: Sequence[Problem]) -> InvalidInput:
    """The error for a faulty instance, naming the first few places."""
    first = "; ".join(str(problem) for problem in problems[:3])
    return InvalidInput(f"{detail}: {first}" if first else detail, problems)


def require_columns(schema: pl.Schema, columns: Sequence[str], *, frame: str) -> None:
    """Refuse a frame that lacks one of `columns`."""
    missing = [column for column in columns if column not in schema]
    if missing:
        raise refuse(
            f"{frame}: a column is missing",
            [Problem(f"{frame}.{c}", "column missing", "add it") for c in missing],
        )


def rows_where(
    bad: pl.Series | NDArray[np.bool_],
    *,
    frame: str,
    column: str,
    detail: str,
    remedy: str,
    rows: Rows = None,
) -> list[Problem]:
    """Problems for the first few rows where `bad` holds.

    `rows` are the rows' places in the whole frame from 0 (None: they are in order); the problems
    count from 1.
    """
    at = np.flatnonzero(np.asarray(bad))[:SHOWN]
    places = at if rows is None else rows[at]
    return [Problem(f"{frame} row {int(r) + 1}, {column}", detail, remedy) for r in places]


def whole(series: pl.Series, *, frame: str, rows: Rows = None, nullable: bool = False) -> pl.Series:
    """`series` as Int64; refuses text, fractions, negatives, and nulls unless `nullable`."""
    column = series.name
    if series.dtype == pl.Null:
        series = series.cast(pl.Int64)
    if series.dtype.is_decimal():
        series = series.cast(pl.Float64)
    if not (series.dtype.is_integer() or series.dtype.is_float()):
        raise refuse(
            f"{frame}: {column} must hold whole numbers",
            [Problem(f"{frame}.{column}", f"type is {series.dtype}", "send integers")],
        )
    faults: list[Problem] = []

    def check(bad: pl.Series, detail: str, remedy: str) -> None:
        if bad.any():
            faults.extend(
                rows_where(
                    bad.fill_null(False),
                    frame=frame,
                    column=column,
                    detail=detail,
                    remedy=remedy,
                    rows=rows,
                )
            )

    if not nullable and series.null_count():
        check(series.is_null(), "is empty", "give a number")
    if series.dtype.is_float():
        fraction = ~series.is_finite() | (series != series.floor())
        if fraction.any():
            check(fraction, "is not whole", _make_whole(series))
    check(series < 0, "is negative", "send zero or more")
    numbers = series.cast(pl.Int64, strict=False)
    if not faults:
        lost = numbers.is_null() & series.is_not_null()
        check(lost, "is too large", "check the unit; empty means no limit")
    if faults:
        raise refuse(f"{frame}: {column} cannot be used", faults)
    return numbers


def _make_whole(series: pl.Series) -> str:
    """What to do about fractions in a column: for money, what to multiply all of it by."""
    if not series.name.endswith("_cents"):
        return "send whole numbers"
    numbers = series.drop_nulls().cast(pl.Float64).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    for scale in SCALES:
        scaled = np.abs(numbers) * scale
        if (np.abs(scaled - np.round(scaled)) <= NEARLY).all():
            return (
                f"multiply all money of the instance by {scale}: every column that ends in _cents, "
                "and minimum_shortfall_price_cents"
            )
    return "round it to whole units; no factor up to 10000 makes the column whole"


def limits(series: pl.Series, *, frame: str) -> NDArray[np.int64]:
    """A limit column as integers; null means no limit and becomes UNLIMITED."""
    filled = whole(series, frame=frame, nullable=True).fill_null(UNLIMITED)
    return filled.clip(upper_bound=UNLIMITED).to_numpy()


def values(series: pl.Series, *, rows: Rows = None) -> NDArray[np.float64]:
    """`value_cents` as float64; may be negative or fractional, never null, NaN, beyond 2**53."""
    if series.dtype == pl.Null or series.dtype.is_decimal():
        series = series.cast(pl.Float64)
    if not (series.dtype.is_integer() or series.dtype.is_float()):
        raise refuse(
            "candidates: value_cents must hold numbers",
            [Problem("candidates.value_cents", f"type is {series.dtype}", "send numbers")],
        )
    numbers = series.cast(pl.Float64)
    for bad, detail in (
        (numbers.is_null() | ~numbers.is_finite().fill_null(True), "is not a number"),
        (numbers.abs() > EXACT, "is too large"),
    ):
        if bad.any():
            raise refuse(
                "candidates: value_cents cannot be used",
                rows_where(
                    bad,
                    frame="candidates",
                    column="value_cents",
                    detail=detail,
                    remedy="give the expected value in cents",
                    rows=rows,
                ),
            )
    return numbers.to_numpy()


class Ids:
    """The ids of one frame and the position of each; integers or text, unique, never null."""

    def __init__(self, series: pl.Series, *, frame: str) -> None:
        column = series.name
        if series.dtype == pl.Null:
            series = series.cast(pl.Int64)
        if not (series.dtype.is_integer() or series.dtype == pl.String):
            raise refuse(
                f"{frame}: {column} must hold integers or text",
                [Problem(f"{frame}.{column}", f"type is {series.dtype}", "cast the ids")],
            )
        for bad, detail in (
            (series.is_null(), "is empty"),
            (~series.is_first_distinct(), "occurs twice"),
        ):
            if bad.any():
                raise refuse(
                    f"{frame}: {column} cannot be used",
                    rows_where(bad, frame=frame, column=column, detail=detail, remedy="once each"),
                )
        self.series = series
        self.column = column
        self.frame = frame
        self._table: NDArray[np.int32] | None = None
        self._low = 0
        if series.dtype.is_integer() and len(series):
            low, high = int(series.min()), int(series.max())  # type: ignore[arg-type]
            if high < 2**63 and high - low < max(1 << 22, 8 * len(series)):
                self._low = low
                self._table = np.full(high - low + 1, -1, np.int32)
                self._table[series.cast(pl.Int64).to_numpy() - low] = np.arange(len(series))
        self._index = pl.DataFrame(
            {column: series, "position": np.arange(len(series), dtype=np.int32)}
        )

    def __len__(self) -> int:
        return len(self.series)

    def positions(self, series: pl.Series, *, rows: Rows = None) -> NDArray[np.int32]:
        """The position of every id; an unknown or null one is refused by its candidates row."""
        same_kind = series.dtype.is_integer() == self.series.dtype.is_integer()
        if not same_kind and len(series) and len(self):
            raise refuse(
                f"candidates: {self.column} has another type than in {self.frame}",
                [
                    Problem(
                        f"candidates.{self.column}",
                        f"type is {series.dtype}, in {self.frame} {self.series.dtype}",
                        "use one type for an id",
                    )
                ],
            )
        if not same_kind:
            found = np.full(len(series), -1, np.int32)
        elif (
            self._table is not None
            and not (places := series.cast(pl.Int64, strict=False)).null_count()
        ):
            at = places.to_numpy() - self._low
            inside = (at >= 0) & (at < len(self._table))
            found = self._table[np.where(inside, at, 0)]
            if not inside.all():
                found = np.where(inside, found, np.int32(-1))
        else:
            left = series.cast(self.series.dtype, strict=False).rename(self.column).to_frame()
            joined = left.join(self._index, on=self.column, how="left", maintain_order="left")
            found = joined["position"].fill_null(-1).to_numpy().astype(np.int32)
        if len(found) and found.min() < 0:
            raise refuse(
                f"candidates: {self.column} names nothing in {self.frame}",
                rows_where(
                    found < 0,
                    frame="candidates",
                    column=self.column,
                    detail=f"unknown in {self.frame}",
                    remedy=f"add it to {self.frame} or drop the row",
                    rows=rows,
                ),
            )
        return found
