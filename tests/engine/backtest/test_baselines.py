"""The methods that the forecast is compared with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from service.engine.backtest.baselines import (
    decayed_frequency,
    fit_isotonic,
    personal_frequency,
    tifu_knn,
)
from service.engine.predict.events import Events, encode
from service.engine.predict.pairs import exposure, summarise
from tests.engine.predict.households import history_of

DAY = 100


def events() -> Events:
    return encode(history_of({(1, 7): [90, 95], (1, 8): [95], (2, 7): [99], (2, 9): [60, 80, 99]}))


def test_personal_frequency_is_events_a_day_since_first_seen() -> None:
    found = personal_frequency(summarise(events(), DAY))
    assert found == pytest.approx([2 / 10, 1 / 10, 1 / 40, 3 / 40])


def test_decayed_frequency_halves_in_56_days() -> None:
    found = decayed_frequency(summarise(events(), DAY))
    days = float(exposure(np.array([10.0]), 56.0)[0])
    assert found[1] == pytest.approx(2 ** (-5 / 56) / days)


def test_tifu_knn_mixes_own_groups_with_neighbours() -> None:
    known = events()
    found = tifu_knn(known, summarise(known, DAY), DAY)
    own = [[(1 + 0.7) / 2, 1 / 2], [1 / 3, (1 + 0.7 + 0.49) / 3]]
    assert found[1] == pytest.approx(0.7 * own[0][1])
    assert found[0] == pytest.approx(0.7 * own[0][0] + 0.3 * own[1][0])
    assert found[2] == pytest.approx(0.7 * own[1][0] + 0.3 * own[0][0])


def test_isotonic_pools_what_falls() -> None:
    score = np.array([1.0, 2.0, 3.0, 4.0])
    curve = fit_isotonic(score, np.array([False, True, False, True]), bins=4)
    low, middle, high = curve(np.array([1.0, 2.5, 4.0]))
    assert (low, middle, high) == pytest.approx((0.5 / 2, 1.5 / 3, 1.5 / 2))
    assert not math.isnan(curve(np.array([99.0]))[0])
