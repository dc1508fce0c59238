"""On which days people buy more."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from service.engine.predict.events import day_number
from service.engine.predict.rhythm import calendar_log_odds, flat_rhythm, learn_rhythm

FIRST = date(2025, 1, 1)


def daily_purchases(days: int, *, scale: float) -> np.ndarray:
    """Purchases a day: a fifth more in the first five days of a month, half more on Saturdays."""
    random = np.random.default_rng(4)
    dates = [FIRST + timedelta(days=n) for n in range(days)]
    mean = [
        scale
        * (1.2 if day.day <= 5 else 1.0)
        * (1.5 if day.weekday() == 5 else 1.0)
        * (1.0 + n / 365)
        for n, day in enumerate(dates)
    ]
    return random.poisson(mean).astype(np.float64)


def test_it_finds_the_busy_days_and_not_the_trend() -> None:
    rhythm = learn_rhythm(daily_purchases(365, scale=1000.0), day_number(FIRST))
    assert rhythm[5] - rhythm[:5].mean() == pytest.approx(np.log(1.5), abs=0.02)
    assert rhythm[7] - rhythm[8:].mean() == pytest.approx(np.log(1.2), abs=0.03)
    assert np.ptp(rhythm[8:]) < 0.02


def test_a_window_is_as_busy_as_its_days() -> None:
    """The days seen have a mean factor of one, and one in six of them is a busy one."""
    rhythm = learn_rhythm(daily_purchases(365, scale=1000.0), day_number(FIRST))
    usual = 0.2 * 60 / 365
    busy = calendar_log_odds(rhythm, day_number(date(2026, 1, 1)), 7)
    quiet = calendar_log_odds(rhythm, day_number(date(2026, 1, 8)), 7)
    assert busy == pytest.approx(np.log((5 * 1.2 + 2) / 7) - usual, abs=0.04)
    assert quiet == pytest.approx(-usual, abs=0.03)
    saturday = calendar_log_odds(rhythm, day_number(date(2026, 1, 10)), 1)
    assert saturday - quiet == pytest.approx(np.log(1.5 / (7.5 / 7)), abs=0.03)


def test_a_few_purchases_say_little() -> None:
    rhythm = learn_rhythm(daily_purchases(40, scale=0.5), day_number(FIRST))
    assert abs(calendar_log_odds(rhythm, day_number(FIRST) + 40, 14)) < 0.02


def test_nothing_bought_makes_every_day_alike() -> None:
    assert np.array_equal(learn_rhythm(np.zeros(0), 20_000), flat_rhythm())
    assert calendar_log_odds(flat_rhythm(), 20_000, 14) == 0.0
