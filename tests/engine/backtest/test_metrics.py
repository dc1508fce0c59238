"""Scores counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from service.engine.backtest.metrics import Outcome, auc, calibration_error, reliability, report


def outcome() -> Outcome:
    """Three households that bought two of three items, nothing, and one of two and a new item."""
    return Outcome(
        household=np.array([0, 0, 0, 1, 2, 2]),
        chance=np.array([0.9, 0.8, 0.1, 0.7, 0.2, 0.6]),
        bought=np.array([True, True, False, False, True, False]),
        truths=np.array([2, 0, 2]),
    )


def test_ranking_scores() -> None:
    found = report([outcome()], shown=2, curve_to=3)
    assert found.precision == pytest.approx(3 / 6)
    assert found.hit_rate == pytest.approx(2 / 3)
    assert found.recall == pytest.approx((1.0 + 0.5) / 2)
    assert found.repeat_recall == pytest.approx((1.0 + 1.0) / 2)
    second = 1 / math.log2(3)
    assert found.ndcg == pytest.approx((1.0 + second / (1 + second)) / 2)
    assert found.curve == pytest.approx((1 / 3, 3 / 6, 3 / 9))
    assert found.household_dates == 3
    assert found.candidates == 6


def test_probability_scores() -> None:
    found = report([outcome()], shown=2)
    losses = [0.9, 0.8, 0.9, 0.3, 0.2, 0.4]
    assert found.log_loss == pytest.approx(-sum(math.log(p) for p in losses) / 6)
    assert found.brier == pytest.approx(sum((1 - p) ** 2 for p in losses) / 6)
    assert found.auc == pytest.approx(7 / 9)


def test_days_pool() -> None:
    once, twice = report([outcome()], shown=2), report([outcome(), outcome()], shown=2)
    assert twice.precision == once.precision
    assert twice.log_loss == pytest.approx(once.log_loss)
    assert twice.household_dates == 6


def test_calibration_is_the_weighted_distance_of_the_bins() -> None:
    chance = np.array([0.1, 0.1, 0.6, 0.8])
    bought = np.array([False, True, True, True])
    assert reliability(chance, bought, 2) == ((0.1, 0.5, 2), (pytest.approx(0.7), 1.0, 2))
    assert calibration_error(chance, bought, 2) == pytest.approx((0.4 + 0.3) / 2)


def test_ties_count_half() -> None:
    assert auc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    assert auc(np.array([0.5, 0.6]), np.array([True, True])) == 0.5
