"""Partners' slots: printed places that a partner pays for, unknown to the till."""

import polars as pl

from service.engine.offers.left_out import left_out
from service.engine.offers.overrides import OverrideAct, matching
from service.engine.offers.running import RunningOffers
from service.engine.offers.targeting import BUYERS
from service.engine.records import DealKind

# Nobody is expected to buy anything for a slot.
_CHANCES = ("p_without", "p_with", "expected_gain", "expected_redemptions")
_COSTS = ("cost_cents", "use_cents", "reserved_cents")


def slots(household_ids: pl.Series, running: RunningOffers, *, seed: int) -> pl.DataFrame:
    """Partners' slots for some households, in the columns of `candidates`, conflict_id aside.

    A slot is worth what the partner pays for it, and costs its budget the same. Some households
    never get it (`control_share`), as with any deal.
    """
    partners = running.offers.filter(pl.col("kind") == DealKind.PARTNER)
    pairs = (
        household_ids.unique()
        .sort()
        .to_frame("household_id")
        .join(partners, how="cross")
        .with_columns(
            pl.lit(None, pl.String).alias("cell"),
            pl.lit(0, pl.Int64).alias("face_value_cents"),
            pl.lit(1, pl.Int64).alias("uses"),
            pl.lit("paid for by a partner").alias("why"),
            *(pl.lit(0.0).alias(name) for name in _CHANCES),
            pl.lit(None, pl.Float64).alias("p_purchase"),
            *(pl.col("copy_fee_cents").alias(name) for name in _COSTS),
            pl.col("copy_fee_cents").cast(pl.Float64).alias("value_cents"),
        )
    )
    nobody = pl.DataFrame(schema=BUYERS)
    return pairs.with_columns(
        left_out(pairs, partners, running.households, nobody, running.overrides, seed=seed),
        matching(pairs, running.overrides, OverrideAct.PIN).alias("pin"),
    )
