"""A mean whose standard error counts households, because what one household does hangs together."""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints


def mean_by_household(values: Floats, household: Ints) -> tuple[float, float]:
    """The mean of at least one value, and its standard error, clustered by household.

    The variance is that of a ratio of sums over households, by linearisation; with one household it
    is not known, and the error is infinite.
    """
    mean = float(values.mean())
    _, codes = np.unique(household, return_inverse=True)
    sums = np.bincount(codes, values - mean)
    if len(sums) < 2:
        return mean, float("inf")
    square = float((sums * sums).sum()) * len(sums) / (len(sums) - 1)
    return mean, float(np.sqrt(square)) / len(values)
