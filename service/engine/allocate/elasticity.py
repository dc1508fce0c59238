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
CERTAIN = 3.0
"""So many errors above nothing, a ratio's error may be taken from those of its two parts."""


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
    cell shows two depths, or where the mean is not `CERTAIN` errors above nothing: over what may be
    nothing, a slope is no number.
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
    mean, doubt = float((weight * seen).sum() / weight.sum()), 1 / float(weight.sum())
    if spread <= 1e-9 or mean <= CERTAIN * sqrt(doubt):
        return None
    added = float((weight * across * seen).sum()) / spread / mean
    return Elasticity(STATED + added, sqrt(1 / spread + added**2 * doubt) / mean, STATED)
