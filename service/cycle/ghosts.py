"""Copies held out: what a household would have been given, had it not been held out.

Comparing those who got a copy with those who did not would compare keen buyers with others, because
copies go where they are worth most. So what the held-out would have been given is chosen by the
same step, at the prices of the very cycle (Johnson, Lewis and Nubbemeyer 2017, "ghost ads").
"""

from collections.abc import Mapping

import polars as pl

from service.cycle.stages import CONTROL
from service.engine.allocate import PriceBook, Terms, allocate_household
from service.engine.lift import held_out

HOLDOUT = "holdout"
GHOSTS = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "arm": pl.String,
    "cell": pl.String,
    "weight": pl.Float64,
}
# As many households at most choose in each arm; beyond that a sample of them does.
_MOST = {HOLDOUT: 20_000, CONTROL: 2_000}


def ghosts(
    pairs: pl.DataFrame,
    prices: pl.DataFrame,
    homes: pl.DataFrame,
    *,
    terms: Terms,
    holdout_percent: int,
    salt: str,
) -> pl.DataFrame:
    """The copies held out of a cycle, in the columns of `GHOSTS`, by household and offer.

    `pairs` as `stages.candidates` gives them, `prices` of the cycle's allocation, `homes` the
    households with their limits and `arm`. A copy weighs as many given ones as it stands for: the
    share of its kind that was given over the share that was held out and asked.
    """
    book = PriceBook(prices)
    pairs = pairs.filter(pl.col("offer_id").is_in(prices["offer_id"].implode()))
    is_held = pl.col("arm") == HOLDOUT
    left_out = pl.col("left_out") == CONTROL
    controlled = pairs.filter(left_out)["household_id"].unique()
    held, held_share = _some(homes.filter(is_held), HOLDOUT, salt)
    others, others_share = _some(
        homes.filter(~is_held & pl.col("household_id").is_in(controlled.implode())), CONTROL, salt
    )
    given = pairs.filter(pl.col("left_out").is_null())
    eligible = pairs.filter(pl.col("left_out").is_null() | left_out)
    chosen = [
        *_chosen(given, held, book, terms, HOLDOUT),
        *(each.filter(left_out) for each in _chosen(eligible, others, book, terms, CONTROL)),
    ]
    out, control = holdout_percent / 100, pl.col("control_share") / 100
    weight = (1 - out) * (1 - control)
    asked = out * (1 - control) * held_share + (1 - out) * control * others_share
    empty = given.clear().with_columns(pl.lit(None, pl.String).alias("arm"))
    return (
        pl.concat([empty, *chosen])
        # A partner's slot has no cell: nothing is bought of it.
        .filter(pl.col("cell").is_not_null())
        .with_columns((weight / asked).alias("weight"))
        .select(pl.col(name).cast(kind) for name, kind in GHOSTS.items())
        .sort("household_id", "offer_id")
    )


def _some(homes: pl.DataFrame, arm: str, salt: str) -> tuple[pl.DataFrame, float]:
    """All of these households, or a sample; and the share it is."""
    if homes.height <= _MOST[arm]:
        return homes, 1.0
    percent = max(1, 100 * _MOST[arm] // homes.height)
    drawn = held_out(homes["household_id"], percent, salt=f"ghost:{arm}:{salt}")
    return homes.filter(drawn), percent / 100


def _chosen(
    pairs: pl.DataFrame, homes: pl.DataFrame, book: PriceBook, terms: Terms, arm: str
) -> list[pl.DataFrame]:
    """What each household would choose of its pairs at the prices."""
    limits: dict[int, Mapping[str, int | None]] = {
        row["household_id"]: row for row in homes.iter_rows(named=True)
    }
    mine = pairs.filter(pl.col("household_id").is_in(homes["household_id"].implode()))
    return [
        allocate_household(each, book, limits[each["household_id"][0]], terms=terms).with_columns(
            pl.lit(arm).alias("arm")
        )
        for each in mine.partition_by("household_id", maintain_order=True)
    ]
