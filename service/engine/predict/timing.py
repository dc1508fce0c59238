"""When within the horizon an item is bought, given that it is: a discrete hazard by day.

The horizon is cut into at most fourteen bins. The network gives for every bin but the last the
probability that the first purchase falls there if it did not fall earlier (Cox 1972, discrete
time); the date expected is the median, which has the least mean absolute error.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints

MAX_BINS = 14
EVEN_MISS = 0.5


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
