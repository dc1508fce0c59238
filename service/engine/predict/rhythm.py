"""On which days people buy more: weekdays, and times of the month when pay and benefits come.

Purchases a day of the whole base are Poisson counts with more spread than Poisson's: a line bent
every eight weeks for the trend, a weekday, and a part of the month of five days (Nelder and
Wedderburn 1972, quasi-likelihood). Weekday and part are drawn to nothing, so that a short or
irregular history says little. A horizon that holds busier days adds the log of their mean factor
to every log-odds; seven days hold every weekday, so the weekday matters to odd horizons only.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints

WEEKDAYS = 7
PART_DAYS = 5
PARTS = 6
BEND_DAYS = 56
WEEKDAY_SPREAD = 0.3
PART_SPREAD = 0.05
STEPS = 8
LARGEST_STEP = 1.0


def even() -> Floats:
    """The rhythm of a base nothing is known of: every day alike."""
    return np.zeros(WEEKDAYS + PARTS)


def learned(bought: Floats, first: int) -> Floats:
    """Log factors of seven weekdays from Monday, then six parts of a month.

    `bought` is how many events there were on each day from day number `first` on. Of these days
    the mean factor is one.
    """
    if not bought.any():
        return even()
    day = np.arange(len(bought))
    bends = np.arange(0, len(bought) + BEND_DAYS, BEND_DAYS)
    trend = np.maximum(0.0, 1.0 - np.abs(day[:, None] - bends) / BEND_DAYS)
    marks = _marks(first + day)
    inputs = np.hstack([trend, marks])
    pull = np.concatenate(
        [
            np.full(len(bends), 1e-4),
            np.full(WEEKDAYS, WEEKDAY_SPREAD**-2),
            np.full(PARTS, PART_SPREAD**-2),
        ]
    )
    found = np.zeros(inputs.shape[1])
    found[: len(bends)] = np.log(bought.mean())
    target = found.copy()
    for _ in range(STEPS):
        mean = np.exp(np.clip(inputs @ found, -20.0, 20.0))
        free = max(len(bought) - inputs.shape[1], 1)
        spread = max(1.0, float(((bought - mean) ** 2 / mean).sum()) / free)
        slope = inputs.T @ (bought - mean) - spread * pull * (found - target)
        curve = (inputs * mean[:, None]).T @ inputs + np.diag(spread * pull)
        found += np.clip(np.linalg.solve(curve, slope), -LARGEST_STEP, LARGEST_STEP)
    rhythm = found[len(bends) :]
    rhythm[WEEKDAYS:] -= np.log(np.exp(marks @ rhythm).mean())
    return rhythm


def offset(rhythm: Floats, day: int, days: int) -> float:
    """What the `days` from day number `day` on add to the log-odds of a purchase within them."""
    return float(np.log(np.exp(_marks(day + np.arange(days)) @ rhythm).mean()))


def _marks(days: Ints) -> Floats:
    """Which weekday and which part of its month each day number is: (days, 13) of 0 and 1."""
    # Day 0, 1970-01-01, was a Thursday.
    weekday = (days + 3) % WEEKDAYS
    dates = days.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    part = np.minimum(of_month // PART_DAYS, PARTS - 1)
    return np.hstack([np.eye(WEEKDAYS)[weekday], np.eye(PARTS)[part]])
