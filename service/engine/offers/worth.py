"""What lists come to on paper by worth of their households."""

import polars as pl

from service.engine.offers.arms import Arm


def by_worth(households: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """What lists come to by worth of their households, those held out aside; by decile.

    worth_decile, households, floor_cents, ceiling_cents, offers, face_value_cents (all lists),
    mean_face_value_cents (rounded down), below_floor (households), shortfall_cents.
    """
    lists_worth = chosen.group_by("household_id").agg(
        pl.len().cast(pl.Int64).alias("offers"), pl.col("face_value_cents").sum()
    )
    missing = (pl.col("face_value_floor_cents") - pl.col("face_value_cents")).clip(lower_bound=0)
    return (
        households.filter(pl.col("arm") == Arm.EXPOSED)
        .join(lists_worth, on="household_id", how="left")
        .with_columns(pl.col("offers", "face_value_cents").fill_null(0))
        .group_by("worth_decile")
        .agg(
            pl.len().cast(pl.Int64).alias("households"),
            pl.col("face_value_floor_cents").first().alias("floor_cents"),
            pl.col("face_value_ceiling_cents").first().alias("ceiling_cents"),
            pl.col("offers").sum(),
            pl.col("face_value_cents").sum(),
            (pl.col("face_value_cents").sum() // pl.len()).alias("mean_face_value_cents"),
            (missing > 0).sum().cast(pl.Int64).alias("below_floor"),
            missing.sum().alias("shortfall_cents"),
        )
        .sort("worth_decile")
    )
