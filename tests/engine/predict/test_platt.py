"""Log-odds calibrated to what happened."""

from __future__ import annotations

import numpy as np
import pytest

from service.engine.predict.platt import LEAST_STRETCH, fit_platt


def test_it_finds_how_far_off_the_odds_are() -> None:
    """Twice too sure and one too high: a = -1/2, b = 1/2, each example weighing three."""
    random = np.random.default_rng(6)
    truth = random.normal(-1.0, 1.0, 60_000)
    bought = (random.random(60_000) < 1.0 / (1.0 + np.exp(-truth))).astype(np.float64)
    shift, stretch = fit_platt(2.0 * truth + 1.0, bought, np.full(60_000, 3.0))
    assert shift == pytest.approx(-0.5, abs=0.03)
    assert stretch == pytest.approx(0.5, abs=0.02)


def test_a_handful_changes_little_and_no_order_is_turned() -> None:
    shift, stretch = fit_platt(np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), np.ones(3))
    assert abs(shift) < 0.05
    assert 0.9 < stretch < 1.0
    wrong = np.linspace(-3.0, 3.0, 5000)
    assert fit_platt(wrong, (wrong < 0).astype(np.float64), np.ones(5000))[1] == LEAST_STRETCH


def test_odds_all_alike_and_far_off_are_brought_to_the_share() -> None:
    """A plain Newton step from here would jump to where everything is certain."""
    odds = np.random.default_rng(8).normal(4.0, 0.05, 3000)
    bought = (np.arange(3000) % 4 == 0).astype(np.float64)
    shift, stretch = fit_platt(odds, bought, np.ones(3000))
    chance = 1.0 / (1.0 + np.exp(-(shift + stretch * odds)))
    assert chance.mean() == pytest.approx(0.25, abs=0.06)
