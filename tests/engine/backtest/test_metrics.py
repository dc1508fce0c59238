"""Scores counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from service.engine.backtest.metrics import Outcome, auc, lead, report
from service.engine.predict.calibration import calibration_error, reliability


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


def drawn(seed: int, households: int) -> tuple[Outcome, Outcome]:
    """Two methods on the same pairs: one knows the chances, one adds noise to them."""
    random = np.random.default_rng(seed)
    household = np.repeat(np.arange(households), 20)
    chance = random.beta(0.5, 4.0, len(household))
    bought = random.random(len(household)) < chance
    noisy = np.clip(chance + random.normal(0.0, 0.1, len(chance)), 0.01, 0.99)
    truths = np.bincount(household[bought], minlength=households)
    return tuple(Outcome(household, each, bought, truths) for each in (chance, noisy))


def test_a_lead_is_the_difference_of_the_scores_with_its_error_by_household() -> None:
    ours, other = drawn(1, 300)
    ids = np.arange(300)
    found = lead([ours], [other], [ids], shown=5)
    reports = [report([each], shown=5) for each in (ours, other)]
    assert found.precision == pytest.approx(reports[0].precision - reports[1].precision)
    assert found.log_loss == pytest.approx(reports[1].log_loss - reports[0].log_loss)
    assert found.log_loss > 2 * found.log_loss_error > 0.0
    back = lead([other], [ours], [ids], shown=5)
    assert (back.precision, back.log_loss) == (-found.precision, -found.log_loss)
    assert back.log_loss_error == pytest.approx(found.log_loss_error)
    # The same households on a second date say nothing new; others with the same numbers do.
    again = lead([ours] * 2, [other] * 2, [ids, ids], shown=5)
    assert again.precision_error == pytest.approx(found.precision_error)
    more = lead([ours] * 2, [other] * 2, [ids, ids + 300], shown=5)
    assert more.precision_error == pytest.approx(found.precision_error / math.sqrt(2), rel=0.01)


def test_the_error_of_a_lead_is_its_spread_over_other_households() -> None:
    found = [lead([a], [b], [np.arange(100)]) for a, b in (drawn(seed, 100) for seed in range(60))]
    spread = np.std([each.log_loss for each in found])
    assert np.mean([each.log_loss_error for each in found]) == pytest.approx(spread, rel=0.3)
    one = lead([outcome()], [outcome()], [np.zeros(3, dtype=np.int64)])
    assert (one.log_loss, one.log_loss_error) == (0.0, math.inf)


def test_calibration_is_the_weighted_distance_of_the_bins() -> None:
    chance = np.array([0.1, 0.1, 0.6, 0.8])
    bought = np.array([False, True, True, True])
    assert reliability(chance, bought, 2) == ((0.1, 0.5, 2), (pytest.approx(0.7), 1.0, 2))
    assert calibration_error(chance, bought, 2) == pytest.approx((0.4 + 0.3) / 2)


def test_ties_count_half() -> None:
    assert auc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    assert auc(np.array([0.5, 0.6]), np.array([True, True])) == 0.5
