"""When within the horizon an item is bought, given that it is: a discrete hazard by day.

The horizon is cut into at most fourteen bins. The network gives for every bin but the last the
probability that the first purchase falls there if it did not fall earlier (Cox 1972, discrete
time); the date expected is the median, which has the least mean absolute error.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints

MAX_BINS = 14


def bins(horizon_days: int) -> int:
    """Into how many bins the horizon is cut."""
    return min(horizon_days, MAX_BINS)


def questions(offset: Ints, horizon_days: int) -> tuple[Floats, Floats]:
    """Hazard targets and weights, (rows, bins - 1) each; `offset` days to the purchase, from 0."""
    size = bins(horizon_days)
    hit = (offset * size // horizon_days)[:, None]
    column = np.arange(size - 1)[None, :]
    return (column == hit).astype(np.float64), (column <= hit).astype(np.float64)


def spread_over(log_odds: Floats) -> Floats:
    """P(first purchase by the end of each bin | it is bought): (rows, bins), the last is 1."""
    hazard = 1.0 / (1.0 + np.exp(-log_odds))
    by = 1.0 - np.cumprod(1.0 - hazard, axis=1)
    return np.hstack([by, np.ones((len(by), 1))])


def even(rows: int, horizon_days: int) -> Floats:
    """The spread when nothing is known: every bin alike."""
    size = bins(horizon_days)
    return np.tile(np.arange(1, size + 1) / size, (rows, 1))


def day_at(by: Floats, level: float, horizon_days: int) -> Floats:
    """Days after the as-of date (0 = that day) by which `level` of the purchases have come."""
    size = by.shape[1]
    position = np.minimum((by < level).sum(axis=1), size - 1)
    row = np.arange(len(by))
    high = by[row, position]
    low = np.where(position > 0, by[row, np.maximum(position - 1, 0)], 0.0)
    inside = np.clip((level - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return np.asarray((position + inside) * horizon_days / size)


def day_of(by: Floats, level: float, horizon_days: int) -> Ints:
    """The whole day, counted from 0, in which the level is reached."""
    reached = np.floor(np.round(day_at(by, level, horizon_days), 6))
    return np.minimum(reached, horizon_days - 1).astype(np.int64)


def interval(by: Floats, level: float, horizon_days: int) -> tuple[Ints, Ints]:
    """First and last day, both counted in, whose purchases are nearest to `level` of all.

    Whole days cannot hold exactly 50 % or 80 %: of the intervals one day wider or narrower at
    either end the one nearest to the level is taken, so that on average the level is met.
    """
    edge = (1.0 - level) / 2.0
    first, last = day_of(by, edge, horizon_days), day_of(by, 1.0 - edge, horizon_days)
    best_first, best_last = first, last
    best = np.full(len(by), np.inf)
    for low in (first, np.minimum(first + 1, horizon_days - 1)):
        for high in (last, np.maximum(last - 1, 0)):
            miss = np.abs(
                _by_end(by, high, horizon_days) - _by_end(by, low - 1, horizon_days) - level
            )
            nearer = (low <= high) & (miss < best - 1e-9)
            best = np.where(nearer, miss, best)
            best_first = np.where(nearer, low, best_first)
            best_last = np.where(nearer, high, best_last)
    return best_first, best_last


def _by_end(by: Floats, day: Ints, horizon_days: int) -> Floats:
    """P(bought by the end of a day | bought), straight between the ends of the bins; 0 at -1."""
    size = by.shape[1]
    place = (day + 1) * size / horizon_days
    whole = np.minimum(np.floor(np.round(place, 9)).astype(np.int64), size)
    padded = np.hstack([np.zeros((len(by), 1)), by, by[:, -1:]])
    row = np.arange(len(by))
    low, high = padded[row, whole], padded[row, whole + 1]
    return np.asarray(low + (place - whole) * (high - low))
