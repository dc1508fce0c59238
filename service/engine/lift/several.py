"""Many deals at once: which of them really sold more, and what each owes to the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, sqrt

import numpy as np
from scipy.special import stdtrit

from service.engine.lift.effect import CONFIDENCE, Interval

FALSE_DISCOVERIES = 0.1
"""At most this share of the deals said to have sold more did not, on average."""
_STEPS = 200


def discoveries(p_values: Sequence[float], *, rate: float = FALSE_DISCOVERIES) -> list[bool]:
    """Which of several tests are discoveries at a false discovery rate.

    Benjamini and Hochberg 1995; a NaN is never one and counts as a test.
    """
    p = np.array([1.0 if isnan(value) else value for value in p_values])
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= rate * np.arange(1, len(p) + 1) / max(len(p), 1))
    found = np.zeros(len(p), dtype=bool)
    if len(passed):
        found[order[: passed[-1] + 1]] = True
    return [bool(each) and not isnan(p_values[i]) for i, each in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Pooled:
    """Several deals' effects together.

    `mean` is their mean, `interval` its interval (Knapp and Hartung 2003), `between` the variance
    of the true effects (Paule and Mandel 1982). `shrunken` is each effect drawn towards the mean by
    how uncertain it is, `errors` how uncertain that is.
    """

    mean: float
    interval: Interval
    between: float
    shrunken: tuple[float, ...]
    errors: tuple[float, ...]


def pool(
    effects: Sequence[float], errors: Sequence[float], *, confidence: float = CONFIDENCE
) -> Pooled | None:
    """Partial pooling of independent effects with known errors; None for fewer than two.

    Raises ValueError where an error is not above 0.
    """
    y, variance = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float) ** 2
    if len(y) < 2:
        return None
    if not (variance > 0).all():
        raise ValueError("an effect without error cannot be pooled")
    between = _between(y, variance)
    weight = 1 / (variance + between)
    mean = float(weight @ y / weight.sum())
    freedom = len(y) - 1
    # Never narrower than without the correction (the usual safeguard for few, alike effects).
    scale = max(1.0, float(weight @ (y - mean) ** 2) / freedom)
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * sqrt(scale / weight.sum())
    kept = between / (between + variance)
    shrunken = mean + kept * (y - mean)
    spread = kept * variance + (1 - kept) ** 2 * scale / weight.sum()
    return Pooled(
        mean=mean,
        interval=Interval(mean - reach, mean + reach),
        between=between,
        shrunken=tuple(shrunken.tolist()),
        errors=tuple(np.sqrt(spread).tolist()),
    )


def _between(y: np.ndarray, variance: np.ndarray) -> float:
    """The variance at which the weighted squares are as many as their degrees of freedom."""

    def surplus(between: float) -> float:
        weight = 1 / (variance + between)
        mean = weight @ y / weight.sum()
        return float(weight @ (y - mean) ** 2) - (len(y) - 1)

    if surplus(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(((y - y.mean()) ** 2).sum() + variance.max())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) > 0 else (low, middle)
    return (low + high) / 2
