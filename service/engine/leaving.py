"""Households about to leave: those that stayed away far longer than their own rhythm explains.

The logarithms of the days between a household's visits are taken to be normal, with a mean and a
spread of its own; both lean on those of all households (a normal prior of the means, an inverse
gamma of the variances, estimated from the data), so that a household with few visits is judged by
what is usual. The next gap then follows Student's t (the usual posterior predictive; Gelman et al.,
Bayesian Data Analysis, 3rd ed., 3.3 and 5.4), and the chance that it is longer than the household
has been away already says how unusual its absence is. Who has left comes back no more; a household
may have done so after any visit (`_LEFT`), so that it is ever likelier the longer a gap grows.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
LEAST_VISITS = 6
"""Fewer visits in the year before are no rhythm."""
MOST_CHANCE = 0.02
"""A household is named when no more of its gaps than this share are as long as its absence,"""
LEAST_GONE = 0.3
"""and when it will stay away for `AHEAD_DAYS` more at least as likely as this."""
AHEAD_DAYS = 56
_LEFT = 0.0005
"""The share of visits after which a household never comes back, before anything is known of it."""
LEAST_DAYS = 21
"""However regular it is, so many days of absence are no farewell."""
_PRIOR_GAPS = 4.0
"""How many gaps of its own a household's spread is as good as known without."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The mean and the variance of households' mean log gaps, and the variance within."""

    mean: float
    between: float
    within: float


def gaps(visits: pl.DataFrame) -> pl.DataFrame:
    """household_id, visits, last_day, mean and variance of the log gaps, by household.

    `visits`: household_id, day; several baskets of a day are one visit.
    """
    days = visits.select("household_id", "day").unique().sort("household_id", "day")
    gap = (pl.col("day") - pl.col("day").shift(1).over("household_id")).dt.total_days()
    logs = days.with_columns(gap.cast(pl.Float64).log().alias("log"))
    return (
        logs.group_by("household_id")
        .agg(
            pl.len().cast(pl.Int64).alias("visits"),
            pl.col("day").max().alias("last_day"),
            pl.col("log").mean().alias("mean"),
            pl.col("log").var().alias("variance"),
        )
        .sort("household_id")
    )


def rhythm_of(found: pl.DataFrame) -> Rhythm:
    """What is usual among households with a rhythm (rows of `gaps`)."""
    known = found.filter(pl.col("visits") >= LEAST_VISITS)
    if known.is_empty():
        return Rhythm(float(np.log(7.0)), 1.0, 0.5)
    count = known["visits"].to_numpy() - 1.0
    mean, variance = known["mean"].to_numpy(), known["variance"].fill_null(0.0).to_numpy()
    within = float((variance * (count - 1)).sum() / max((count - 1).sum(), 1.0))
    spread = float(mean.var(ddof=1)) if len(mean) > 1 else 1.0
    between = max(spread - float((within / count).mean()), 0.01)
    return Rhythm(float(mean.mean()), between, max(within, 0.01))


def away(found: pl.DataFrame, rhythm: Rhythm, *, as_of: date) -> pl.DataFrame:
    """The rows of `gaps` with days_away, usual_days (the median gap), `chance` and `gone`.

    `chance` is that a gap of the household is longer than it has been away, `gone` that it does not
    come back within `AHEAD_DAYS`. Households without a rhythm are left out.
    """
    known = found.filter(pl.col("visits") >= LEAST_VISITS).with_columns(
        (pl.lit(as_of) - pl.col("last_day")).dt.total_days().alias("days_away")
    )
    count = known["visits"].to_numpy() - 1.0
    mean, variance = known["mean"].to_numpy(), known["variance"].fill_null(0.0).to_numpy()
    own = (rhythm.within * _PRIOR_GAPS + variance * (count - 1)) / (_PRIOR_GAPS + count - 1)
    lean = own / (own + count * rhythm.between)
    centre = lean * rhythm.mean + (1 - lean) * mean
    error = np.sqrt(own + lean * rhythm.between)
    days = np.maximum(known["days_away"].to_numpy(), 1)

    def longer(than: Floats) -> Floats:
        return np.asarray(stdtr(_PRIOR_GAPS + count - 1, -(np.log(than) - centre) / error))

    chance, later = longer(days), longer(days + AHEAD_DAYS)
    gone = (_LEFT + (1 - _LEFT) * later) / (_LEFT + (1 - _LEFT) * chance)
    return known.with_columns(
        pl.Series("usual_days", np.exp(centre), pl.Float64),
        pl.Series("chance", chance, pl.Float64),
        pl.Series("gone", gone, pl.Float64),
    )


def leaving(visits: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The households about to leave, the most unusual absence first: rows of `away`.

    `visits` (household_id, day) of the year before `as_of`.
    """
    found = gaps(visits)
    return (
        away(found, rhythm_of(found), as_of=as_of)
        .filter(
            pl.col("chance") <= MOST_CHANCE,
            pl.col("gone") >= LEAST_GONE,
            pl.col("days_away") >= LEAST_DAYS,
        )
        .sort("chance", "household_id")
    )
