"""The calendar: on which weekdays and at which times of the month people buy more.

The purchases of all households on a day are counts with mean exp(trend + weekday + part of the
month) and more variance than a Poisson count (quasi-likelihood, Nelder and Wedderburn 1972). The
trend is piecewise linear with a knot every eight weeks; a part of the month has five days. The
effects of weekday and part are shrunk to zero, so that a short or irregular history changes little.
A forecast window adds the log of the mean factor of its days to all log-odds. Whole weeks hold each
weekday equally often, so weekdays matter only to other horizons.
"""

from __future__ import annotations

import numpy as np

from service.engine.loops.symmetric import solve_small
from service.engine.predict.events import Floats, Ints

WEEKDAYS = 7
PART_DAYS = 5
PARTS = 6
KNOT_DAYS = 56
WEEKDAY_SPREAD = 0.3
PART_SPREAD = 0.05
STEPS = 8
LARGEST_STEP = 1.0


def flat_rhythm() -> Floats:
    """The effects before any data: all zero, so that every day is alike."""
    return np.zeros(WEEKDAYS + PARTS)


def learn_rhythm(bought: Floats, first: int) -> Floats:
    """Fit log factors: seven weekdays from Monday, then six parts of the month.

    `bought` is the number of events on each day, starting at day number `first`. The mean factor
    over these days is one.
    """
    if not bought.any():
        return flat_rhythm()
    day = np.arange(len(bought))
    knots = np.arange(0, len(bought) + KNOT_DAYS, KNOT_DAYS)
    trend = np.maximum(0.0, 1.0 - np.abs(day[:, None] - knots) / KNOT_DAYS)
    indicators = _indicators(first + day)
    inputs = np.hstack([trend, indicators])
    penalty = np.concatenate(
        [
            np.full(len(knots), 1e-4),
            np.full(WEEKDAYS, WEEKDAY_SPREAD**-2),
            np.full(PARTS, PART_SPREAD**-2),
        ]
    )
    weights = np.zeros(inputs.shape[1])
    weights[: len(knots)] = np.log(bought.mean())
    target = weights.copy()
    for _ in range(STEPS):
        mean = np.exp(np.clip(np.einsum("nk,k->n", inputs, weights), -20.0, 20.0))
        free = max(len(bought) - inputs.shape[1], 1)
        spread = max(1.0, float(((bought - mean) ** 2 / mean).sum()) / free)
        gradient = np.einsum("nk,n->k", inputs, bought - mean) - spread * penalty * (
            weights - target
        )
        curvature = np.einsum("nk,nl->kl", inputs * mean[:, None], inputs)
        curvature += np.diag(spread * penalty)
        weights += np.clip(solve_small(curvature, gradient), -LARGEST_STEP, LARGEST_STEP)
    rhythm = weights[len(knots) :]
    rhythm[WEEKDAYS:] -= np.log(np.exp(np.einsum("nk,k->n", indicators, rhythm)).mean())
    return rhythm


def calendar_log_odds(rhythm: Floats, day: int, days: int) -> float:
    """What a window of `days` days from day number `day` adds to the log-odds of a purchase."""
    return float(
        np.log(np.exp(np.einsum("nk,k->n", _indicators(day + np.arange(days)), rhythm)).mean())
    )


def _indicators(days: Ints) -> Floats:
    """Weekday and part of the month of each day number, as 0 and 1: (days, 13)."""
    # Day 0, 1970-01-01, was a Thursday.
    weekday = (days + 3) % WEEKDAYS
    dates = days.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    part = np.minimum(of_month // PART_DAYS, PARTS - 1)
    return np.hstack([np.eye(WEEKDAYS)[weekday], np.eye(PARTS)[part]])
