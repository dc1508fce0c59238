"""What one household's events say, counted by hand."""

from __future__ import annotations

import math

import pytest

from service.engine.predict.events import encode
from service.engine.predict.pairs import summarise
from tests.engine.predict.households import history_of, invented


def test_counts_gaps_and_trips_of_one_pair() -> None:
    events = encode(history_of({(1, 7): [80, 90, 96], (1, 8): [98]}))
    pairs = summarise(events, 100)
    assert pairs.item.tolist() == [0, 1]
    assert pairs.count.tolist() == [3.0, 1.0]
    assert pairs.last_age.tolist() == [4.0, 2.0]
    assert pairs.first_age.tolist() == [20.0, 2.0]
    assert pairs.last_gap.tolist() == [6.0, 0.0]
    assert pairs.trips_since.tolist() == [1.0, 0.0]
    assert pairs.recent[0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert pairs.counts[0, 2] == pytest.approx(sum(2 ** (-age / 56) for age in (20, 10, 4)))
    weights = [2 ** (-age / 112) for age in (10, 4)]
    assert pairs.gap_weight[0] == pytest.approx(sum(weights))
    assert pairs.gap_log_sum[0] == pytest.approx(
        weights[0] * math.log(10) + weights[1] * math.log(6)
    )
    assert pairs.homes.trips.tolist() == [4.0]
    assert pairs.homes.last_trip_age.tolist() == [2.0]
    assert pairs.homes.seen_days.tolist() == [20.0]


def test_two_rows_of_a_day_are_one_event() -> None:
    twice = history_of({(1, 7): [90, 90, 95]})
    events = encode(twice)
    assert events.day.tolist() == [90, 95]
    assert events.quantity.tolist() == [2.0, 1.0]


def test_weekdays_turn_with_the_day() -> None:
    events = encode(history_of({(1, 7): [72, 79, 86, 93]}))
    assert summarise(events, 100).homes.weekdays[0].argmax() == 0
    assert summarise(events, 99).homes.weekdays[0].argmax() == 1


def test_shards_hold_whole_households_and_everything() -> None:
    events = encode(invented(households=20))
    shards = list(events.shards(300))
    assert len(shards) > 3
    assert sum(shard.rows for shard in shards) == events.rows
    names = [name for shard in shards for name in shard.household_ids.to_list()]
    assert names == events.household_ids.to_list()
