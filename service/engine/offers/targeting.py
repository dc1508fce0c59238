"""Whom offers are for: cells, tiers, regions, stores, and buyers of their products."""

import json
from datetime import date, timedelta
from typing import Any

import polars as pl

# Bought within so many weeks, a product makes its household a current buyer.
CURRENT_WEEKS = 26
HOUSEHOLDS: dict[str, Any] = {
    "household_id": pl.Int64,
    "region": pl.String,
    "store": pl.String,
    "tier": pl.String,
}
"""What offers may ask of a household; null where it is not known."""
BUYERS: dict[str, Any] = {"household_id": pl.Int64, "offer_id": pl.Int64, "buyer": pl.String}
_TARGETS: dict[str, Any] = {"offer_id": pl.Int64, "target": pl.String, "value": pl.String}
# The column of `known` in `not_targeted` that each kind of target is compared with.
_COMPARED_WITH = {"tier": "tiers", "region": "regions", "store": "stores", "buyer": "buyers"}


def no_households() -> pl.DataFrame:
    """What is known of households where no offer asks."""
    return pl.DataFrame(schema=HOUSEHOLDS)


def targets_of(offers: pl.DataFrame) -> pl.DataFrame:
    """Whom offers are for: offer_id, target (`cells`, `tiers`, ...), value; a row a value."""
    rows = [
        (offer_id, target, value)
        for offer_id, targets in offers.select("offer_id", "targets").iter_rows()
        if targets != "{}"
        for target, values in json.loads(targets).items()
        for value in values
    ]
    return pl.DataFrame(rows, schema=_TARGETS, orient="row")


def targeted_households(
    *, regions: pl.DataFrame | None = None, stores: pl.DataFrame | None = None
) -> pl.DataFrame:
    """`HOUSEHOLDS` from what was read of them; a frame that no offer asks for is None.

    `regions`: household_id, region. `stores`: household_id, store. No tier yet, see `with_tiers`.
    """
    households = no_households()
    for frame in (regions, stores):
        if frame is not None:
            households = households.drop(frame.columns[1]).join(
                frame, on="household_id", how="full", coalesce=True
            )
    return households.select(list(HOUSEHOLDS))


def with_tiers(households: pl.DataFrame, tiers: pl.DataFrame) -> pl.DataFrame:
    """`HOUSEHOLDS` with what each is worth: `tiers` has household_id, tier."""
    return (
        households.drop("tier")
        .join(tiers.select("household_id", "tier"), on="household_id", how="full", coalesce=True)
        .select(list(HOUSEHOLDS))
    )


def not_targeted(
    pairs: pl.DataFrame, offers: pl.DataFrame, households: pl.DataFrame, buyers: pl.DataFrame
) -> pl.Series:
    """Whether each pair's offer is for others; in the order of `pairs`.

    `pairs`: household_id, offer_id, cell. An offer with several kinds of target wants all of them
    met, each by one of its values. `households` as in `HOUSEHOLDS`, `buyers` as `buyer_kinds` gives
    them.
    """
    targets = targets_of(offers)
    if targets.is_empty():
        return pl.Series([False]).new_from_index(0, pairs.height)
    known = (
        pairs.select("household_id", "offer_id", pl.col("cell").alias("cells"))
        .join(households, on="household_id", how="left", maintain_order="left")
        .join(buyers, on=["household_id", "offer_id"], how="left", maintain_order="left")
        .with_columns(pl.col("buyer").fill_null("new"))
        .rename(_COMPARED_WITH)
    )
    missed = pl.Series([False]).new_from_index(0, pairs.height)
    for target in targets["target"].unique().sort():
        wanted = targets.filter(pl.col("target") == target).select(
            "offer_id", _compared("value").alias(target), pl.lit(True).alias("met")
        )
        asks = known["offer_id"].is_in(wanted["offer_id"].unique().implode())
        met = known.select("offer_id", _compared(target).alias(target)).join(
            wanted.unique(), on=["offer_id", target], how="left", maintain_order="left"
        )["met"]
        missed = missed | (asks & met.is_null())
    return missed


def buyer_kinds(purchases: pl.DataFrame, products: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Which households ever bought an offer's products, in the columns of `BUYERS`.

    `buyer` is `current` or `lapsed`; whoever never bought is in no row. `products`: offer_id, gtin.
    """
    day = pl.col("purchased_at").cast(pl.Date)
    recent = day.max() >= as_of - timedelta(weeks=CURRENT_WEEKS)
    return (
        purchases.filter(pl.col("quantity") > 0)
        .select("household_id", "gtin", "purchased_at")
        .join(products, on="gtin")
        .group_by("household_id", "offer_id")
        .agg(pl.when(recent).then(pl.lit("current")).otherwise(pl.lit("lapsed")).alias("buyer"))
    )


def _compared(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()
