"""How simulated shoppers respond to their lists: what they buy besides what they buy anyway."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

_SHOP_DAYS = 14
"""What a list adds is bought within so many days."""


def _draw(*key: object) -> float:
    """A number in [0, 1) that belongs to a key."""
    text = ":".join(map(str, key))
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def added(
    copies: pl.DataFrame,
    goods: pl.DataFrame,
    history: pl.DataFrame,
    counted: pl.DataFrame,
    *,
    least_units: Mapping[str, int],
    number: int,
    truth: float,
) -> pl.DataFrame:
    """What households buy more for their lists, in the columns of baskets, and `added`: purchases.

    `copies` as `store.chances.printed`, with the gain that the stated defaults expect; `goods` of
    their deals; `history` is what households buy while their lists are valid, `counted` while the
    outcomes of the cycle are. Of each cell as many copies add a purchase as the truth says, all of
    them in households that do not buy the goods anyway; fewer where there are not enough of those.
    `added` is 1 for a copy that the rule of the cycle picked, as nearly all are.
    """
    anyway = (
        counted.select(pl.col("household_id").alias("ref"), "gtin")
        .join(goods, on="gtin")
        .select("ref", "offer_id")
        .unique()
    )
    wanted = copies.with_columns(
        pl.Series("draw", [_draw("add", number, *row) for row in
                           copies.select("ref", "offer_id").iter_rows()], pl.Float64)
    )  # fmt: skip
    idle = wanted.join(anyway, on=["ref", "offer_id"], how="anti")
    by_cell = wanted.group_by("cell").agg((truth * pl.col("expected_gain").sum()).alias("wanted"))
    taken = (
        idle.join(by_cell, on="cell")
        .with_columns((pl.col("expected_gain") / pl.col("expected_gain").sum().over("cell")
                       * pl.col("wanted")).alias("chance"))
        .filter(pl.col("draw") < pl.col("chance"))
    )  # fmt: skip
    rows = [_line(row, history, least_units, number) for row in taken.iter_rows(named=True)]
    schema = pl.Schema({**history.schema, "added": pl.Int64()})
    return pl.DataFrame(rows, schema=schema, orient="row")


def _line(
    row: dict[str, Any], history: pl.DataFrame, least_units: Mapping[str, int], number: int
) -> dict[str, Any]:
    """A line more in one of the household's baskets of the next days, or a basket of its own."""
    units = least_units.get(row["deal_ref"], 1)
    first: datetime = history["purchased_at"].sort()[0]
    mine = history.filter(
        pl.col("household_id") == row["ref"],
        pl.col("purchased_at") < first + timedelta(days=_SHOP_DAYS),
    )
    if mine.is_empty():
        basket = {
            "basket_id": f"9{number}{int(row['ref']):06d}",
            "store_id": history["store_id"][0],
            "purchased_at": first + timedelta(days=3),
        }
    else:
        place = int(_draw("basket", number, row["ref"], row["offer_id"]) * mine.height)
        basket = mine.row(place, named=True)
    return {
        **basket,
        "household_id": row["ref"],
        "line": 500 + row["offer_id"],
        "gtin": row["gtin"],
        "quantity": units,
        "unit": "each",
        "amount_cents": units * row["price_cents"],
        "added": int(row["is_picked"]),
    }


def split(
    history: pl.DataFrame, more: pl.DataFrame, copies: pl.DataFrame, goods: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The baskets that go through tills, those with goods of the household's copies; the others."""
    together = pl.concat([history, more.select(history.columns)])
    used = (
        together.select(pl.col("household_id").alias("ref"), "gtin", "basket_id")
        .join(goods, on="gtin")
        .join(copies.select("ref", "offer_id"), on=["ref", "offer_id"])
        .select("basket_id")
        .unique()
    )
    return (
        together.join(used, on="basket_id", how="semi"),
        together.join(used, on="basket_id", how="anti"),
    )
