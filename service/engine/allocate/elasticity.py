"""How much more a copy adds where its discount is deeper, by what depths were seen to add."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

MIDDLE_PERCENT = {"up_to_10": 7.0, "up_to_20": 15.0, "up_to_35": 27.0, "over_35": 45.0}
"""What stands for a band of depth."""
STATED = 0.5
"""Of the defaults' pull 2F / (F + H) of a face value F, at F = H."""


@dataclass(frozen=True, slots=True)
class Elasticity:
    """By how many per cent more a copy adds for one per cent more off the price; with its error.

    `stated` is what the defaults say before anything is seen.
    """

    value: float
    error: float
    stated: float


def elasticity(depths: pl.DataFrame) -> Elasticity | None:
    """The elasticity of all cells together; `depths` as `Lesson` has them.

    What was seen over what the stated pull expected is regressed on the logarithm of depth within
    cells, each weighed by how certain it is; the slope over the mean is what to add. None where no
    cell shows two depths, or all together show nothing.
    """
    known = depths.filter(pl.col("depth").is_in(list(MIDDLE_PERCENT)), pl.col("error") > 0)
    weight = 1 / known["error"].to_numpy() ** 2
    seen = known["ratio"].to_numpy()
    depth = np.array([log(MIDDLE_PERCENT[each]) for each in known["depth"]])
    cell = known["cell"].rank("dense").to_numpy().astype(np.int64) - 1
    if not len(cell):
        return None

    def within(values: NDArray[np.float64]) -> NDArray[np.float64]:
        mean = np.bincount(cell, weight * values) / np.bincount(cell, weight)
        return np.asarray(values - mean[cell])

    across = within(depth)
    spread = float((weight * across**2).sum())
    mean = float((weight * seen).sum() / weight.sum())
    if spread <= 1e-9 or mean <= 0:
        return None
    slope = float((weight * across * seen).sum()) / spread
    return Elasticity(STATED + slope / mean, sqrt(1 / spread) / mean, STATED)
