"""What a report says of itself: draws that went wrong are seen, good ones are not accused."""

from math import isnan

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from service.engine.lift.checks import balances, sample_ratio
from service.engine.lift.draw import held_out
from service.engine.lift.effect import effect
from service.engine.lift.moments import Moments, moments
from service.engine.lift.sequence import anytime_interval


def test_a_draw_as_it_was_said_is_not_suspicious() -> None:
    control = held_out(pl.Series(range(50_000)), 5, salt="a cycle")
    drawn = int(control.sum())

    found = sample_ratio(50_000 - drawn, drawn, control_share=0.05)

    assert found.share == pytest.approx(0.05, abs=0.004)
    assert not found.is_suspicious


def test_controls_that_went_missing_are_suspicious() -> None:
    assert sample_ratio(9_500, 400, control_share=0.05).is_suspicious
    assert not sample_ratio(95, 4, control_share=0.05).is_suspicious
    assert not sample_ratio(0, 0, control_share=0.05).is_suspicious


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5, 0.93])
@pytest.mark.parametrize("every", [1, 2, 19, 40, 9_900])
def test_the_p_value_is_that_of_the_exact_binomial_test(every: int, share: float) -> None:
    around = round(every * share)
    counts = {0, 1, every, *(around + step for step in (-9, -2, -1, 0, 1, 2, 30))}
    for controls in counts:
        if 0 <= controls <= every:
            found = sample_ratio(every - controls, controls, control_share=share)
            expected = binomtest(controls, every, share).pvalue
            assert found.p_value == pytest.approx(expected, rel=1e-6, abs=1e-300), controls


def _two(seed: int, shift: float) -> tuple[Moments, Moments]:
    rng = np.random.default_rng(seed)
    values, stratum = rng.normal(size=(800, 2)), rng.integers(0, 2, 800)
    control = rng.random(800) < 0.3
    values[~control, 1] += shift
    return (
        moments(values[~control], stratum[~control], 2),
        moments(values[control], stratum[control], 2),
    )


def test_a_covariate_that_lies_apart_is_seen() -> None:
    alike, apart = (balances(*_two(1, lift), [1])[0] for lift in (0.0, 0.5))

    assert abs(alike.apart) < 0.2
    assert alike.p_value > 0.01
    assert apart.apart == pytest.approx(alike.apart + 0.5, abs=0.05)
    assert apart.p_value < 0.001


def test_an_arm_without_households_is_not_compared() -> None:
    treated, _ = _two(1, 0.0)
    nobody = moments(np.empty((0, 2)), [], 2)

    assert isnan(balances(treated, nobody, [1])[0].apart)


def test_an_interval_for_every_day_is_wider_than_that_of_the_last() -> None:
    found = effect(*_two(2, 0.0))
    assert found is not None

    for planned in (100, 800, 100_000):
        daily, last = anytime_interval(found, planned=planned), found.interval()
        assert daily.low < last.low
        assert daily.high > last.high
    assert daily.high - daily.low > 2 * (last.high - last.low)
