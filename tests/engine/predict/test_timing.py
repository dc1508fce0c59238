"""From hazards to days."""

from __future__ import annotations

import numpy as np
import pytest

from service.engine.predict.timing import (
    cumulative_chances,
    day_of,
    hazard_targets,
    interval,
    listed_day,
    shopping_log_odds,
    uniform_chances,
)


def test_hazards_add_up_to_certainty() -> None:
    cumulative = cumulative_chances(np.zeros((1, 2)))
    assert cumulative[0].tolist() == [0.5, 0.75, 1.0]


def test_questions_stop_at_the_purchase() -> None:
    targets, weights = hazard_targets(np.array([0, 2, 3]), 4)
    assert targets.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert weights.tolist() == [[1, 0, 0], [1, 1, 1], [1, 1, 1]]


def test_a_list_names_earlier_days_for_likelier_items_from_the_day_it_is_there() -> None:
    # Of ten days each is as likely; after four of them the median is the middle of six.
    even = np.arange(1, 11)[None, :] / 10
    half = np.array([0.5])
    assert listed_day(even, half, 10, lead_days=0).tolist() == [5]
    assert listed_day(even, half, 10, lead_days=4).tolist() == [7]
    chances = np.linspace(0.0, 1.0, 101)
    for lead in range(10):
        days = listed_day(np.repeat(even, 101, axis=0), chances, 10, lead_days=lead)
        assert (np.diff(days) <= 0).all()
        assert lead <= days.min() <= lead + (10 - lead) // 6
        assert days.max() >= lead + 2 * (10 - lead) // 3
        assert days.max() <= 9
    certain = np.array([[1.0, 1.0, 1.0]])
    for lead in range(3):
        assert listed_day(certain, half, 3, lead_days=lead).tolist() == [lead]


def test_the_median_day() -> None:
    cumulative = np.array([[0.2, 0.6, 1.0], [0.9, 0.95, 1.0]])
    assert day_of(cumulative, 0.5, 3).tolist() == [1, 0]


def test_long_horizons_are_cut_into_bins() -> None:
    assert day_of(uniform_chances(1, 56), 0.5, 56).tolist() == [28]


@pytest.mark.parametrize(("level", "days"), [(0.5, 7), (0.8, 11)])
def test_an_interval_holds_about_its_share(level: float, days: int) -> None:
    early, late = interval(uniform_chances(1, 14), level, 14)
    assert late[0] - early[0] + 1 == days


@pytest.mark.parametrize("horizon_days", [5, 14, 28])
def test_a_household_that_shops_on_one_weekday_is_expected_then(horizon_days: int) -> None:
    weekdays = np.array([[0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02], [1 / 7] * 7])
    shopping = shopping_log_odds(weekdays, horizon_days)
    assert shopping.shape == (2, horizon_days - 1)
    assert shopping[1] == pytest.approx(np.zeros(horizon_days - 1))
    cumulative = cumulative_chances(shopping - 1.0)
    assert day_of(cumulative, 0.5, horizon_days)[0] % 7 == 3


def test_a_bin_of_whole_weeks_has_no_shopping_day() -> None:
    weekdays = np.array([[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]])
    assert shopping_log_odds(weekdays, 28 * 7)[0] == pytest.approx(np.zeros(27))
