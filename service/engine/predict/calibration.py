"""How far chances are from what happened, and how far they would be by luck alone."""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Flags, Floats, Ints

CALIBRATION_BINS = 20


def reliability(
    chance: Floats, bought: Flags, bins: int = CALIBRATION_BINS
) -> tuple[tuple[float, float, int], ...]:
    """(mean forecast, share bought, pairs) of bins of equal size, by ascending forecast."""
    return tuple(
        (float(chance[part].mean()), float(bought[part].mean()), len(part))
        for part in _bins(chance, bins)
    )


def calibration_error(chance: Floats, bought: Flags, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error: mean of |forecast - share bought|, weighted by bin size."""
    table = reliability(chance, bought, bins)
    total = sum(size for _, _, size in table)
    return sum(abs(mean - share) * size for mean, share, size in table) / max(total, 1)


def calibration_noise(
    chance: Floats, bought: Flags, household: Ints, bins: int = CALIBRATION_BINS
) -> float:
    """The calibration error to expect of chances that are right, at this number of pairs.

    The mean of |x| of a normal variable is its deviation times the root of 2 / pi. The variance of
    a bin is the larger of that of independent purchases and of the sums by `household`, because
    what a household buys in one window hangs together.
    """
    total = 0.0
    for part in _bins(chance, bins):
        independent = float((chance[part] * (1.0 - chance[part])).sum())
        residual = bought[part] - chance[part]
        _, codes = np.unique(household[part], return_inverse=True)
        sums = np.bincount(codes, residual - residual.mean())
        total += float(np.sqrt(max(independent, float((sums * sums).sum()))))
    return float(np.sqrt(2.0 / np.pi)) * total / max(len(chance), 1)


def _bins(chance: Floats, bins: int) -> list[Ints]:
    parts = np.array_split(np.argsort(chance, kind="stable"), bins)
    return [part for part in parts if len(part)]
