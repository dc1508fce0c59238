"""What many households buy, for a list that follows from nothing its own household bought."""

from datetime import date, timedelta
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


def general_items(
    purchases: pl.DataFrame, goods: pl.DataFrame, *, as_of: date, horizon_days: int
) -> pl.DataFrame:
    """The items that the households of `purchases` buy most often, of each department: `ITEMS`.

    `purchases`: household_id, item_id, purchased_at, quantity; `goods`: item_id, department, of
    what lists may propose. A household counts in each horizon in which it bought anything. Days
    after the newest purchase count for nobody. The likeliest comes first, ties by item.
    """
    if purchases.is_empty():
        return no_general_items()
    newest = purchases["purchased_at"].dt.date().max()
    assert isinstance(newest, date)
    end = min(as_of, newest + timedelta(days=1))
    ago = (pl.lit(end) - pl.col("purchased_at").dt.date()).dt.total_days()
    seen = (
        purchases.filter(pl.col("quantity") > 0)
        .select("household_id", "item_id", ((ago - 1) // horizon_days).alias("window"))
        .filter(pl.col("window").is_between(0, WINDOWS - 1))
        .unique()
    )
    households = seen.select("household_id", "window").unique().height
    rank = pl.int_range(pl.len()).over("department")
    return (
        seen.group_by("item_id")
        .agg(
            (pl.len() / households).round(_DIGITS).alias("p_purchase"),
            pl.col("household_id").n_unique().alias("buyers"),
        )
        .filter(pl.col("buyers") >= LEAST_HOUSEHOLDS)
        .join(goods.select("item_id", "department"), on="item_id")
        .sort("p_purchase", "item_id", descending=[True, False])
        .filter(rank < PER_DEPARTMENT)
        .select(pl.col(name).cast(kind) for name, kind in ITEMS.items())
    )
