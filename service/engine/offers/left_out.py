"""Who does not get an offer that is considered for them, and why."""

from enum import StrEnum

import polars as pl

from service.engine.lift import held_out
from service.engine.lift.draw import OFFER_SALT
from service.engine.offers.overrides import OverrideAct, matching
from service.engine.offers.targeting import not_targeted


class LeftOut(StrEnum):
    """Why a household does not get an offer all the same."""

    BANNED = "banned"
    """Somebody banned the offer from their lists."""
    TARGET = "target"
    """The offer is for others."""
    USED_UP = "limit_used_up"
    """They have used the deal as often as they may; considered only where it is pinned."""
    CONTROL = "control"
    """The household is in the offer's control share."""
    UNLIKELY = "unlikely"
    """It hardly buys the goods, and likelier offers are left (`likely.without_unlikely`)."""


def left_out(
    pairs: pl.DataFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    buyers: pl.DataFrame,
    overrides: pl.DataFrame,
    *,
    seed: int,
) -> pl.Series:
    """The reason of each pair, or null; in the order of `pairs`.

    `pairs`: household_id, offer_id, cell, control_share, limit_per_household (the uses that are
    left); `overrides` as `overrides.OVERRIDES`; the others as `targeting.not_targeted` takes them.
    """
    banned = matching(pairs, overrides, OverrideAct.BAN).is_not_null()
    missed = not_targeted(pairs, offers, households, buyers)
    return pl.select(
        pl.when(banned)
        .then(pl.lit(LeftOut.BANNED))
        .when(missed)
        .then(pl.lit(LeftOut.TARGET))
        .when(pairs["limit_per_household"] < 1)
        .then(pl.lit(LeftOut.USED_UP))
        .when(in_control(pairs, seed))
        .then(pl.lit(LeftOut.CONTROL))
        .alias("left_out")
    ).to_series()


def in_control(pairs: pl.DataFrame, seed: int) -> pl.Series:
    """Whether each pair's household is in the control share of its offer."""
    salts = pl.format(OFFER_SALT, "offer_id", pl.lit(seed))
    return held_out(
        pairs["household_id"], pairs["control_share"], salt=pairs.select(salts).to_series()
    )


def given(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that are not left out."""
    return pairs.filter(pl.col("left_out").is_null())
