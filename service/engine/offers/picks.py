"""What each household would be given at the prices of a cycle, whatever arm it was drawn into.

Comparing those who got a copy with those who did not would compare keen buyers with others, because
copies go where they are worth most. So every household, exposed or not, chooses by the same step at
the same prices, with no draw in the way; only then does its arm say which side it is on (Johnson,
Lewis and Nubbemeyer 2017, "ghost ads"). What was really given differs a little from that, because
the lists are made together: the share is kept with each copy (intention to treat).
"""

import polars as pl

from service.engine.allocate import PriceBook, ShortfallPrices, allocate_each
from service.engine.offers.arms import Arm
from service.engine.offers.beside_pins import households_beside, pairs_beside
from service.engine.offers.left_out import LeftOut
from service.engine.offers.pins import NO_PINS, Pins

PICKS = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "arm": pl.String,
    "cell": pl.String,
    "weight": pl.Float64,
    "is_given": pl.Boolean,
}
_CONTROLLED = "_controlled"


def picks(
    pairs: pl.DataFrame,
    prices: pl.DataFrame,
    households: pl.DataFrame,
    *,
    given: pl.DataFrame,
    terms: ShortfallPrices,
    holdout_percent: int,
    pins: Pins = NO_PINS,
) -> pl.DataFrame:
    """The copies that the rule of a cycle picks, in the columns of `PICKS`, by household and offer.

    `pairs` as `candidates` gives them, `prices` of the cycle's allocation, `households` with their
    limits and `arm`; `given` has household_id and offer_id of the copies printed. A withheld copy
    (a ghost) weighs as many given ones as it stands for: the share of its kind that was given over
    the share that was held out. Whoever is held out of both cycle and deal is in neither arm. What
    `pins` would have given anybody is picked before all else.
    """
    book = PriceBook(prices)
    controlled = pl.col(_CONTROLLED)
    is_control = pl.col("left_out") == LeftOut.CONTROL
    is_held = pl.col("household_arm") == Arm.HOLDOUT
    open_pairs = pairs.filter(
        pl.col("offer_id").is_in(prices["offer_id"].implode()),
        pl.col("left_out").is_null() | is_control,
        pl.col("household_id").is_in(households["household_id"].implode()),
    ).with_columns(
        is_control.fill_null(False).alias(_CONTROLLED), pl.lit(None, pl.String).alias("left_out")
    )
    everybody = households.with_columns(pl.lit(Arm.EXPOSED).alias("arm"))
    pinned = pins.would_give(open_pairs, everybody)
    beside = pairs_beside(open_pairs, pinned, everybody)
    chosen = allocate_each(beside, book, households_beside(everybody, pinned), terms=terms)
    out, control = holdout_percent / 100, pl.col("control_share") / 100
    kept = (1 - out) * (1 - control)
    withheld = out * (1 - control) + (1 - out) * control
    return (
        pl.concat([pinned.given.select(chosen.columns), chosen])
        # A partner's slot has no cell: nothing is bought of it.
        .filter(pl.col("cell").is_not_null())
        .join(
            households.select("household_id", pl.col("arm").alias("household_arm")),
            on="household_id",
        )
        .filter(~(is_held & controlled))
        .join(
            given.select("household_id", "offer_id", pl.lit(True).alias("is_given")),
            on=["household_id", "offer_id"],
            how="left",
        )
        .with_columns(
            pl.when(is_held)
            .then(pl.lit(Arm.HOLDOUT))
            .when(controlled)
            .then(pl.lit(Arm.CONTROL))
            .otherwise(pl.lit(Arm.EXPOSED))
            .alias("arm"),
            pl.when(is_held | controlled).then(kept / withheld).otherwise(1.0).alias("weight"),
            pl.col("is_given").fill_null(False),
        )
        .select(pl.col(name).cast(kind) for name, kind in PICKS.items())
        .sort("household_id", "offer_id")
    )
