"""What an experiment will be able to show."""

from math import inf, sqrt

import pytest

from service.engine.lift.power import Baseline, detectable, variation_of

_BASELINE = Baseline(mean=2.0, deviation=3.0)


def test_the_smallest_lift_follows_the_textbook() -> None:
    found = detectable(500, 500, baseline=_BASELINE)

    # (1.95996 + 0.84162) x 3 x sqrt(2 / 500) / 2, with as much more variance as purchases.
    assert found / sqrt(1 + found) == pytest.approx(0.26579, abs=1e-5)


def test_four_times_the_households_almost_halve_it() -> None:
    few, many = (detectable(n, n / 10, baseline=_BASELINE) for n in (100_000, 400_000))

    assert few / 2.05 < many < few / 2


def test_nothing_can_be_shown_without_a_control_or_a_baseline() -> None:
    assert detectable(100, 0, baseline=_BASELINE) == inf
    assert detectable(100, 10, baseline=Baseline(0.0, 1.0)) == inf


def test_the_spread_that_an_estimate_found_is_that_of_the_households() -> None:
    error = 3.0 * sqrt(1 / 900 + 1 / 100)

    assert variation_of(2.0, error, 900, 100) == pytest.approx(1.5)
    assert variation_of(0.0, error, 900, 100) is None
    assert variation_of(2.0, error, 900, 0) is None
