"""What a household will buy of goods that it begins to need, by who buys such goods already."""

import numpy as np
import polars as pl

from service.engine.predict.model import Model

DIGITS = 6


def beginners(model: Model, goods: pl.DataFrame, *, horizon_days: int) -> pl.DataFrame:
    """The chance within the horizon of each item of some groups: item_id, p_purchase.

    `goods` has group and item_id. Whoever begins with a group buys an item of it with the share of
    its buyers, among those of the item of the group that most households buy, and then as often as
    they do (`Items.rate`, a Poisson process). Items that nobody buys are left out; one of several
    groups has the greatest of its chances.
    """
    rows = model.items.rows_of(goods["item_id"])
    known = goods.select("group", "item_id").with_columns(
        pl.Series("buyers", model.items.buyers[rows], dtype=pl.Float64),
        pl.Series("again", -np.expm1(-model.items.rate[rows] * horizon_days), dtype=pl.Float64),
    )
    share = pl.col("buyers") / pl.col("buyers").max().over("group")
    return (
        known.filter(pl.col("buyers") > 0)
        .with_columns((share * pl.col("again")).round(DIGITS).alias("p_purchase"))
        .group_by("item_id")
        .agg(pl.col("p_purchase").max())
        .sort("item_id")
    )
