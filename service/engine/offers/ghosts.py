"""Copies that were withheld: what households would have been given, had they not been held out.

Comparing those who got a copy with those who did not would compare keen buyers with others, because
copies go where they are worth most. So what the held-out would have been given is chosen by the
same step, at the prices of the very cycle (Johnson, Lewis and Nubbemeyer 2017, "ghost ads").
"""

from collections.abc import Mapping

import polars as pl

from service.engine.allocate import PriceBook, ShortfallPrices, allocate_household
from service.engine.lift import held_out
from service.engine.offers.arms import Arm
from service.engine.offers.beside_pins import households_beside, pairs_beside
from service.engine.offers.left_out import LeftOut
from service.engine.offers.pins import NO_PINS, Pins

GHOSTS = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "arm": pl.String,
    "cell": pl.String,
    "weight": pl.Float64,
}
_CONTROLLED = "_controlled"
# As many households at most choose in each arm; beyond that a sample of them does.
_MOST = {Arm.HOLDOUT: 20_000, Arm.CONTROL: 2_000}


def ghosts(
    pairs: pl.DataFrame,
    prices: pl.DataFrame,
    households: pl.DataFrame,
    *,
    terms: ShortfallPrices,
    holdout_percent: int,
    salt: str,
    pins: Pins = NO_PINS,
) -> pl.DataFrame:
    """The copies withheld in a cycle, in the columns of `GHOSTS`, by household and offer.

    `pairs` as `candidates` gives them, `prices` of the cycle's allocation, `households` with their
    limits and `arm`. Copies pinned to the held-out are withheld as well, if `pins` would have
    given them. A copy weighs as many given ones as it stands for: the share of its kind that
    was given over the share that was held out and chose.
    """
    book = PriceBook(prices)
    pairs = pairs.filter(pl.col("offer_id").is_in(prices["offer_id"].implode()))
    controlled = pl.col("left_out") == LeftOut.CONTROL
    in_control = pl.col("household_id").is_in(
        pairs.filter(controlled)["household_id"].unique().implode()
    )
    is_held = pl.col("arm") == Arm.HOLDOUT
    held, held_share = _sampled(households.filter(is_held), Arm.HOLDOUT, salt)
    others, others_share = _sampled(households.filter(~is_held & in_control), Arm.CONTROL, salt)
    withheld = pairs.with_columns(
        controlled.fill_null(False).alias(_CONTROLLED),
        pl.when(controlled).then(None).otherwise("left_out").alias("left_out"),
    ).filter(pl.col("left_out").is_null())
    chosen = [
        *_chosen(withheld.filter(~pl.col(_CONTROLLED)), held, book, terms, Arm.HOLDOUT, pins),
        *(
            each.filter(_CONTROLLED)
            for each in _chosen(withheld, others, book, terms, Arm.CONTROL, pins)
        ),
    ]
    weight = _weight(holdout_percent, held_share=held_share, control_share=others_share)
    empty = withheld.clear().with_columns(pl.lit(None, pl.String).alias("arm"))
    return (
        pl.concat([empty, *chosen])
        # A partner's slot has no cell: nothing is bought of it.
        .filter(pl.col("cell").is_not_null())
        .with_columns(weight.alias("weight"))
        .select(pl.col(name).cast(kind) for name, kind in GHOSTS.items())
        .sort("household_id", "offer_id")
    )


def _weight(holdout_percent: int, *, held_share: float, control_share: float) -> pl.Expr:
    """How many given copies one ghost stands for; the shares are of those who chose."""
    out, control = holdout_percent / 100, pl.col("control_share") / 100
    given = (1 - out) * (1 - control)
    chose = out * (1 - control) * held_share + (1 - out) * control * control_share
    return given / chose


def _sampled(households: pl.DataFrame, arm: Arm, salt: str) -> tuple[pl.DataFrame, float]:
    """All of these households, or a sample; and the share it is."""
    if households.height <= _MOST[arm]:
        return households, 1.0
    percent = max(1, 100 * _MOST[arm] // households.height)
    drawn = held_out(households["household_id"], percent, salt=f"ghost:{arm}:{salt}")
    return households.filter(drawn), percent / 100


def _chosen(
    pairs: pl.DataFrame,
    households: pl.DataFrame,
    book: PriceBook,
    terms: ShortfallPrices,
    arm: Arm,
    pins: Pins,
) -> list[pl.DataFrame]:
    """What each household would get by pins, and choose of its other pairs at the prices."""
    mine = pairs.filter(pl.col("household_id").is_in(households["household_id"].implode()))
    homes = households.with_columns(pl.lit(Arm.EXPOSED).alias("arm"))
    pinned = pins.would_give(mine, homes)
    limits: dict[int, Mapping[str, int | None]] = {
        row["household_id"]: row for row in households_beside(homes, pinned).iter_rows(named=True)
    }
    mine = pairs_beside(mine, pinned, homes)
    by_pin = pinned.given.select(pairs.columns).with_columns(pl.lit(arm).alias("arm"))
    return [
        by_pin,
        *(
            allocate_household(
                each, book, limits[each["household_id"][0]], terms=terms
            ).with_columns(pl.lit(arm).alias("arm"))
            for each in mine.partition_by("household_id", maintain_order=True)
        ),
    ]
