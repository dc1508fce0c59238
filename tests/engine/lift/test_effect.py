"""The effect of a copy: known by construction, unchanged by units and order, honest when small."""

from math import inf, isnan, sqrt

import numpy as np
import pytest

from service.engine.lift.effect import Effect, effect
from service.engine.lift.moments import Floats, Moments, moments

STRATA = 3


def _drawn(
    seed: int, size: int, *, share: float, lift: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Households that mostly buy nothing: values (outcome, before, visits), stratum, control."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, STRATA, size)
    before = rng.gamma(0.4, 5.0, size) * (stratum + 1)
    visits = rng.poisson(8, size)
    outcome = rng.gamma(2.0, 2.0, size) * (rng.random(size) < 0.1 + 0.02 * np.minimum(before, 20))
    control = rng.random(size) < share
    outcome = np.where(control, outcome, outcome * (1 + lift))
    return np.stack([outcome, before, visits], axis=1), stratum, control


def _arms(values: Floats, stratum: Floats, control: Floats) -> tuple[Moments, Moments]:
    return (
        moments(values[~control], stratum[~control], STRATA),
        moments(values[control], stratum[control], STRATA),
    )


def _found(values: Floats, stratum: Floats, control: Floats) -> Effect:
    found = effect(*_arms(values, stratum, control))
    assert found is not None
    return found


def test_without_covariates_and_strata_it_is_the_difference_of_means() -> None:
    values, stratum, control = _drawn(1, 4_000, share=0.5)
    outcome = values[:, :1]

    found = _found(outcome, np.zeros_like(stratum), control)

    arms = outcome[~control, 0], outcome[control, 0]
    assert found.difference == pytest.approx(arms[0].mean() - arms[1].mean())
    welch = sqrt(sum(arm.var(ddof=1) / len(arm) for arm in arms))
    assert found.error == pytest.approx(welch, rel=0.01)
    assert (found.households, found.controls) == (len(arms[0]), len(arms[1]))


def test_slopes_agree_with_a_regression_of_all_households() -> None:
    values, stratum, control = _drawn(2, 20_000, share=0.5, lift=0.3)
    one = np.zeros_like(stratum)

    found = _found(values, one, control)

    centred = values[:, 1:] - values[:, 1:].mean(axis=0)
    treated = (~control).astype(float)[:, None]
    design = np.hstack([np.ones_like(treated), treated, centred, treated * centred])
    solved = np.linalg.lstsq(design, values[:, 0], rcond=None)[0]
    # Slopes lean a little on those of the other arm.
    assert found.difference == pytest.approx(solved[1], abs=0.02 * found.error)


def test_what_was_bought_before_narrows_the_interval() -> None:
    values, stratum, control = _drawn(3, 8_000, share=0.3)

    alone, adjusted = _found(values[:, :1], stratum, control), _found(values, stratum, control)

    assert adjusted.error < 0.99 * alone.error


def test_units_change_nothing_but_the_unit() -> None:
    values, stratum, control = _drawn(4, 600, share=0.3)
    cents = values * [100.0, 1e6, 1e-6]

    found, other = _found(values, stratum, control), _found(cents, stratum, control)

    assert other.difference == pytest.approx(100 * found.difference)
    assert other.error == pytest.approx(100 * found.error)
    assert other.relative_interval().low == pytest.approx(found.relative_interval().low)


def test_exchanging_the_arms_turns_the_sign() -> None:
    values, stratum, control = _drawn(5, 600, share=0.4, lift=0.2)

    found, other = _found(values, stratum, control), _found(values, stratum, ~control)

    assert other.difference == pytest.approx(-found.difference)
    assert other.error == pytest.approx(found.error)


def test_an_amount_that_everybody_spends_more_changes_nothing() -> None:
    values, stratum, control = _drawn(6, 600, share=0.4)

    found, other = (
        _found(values, stratum, control),
        _found(values + np.array([7, 0, 0]), stratum, control),
    )

    assert other.difference == pytest.approx(found.difference)
    assert other.error == pytest.approx(found.error)


def test_a_copied_covariate_changes_nothing() -> None:
    values, stratum, control = _drawn(7, 900, share=0.4)
    doubled = np.hstack([values, values[:, 1:] * 3])

    found, other = _found(values, stratum, control), _found(doubled, stratum, control)

    assert other.difference == pytest.approx(found.difference, abs=1e-6)


def test_a_stratum_of_one_arm_alone_does_not_bias() -> None:
    values, stratum, control = _drawn(8, 900, share=0.3)
    control &= stratum != 1

    found = _found(values, stratum, control)

    assert found.strata < STRATA
    assert np.isfinite(found.error)
    assert found.error > 0


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_intervals_hold_the_truth(share: float) -> None:
    """The full count of draws is in `bench.lift`; this finds an error that is off by a fifth."""
    draws = [_found(*_drawn(seed, 1_000, share=share)).interval() for seed in range(300)]

    held = sum(each.low <= 0 <= each.high for each in draws)

    assert 275 <= held <= 297


def test_a_control_that_may_be_zero_bounds_no_ratio() -> None:
    values, stratum, control = _drawn(9, 60, share=0.5)
    values[:, 0] = 0
    values[:3, 0] = 1

    found = _found(values, stratum, control)

    assert found.relative_interval().low == -inf
    assert not found.relative_interval().is_bounded


def test_fieller_covers_what_the_difference_covers_at_no_effect() -> None:
    """No lift lies in the ratio's interval just when no difference lies in the other."""
    for seed in range(40):
        found = _found(*_drawn(seed, 2_000, share=0.5, lift=0.25))
        ratio, difference = found.relative_interval(), found.interval()
        assert (ratio.low <= 0 <= ratio.high) == (difference.low <= 0 <= difference.high)


def test_nobody_buying_is_an_effect_of_nothing_without_a_p_value() -> None:
    values, stratum, control = _drawn(10, 100, share=0.5)
    values[:, 0] = 0

    found = _found(values, stratum, control)

    assert found.difference == 0
    assert isnan(found.p_value())
    assert isnan(found.relative)


def test_an_arm_of_few_households_shows_nothing() -> None:
    values, stratum, control = _drawn(11, 100, share=0.5)
    control[:] = False
    control[:7] = True

    assert effect(*_arms(values, stratum, control)) is None
    control[7] = True
    assert effect(*_arms(values, stratum, control)) is not None
