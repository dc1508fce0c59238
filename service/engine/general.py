"""What many households buy, for a list that follows from nothing its own household bought."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

ITEMS: dict[str, Any] = {"item_id": pl.Int64, "p_purchase": pl.Float64}
"""The columns of general items: the share of households that buy it within the horizon."""
LEAST_HOUSEHOLDS = 20
"""An item that fewer households bought is no general one: it would tell of them."""
PER_DEPARTMENT = 4
"""So many items of a department, so that one that all buy from does not fill the list."""
WINDOWS = 4
"""So many horizons before the day are counted, which evens out single weeks."""
_DIGITS = 6


def no_general_items() -> pl.DataFrame:
    """Where nothing was counted."""
    return pl.DataFrame(schema=ITEMS)


def general_days(purchases: pl.DataFrame, *, horizon_days: int) -> pl.DataFrame:
    """On which days households bought what, as far as general items may count it.

    `purchases`: household_id, item_id, purchased_at, quantity. Returns household_id, item_id, day,
    of the windows before the newest purchase; a later one of others only leaves less of it.
    """
    day = pl.col("purchased_at").dt.date()
    return (
        purchases.with_columns(day.alias("day"))
        .filter(
            (pl.col("day").max() - pl.col("day")).dt.total_days() < WINDOWS * horizon_days,
            pl.col("quantity") > 0,
        )
        .select("household_id", "item_id", "day")
        .unique()
    )


def general_items(
    days: Iterable[pl.DataFrame], goods: pl.DataFrame, *, newest: date | None, horizon_days: int
) -> pl.DataFrame:
    """The items that households buy most often, of each department: `ITEMS`.

    `days` are the `general_days` of some households after others, `newest` is the day of the last
    purchase of any (None where there was none); `goods`: item_id, department, of what lists may
    propose. A household counts in each horizon in which it bought anything. Days after the newest
    purchase count for nobody. The likeliest comes first, ties by item.
    """
    if newest is None:
        return no_general_items()
    counts, households = [], 0
    for some in days:
        ago = (pl.lit(newest) - pl.col("day")).dt.total_days()
        seen = (
            some.select("household_id", "item_id", (ago // horizon_days).alias("window"))
            .filter(pl.col("window").is_between(0, WINDOWS - 1))
            .unique()
        )
        households += seen.select("household_id", "window").unique().height
        counts.append(
            seen.group_by("item_id").agg(
                pl.len().cast(pl.Int64).alias("times"),
                pl.col("household_id").n_unique().cast(pl.Int64).alias("buyers"),
            )
        )
    rank = pl.int_range(pl.len()).over("department")
    return (
        pl.concat(counts)
        .group_by("item_id")
        .agg(pl.col("times", "buyers").sum())
        .filter(pl.col("buyers") >= LEAST_HOUSEHOLDS)
        .select("item_id", (pl.col("times") / households).round(_DIGITS).alias("p_purchase"))
        .join(goods.select("item_id", "department"), on="item_id")
        .sort("p_purchase", "item_id", descending=[True, False])
        .filter(rank < PER_DEPARTMENT)
        .select(pl.col(name).cast(kind) for name, kind in ITEMS.items())
    )
