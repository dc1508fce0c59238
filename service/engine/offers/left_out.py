"""Who does not get an offer that is considered for them, and why."""

from enum import StrEnum

import polars as pl

from service.engine.lift import held_out
from service.engine.offers.targeting import not_targeted


class LeftOut(StrEnum):
    """Why a household does not get an offer all the same."""

    TARGET = "target"
    """The offer is for others."""
    CONTROL = "control"
    """The household is in the offer's control share."""
    UNLIKELY = "unlikely"
    """It hardly buys the goods, and likelier offers are left (`likely.without_unlikely`)."""


def left_out(
    pairs: pl.DataFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    buyers: pl.DataFrame,
    *,
    seed: int,
) -> pl.Series:
    """The reason of each pair, or null; in the order of `pairs`.

    `pairs`: household_id, offer_id, cell, control_share; the others as `targeting.not_targeted`
    takes them.
    """
    missed = not_targeted(pairs, offers, households, buyers)
    return pl.select(
        pl.when(missed)
        .then(pl.lit(LeftOut.TARGET))
        .when(in_control(pairs, seed))
        .then(pl.lit(LeftOut.CONTROL))
        .alias("left_out")
    ).to_series()


def in_control(pairs: pl.DataFrame, seed: int) -> pl.Series:
    """Whether each pair's household is in the control share of its offer."""
    salts = pl.format("offer:{}:{}", "offer_id", pl.lit(seed))
    return held_out(
        pairs["household_id"], pairs["control_share"], salt=pairs.select(salts).to_series()
    )


def given(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that are not left out."""
    return pairs.filter(pl.col("left_out").is_null())
