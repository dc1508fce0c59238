"""Drift: right chances raise no alarm, wrong ones do; the noise is that of right chances."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from service.engine.backtest.drift import calibration, calibration_by, input_shifts, judge
from service.engine.predict import Model, default_model, fit
from service.engine.predict.calibration import calibration_error, calibration_noise
from tests.engine.predict.households import random_history

AS_OF = date(2026, 5, 1)
START = AS_OF - timedelta(days=14)
SOUND = default_model(AS_OF, 14)


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    return random_history()


@pytest.fixture(scope="module")
def model(history: pl.DataFrame) -> Model:
    return fit(history, as_of=START, horizon_days=14)


def right(seed: int, rows: int, homes: int) -> pl.DataFrame:
    """Pairs that are bought exactly as often as their chances say."""
    random = np.random.default_rng(seed)
    chance = random.beta(0.5, 4.0, rows)
    return pl.DataFrame(
        {
            "household_id": random.integers(0, homes, rows),
            "item_id": np.arange(rows),
            "chance": chance,
            "bought": random.random(rows) < chance,
            "department": np.array(["a", "b", "c", "d"])[random.integers(0, 4, rows)],
        }
    )


@pytest.mark.parametrize("rows", [2_000, 8_000, 20_000])
def test_the_expected_noise_is_the_error_of_right_chances(rows: int) -> None:
    errors, noises = [], []
    for seed in range(20):
        frame = right(seed, rows, rows // 20)
        chance, bought, home = (
            frame[name].to_numpy() for name in ("chance", "bought", "household_id")
        )
        errors.append(calibration_error(chance, bought))
        noises.append(calibration_noise(chance, bought, home))
    assert np.mean(noises) == pytest.approx(np.mean(errors), rel=0.15)


def test_a_household_s_purchases_that_hang_together_make_more_noise() -> None:
    """Each pair counted ten times, for the same household: as noisy as the pairs, not less."""
    once = right(1, 4_000, 4_000)
    chance, bought, home = (once[name].to_numpy() for name in ("chance", "bought", "household_id"))
    ten = [np.repeat(values, 10) for values in (chance, bought, home)]
    assert calibration_noise(*ten) == pytest.approx(
        calibration_noise(chance, bought, home), rel=0.1
    )


def test_right_chances_raise_no_alarm_and_doubled_ones_do() -> None:
    for seed in range(20):
        frame = right(seed, 8_000, 200)
        sound = [calibration(frame, SOUND, group="all")]
        sound += calibration_by(frame, SOUND, column="department")
        assert not any(each.is_doubled for each in sound)
        assert [each.pairs for each in sound[1:]] == sorted(
            (each.pairs for each in sound[1:]), reverse=True
        )
        off = frame.with_columns(pl.col("chance") * 2.0)
        assert all(each.is_doubled for each in calibration_by(off, SOUND, column="department"))
        gone = frame.with_columns(bought=pl.col("bought") & (pl.col("department") != "b"))
        found = calibration_by(gone, SOUND, column="department")
        assert {each.group for each in found if each.is_doubled} == {"b"}


def test_a_small_group_raises_none_and_a_poor_fit_widens_what_is_expected() -> None:
    few = right(3, 400, 100).with_columns(pl.col("chance") * 0.0 + 0.9)
    found = calibration(few, SOUND, group="few")
    assert not found.is_judged
    assert not found.is_doubled
    training = replace(SOUND.training, check_calibration_error=0.05, check_calibration_noise=0.03)
    frame = right(3, 8_000, 200)
    poor = calibration(frame, replace(SOUND, training=training), group="all")
    noise = calibration_noise(
        *(frame[name].to_numpy() for name in ("chance", "bought", "household_id"))
    )
    assert poor.expected == pytest.approx(np.hypot(0.04, noise))


def test_what_comes_after_the_window_and_the_order_of_rows_change_nothing(
    history: pl.DataFrame, model: Model
) -> None:
    judged = judge(
        model, history.filter(pl.col("purchased_at") < AS_OF), start=START, horizon_days=14
    )
    later = history.with_columns(pl.col("purchased_at") + timedelta(days=180))
    poisoned = pl.concat([history, later]).sample(fraction=1.0, shuffle=True, seed=2)
    assert judge(model, poisoned, start=START, horizon_days=14).equals(judged)
    assert 0 < judged["bought"].mean() < 1
    assert input_shifts(model, poisoned, as_of=START) == input_shifts(model, history, as_of=START)


def test_an_input_in_another_unit_has_drifted(history: pl.DataFrame, model: Model) -> None:
    moved = {each.name: each for each in input_shifts(model, history, as_of=START)}
    assert not moved["mean_quantity"].is_drifted
    late = pl.col("purchased_at") >= START - timedelta(days=14)
    grams = history.with_columns(pl.when(late).then(1000.0).otherwise("quantity").alias("quantity"))
    moved = {each.name: each for each in input_shifts(model, grams, as_of=START)}
    assert moved["mean_quantity"].deviations > 0.5
    assert moved["mean_quantity"].is_drifted
    assert input_shifts(SOUND, history, as_of=START) == []
