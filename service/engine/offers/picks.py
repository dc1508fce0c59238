"""What each household would be given at the prices of a cycle, whatever arm it was drawn into.

Comparing those who got a copy with those who did not would compare keen buyers with others, because
copies go where they are worth most. So every household, exposed or not, chooses by the same step at
the same prices, with no draw in the way; only then does its arm say which side it is on (Johnson,
Lewis and Nubbemeyer 2017, "ghost ads"). What was really given differs a little from that, because
the lists are made together: the share is kept with each copy (intention to treat).

Where the cycle explores, households choose so again with other draws of the hash. How often a
household takes a copy then is the chance it had (Rosenbaum and Rubin 1983, the propensity).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate import PriceBook, ShortfallPrices
from service.engine.allocate.redraws import choose_again
from service.engine.offers.arms import Arm
from service.engine.offers.beside_pins import households_beside, pairs_beside
from service.engine.offers.explore import NO_EXPLORATION, Exploration
from service.engine.offers.left_out import LeftOut
from service.engine.offers.pins import NO_PINS, Pins

PICKS = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "arm": pl.String,
    "cell": pl.String,
    "weight": pl.Float64,
    "is_given": pl.Boolean,
    "chance": pl.Float64,
    "depth_percent": pl.Int64,
}
CHANCES = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "cell": pl.String,
    "depth_percent": pl.Int64,
    "chance": pl.Float64,
    "is_picked": pl.Boolean,
    "is_given": pl.Boolean,
    "p_without": pl.Float64,
    "expected_gain": pl.Float64,
}
REDRAWS = 32
"""How often households choose again; a chance is a multiple of one in so many."""
LEARNABLE = (0.05, 0.95)
"""A copy whose chance is nearer to 0 or 1 teaches next to nothing: hardly anybody is like it."""
_CONTROLLED = "_controlled"
_KEYS = ["household_id", "offer_id"]


def is_learnable() -> pl.Expr:
    """Whether a copy's `chance` is far enough from 0 and 1."""
    return pl.col("chance").is_between(*LEARNABLE, closed="both").fill_null(False)


@dataclass(frozen=True, slots=True)
class Picked:
    """What the rule of a cycle picks, and where a household might as well have chosen otherwise.

    `picks`: by household and offer, in the columns of `PICKS`. `chances`: of exposed households,
    every pair that some draw takes and another does not, and every copy given that no draw takes;
    in the columns of `CHANCES`. A copy given that is not among them has the chance 1. They choose
    among what they could really get, without what they are in the control share of. Where nothing
    is explored there are none, and `chance` is null, as it is of copies withheld or pinned.
    """

    picks: pl.DataFrame
    chances: pl.DataFrame


def picks(
    pairs: pl.DataFrame,
    prices: pl.DataFrame,
    households: pl.DataFrame,
    *,
    given: pl.DataFrame,
    terms: ShortfallPrices,
    holdout_percent: int,
    pins: Pins = NO_PINS,
    explore: Exploration = NO_EXPLORATION,
) -> Picked:
    """The copies that the rule of a cycle picks, and the chances they had.

    `pairs` as `candidates` gives them with their `depth_percent`, worth as it is; `prices` of the
    cycle's allocation, `households` with their limits and `arm`; `given` has household_id and
    offer_id of the copies printed. A withheld copy (a ghost) weighs as many given ones as it stands
    for: the share of its kind that was given over the share that was held out. Whoever is held out
    of both cycle and deal is in neither arm. What `pins` would have given anybody is picked before
    all else, and has no chance.
    """
    controlled = pl.col("left_out") == LeftOut.CONTROL
    open_pairs = pairs.filter(
        pl.col("offer_id").is_in(prices["offer_id"].implode()),
        pl.col("left_out").is_null() | controlled,
        pl.col("household_id").is_in(households["household_id"].implode()),
    ).with_columns(
        controlled.fill_null(False).alias(_CONTROLLED), pl.lit(None, pl.String).alias("left_out")
    )
    everybody = households.with_columns(pl.lit(Arm.EXPOSED).alias("arm"))
    pinned = pins.would_give(open_pairs, everybody)
    beside = pairs_beside(open_pairs, pinned, everybody)
    homes, book = households_beside(everybody, pinned), PriceBook(prices)
    printed = given.select(*_KEYS, pl.lit(True).alias("is_given"))
    chances = _chances(
        beside.filter(~pl.col(_CONTROLLED)).join(
            households.filter(pl.col("arm") == Arm.EXPOSED), on="household_id", how="semi"
        ),
        book,
        homes,
        printed,
        terms=terms,
        explore=explore,
    )
    picked = beside
    if not beside.is_empty():
        chosen = next(choose_again(beside, book, homes, [explore.values(beside)], terms=terms))
        picked = beside.filter(pl.Series(chosen))
    both = (
        pl.concat([pinned.given.select(beside.columns), picked])
        # A partner's slot has no cell: nothing is bought of it.
        .filter(pl.col("cell").is_not_null())
        .join(
            households.select("household_id", pl.col("arm").alias("household_arm")),
            on="household_id",
        )
        .join(printed, on=_KEYS, how="left")
        .join(chances.select(*_KEYS, "chance"), on=_KEYS, how="left")
        .with_columns(pl.col("is_given").fill_null(False))
    )
    return Picked(_with_arms(both, holdout_percent=holdout_percent), _open(chances))


def _chances(
    pairs: pl.DataFrame,
    book: PriceBook,
    homes: pl.DataFrame,
    printed: pl.DataFrame,
    *,
    terms: ShortfallPrices,
    explore: Exploration,
) -> pl.DataFrame:
    """`CHANCES` of all the pairs that exposed households really chose among; none unexplored."""
    if pairs.is_empty() or not explore.share:
        return pl.DataFrame(schema=CHANCES)

    def worth() -> Iterator[NDArray[np.float64]]:
        yield explore.values(pairs)
        for number in range(REDRAWS):
            yield explore.values(pairs, draw=str(number))

    chosen = choose_again(pairs, book, homes, worth(), terms=terms)
    picked = next(chosen)
    times = np.zeros(len(picked), np.int64)
    for each in chosen:
        times += each
    return (
        pairs.with_columns(
            pl.Series("is_picked", picked, pl.Boolean),
            pl.Series("chance", times / REDRAWS, pl.Float64),
        )
        .filter(pl.col("cell").is_not_null())
        .join(printed, on=_KEYS, how="left")
        .with_columns(pl.col("is_given").fill_null(False))
        .select(pl.col(name).cast(kind) for name, kind in CHANCES.items())
    )


def _with_arms(both: pl.DataFrame, *, holdout_percent: int) -> pl.DataFrame:
    """The copies picked, with the arm and the weight of each."""
    out, control = holdout_percent / 100, pl.col("control_share") / 100
    kept = (1 - out) * (1 - control)
    withheld = out * (1 - control) + (1 - out) * control
    is_held, controlled = pl.col("household_arm") == Arm.HOLDOUT, pl.col(_CONTROLLED)
    return (
        both.filter(~(is_held & controlled))
        .with_columns(
            pl.when(is_held)
            .then(pl.lit(Arm.HOLDOUT))
            .when(controlled)
            .then(pl.lit(Arm.CONTROL))
            .otherwise(pl.lit(Arm.EXPOSED))
            .alias("arm"),
            pl.when(is_held | controlled).then(kept / withheld).otherwise(1.0).alias("weight"),
        )
        .select(pl.col(name).cast(kind) for name, kind in PICKS.items())
        .sort("household_id", "offer_id")
    )


def _open(chances: pl.DataFrame) -> pl.DataFrame:
    """The pairs that could have been chosen otherwise, and copies given that no draw picks."""
    chance = pl.col("chance")
    is_open = (chance > 0) & (chance < 1)
    surprising = pl.col("is_picked").cast(pl.Float64) != chance
    unforeseen = pl.col("is_given") & (chance == 0)
    return chances.filter(is_open | surprising | unforeseen).sort(_KEYS)
