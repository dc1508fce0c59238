"""Calibrate log-odds to a + b odds (Platt 1999), by Newton's method on the weighted log loss.

A step that does not reduce the loss is halved, because odds that are all alike would make plain
Newton steps diverge.
"""

from __future__ import annotations

import numpy as np

from service.engine.loops.symmetric import solve_small
from service.engine.predict.events import Floats

PLATT_STEPS = 8
PLATT_PRIOR = 30.0
LEAST_STRETCH, MOST_STRETCH = 0.2, 5.0


def fit_platt(odds: Floats, bought: Floats, weight: Floats) -> tuple[float, float]:
    """Fit a and b to examples with these log-odds; without examples, (0, 1).

    A penalty worth some hundred examples pulls b towards 1 and the level at the mean of the odds
    towards what it was, so that few examples change little. b stays above zero, so that the order
    of the odds does not change.
    """
    if not len(odds):
        return 0.0, 1.0
    mean_odds = float(np.average(odds, weights=weight))
    away = odds - mean_odds
    identity = np.array([0.0, 1.0])

    def loss(coefficients: Floats) -> float:
        shifted = mean_odds + coefficients[0] + away * coefficients[1]
        penalty = 0.5 * PLATT_PRIOR * float(((coefficients - identity) ** 2).sum())
        return float((weight * (np.logaddexp(0.0, shifted) - bought * shifted)).sum()) + penalty

    fitted, least = identity, loss(identity)
    for _ in range(PLATT_STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (mean_odds + fitted[0] + away * fitted[1]))
        error, spread = weight * (bought - chance), weight * chance * (1.0 - chance)
        gradient = np.array([error.sum(), (error * away).sum()]) - PLATT_PRIOR * (fitted - identity)
        both = (spread * away).sum()
        curvature = np.array([[spread.sum(), both], [both, (spread * away * away).sum()]])
        step = solve_small(curvature + PLATT_PRIOR * np.eye(2), gradient)
        for _ in range(PLATT_STEPS):
            if loss(fitted + step) <= least:
                fitted = fitted + step
                least = loss(fitted)
                break
            step = step / 2.0
    stretch = float(np.clip(fitted[1], LEAST_STRETCH, MOST_STRETCH))
    return mean_odds + float(fitted[0]) - stretch * mean_odds, stretch
