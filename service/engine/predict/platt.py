"""Log-odds made honest: a + b odds (Platt 1999), by Newton's method on the weighted log loss.

A step that makes the loss no smaller is halved: odds that are all alike would throw it far off.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats

PLATT_STEPS = 8
PLATT_PRIOR = 30.0
LEAST_STRETCH, MOST_STRETCH = 0.2, 5.0


def straightened(odds: Floats, bought: Floats, weight: Floats) -> tuple[float, float]:
    """a and b for examples of these log-odds; (0, 1) is what they are drawn to, or stays for none.

    The draw is that of some hundred examples, so that a few change little; b stays above zero,
    so that no order changes. The draw on the level is on that in the middle of the odds.
    """
    if not len(odds):
        return 0.0, 1.0
    middle = float(np.average(odds, weights=weight))
    inputs = np.stack([np.ones_like(odds), odds - middle], axis=1)
    straight = np.array([0.0, 1.0])

    def loss(wanted: Floats) -> float:
        told = middle + inputs @ wanted
        drawn = 0.5 * PLATT_PRIOR * float(((wanted - straight) ** 2).sum())
        return float((weight * (np.logaddexp(0.0, told) - bought * told)).sum()) + drawn

    found, least = straight, loss(straight)
    for _ in range(PLATT_STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (middle + inputs @ found))
        slope = inputs.T @ (weight * (bought - chance)) - PLATT_PRIOR * (found - straight)
        curve = (inputs * (weight * chance * (1.0 - chance))[:, None]).T @ inputs
        step = np.linalg.solve(curve + PLATT_PRIOR * np.eye(2), slope)
        for _ in range(PLATT_STEPS):
            if loss(found + step) <= least:
                found = found + step
                least = loss(found)
                break
            step = step / 2.0
    stretch = float(np.clip(found[1], LEAST_STRETCH, MOST_STRETCH))
    return middle + float(found[0]) - stretch * middle, stretch
