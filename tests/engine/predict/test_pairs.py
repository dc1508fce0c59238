"""What one household's events say, counted by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from service.engine.predict.events import Events, encode, shards
from service.engine.predict.pairs import summarise
from tests.engine.predict.households import history_of, random_history


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
    assert pairs.households.trips.tolist() == [4.0]
    assert pairs.households.last_trip_age.tolist() == [2.0]
    assert pairs.households.seen_days.tolist() == [20.0]


def test_a_trip_is_large_or_small_against_the_mean_trip_of_its_household() -> None:
    bought = {(1, 7): [80, 90, 96], (1, 8): [98], (1, 9): [90], (2, 7): [70], (2, 8): [70]}
    pairs = summarise(encode(history_of(bought)), 100)
    small, large = math.log(1 / 1.25), math.log(2 / 1.25)
    assert pairs.last_trip_size.tolist() == pytest.approx([small, small, large, 0.0, 0.0])
    mean = (small + large + small) / 3
    assert pairs.mean_trip_size.tolist() == pytest.approx([mean, small, large, 0.0, 0.0])
    assert pairs.households.last_trip_size.tolist() == pytest.approx([small, 0.0])


def test_two_rows_of_a_day_are_one_event() -> None:
    twice = history_of({(1, 7): [90, 90, 95]})
    events = encode(twice)
    assert events.day.tolist() == [90, 95]
    assert events.quantity.tolist() == [2.0, 1.0]


def test_weekdays_turn_with_the_day() -> None:
    events = encode(history_of({(1, 7): [72, 79, 86, 93]}))
    assert summarise(events, 100).households.weekdays[0].argmax() == 0
    assert summarise(events, 99).households.weekdays[0].argmax() == 1


def test_shards_hold_whole_households_and_everything() -> None:
    events = encode(random_history(households=20))
    runs = list(shards(events, 300))
    assert len(runs) > 3
    assert sum(run.rows for run in runs) == events.rows
    names = [name for run in runs for name in run.household_ids.to_list()]
    assert names == events.household_ids.to_list()


@dataclass(frozen=True)
class PartitionedBase:
    """A base that comes in parts of so many households."""

    events: Events
    households: int

    @property
    def household_ids(self) -> pl.Series:
        return self.events.household_ids

    @property
    def item_ids(self) -> pl.Series:
        return self.events.item_ids

    def parts(self) -> Iterator[Events]:
        for first in range(0, len(self.household_ids), self.households):
            household = self.events.household
            yield self.events.where((household >= first) & (household < first + self.households))


@pytest.mark.parametrize("households", [1, 7, 100])
def test_where_a_base_is_parted_changes_no_shard(households: int) -> None:
    events = encode(random_history(households=20))
    whole = list(shards(events, 300))
    parted = list(shards(PartitionedBase(events, households), 300))
    assert len(parted) == len(whole)
    for one, other in zip(whole, parted, strict=True):
        assert one.household_ids.equals(other.household_ids)
        for name in ("household", "item", "day", "quantity"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_the_text_ids_of_one_household_are_numbered_as_those_of_many() -> None:
    many = history_of({(1, 7): [80, 90], (1, 8): [98], (2, 7): [91]}).with_columns(
        pl.col("household_id", "item_id").cast(pl.String)
    )
    alone = encode(many.filter(pl.col("household_id") == "1"))
    assert alone.household_ids.to_list() == ["1"]
    assert alone.household.tolist() == [0, 0, 0]
    assert alone.item_ids.to_list() == ["7", "8"]
    assert encode(many).item.tolist() == [0, 0, 1, 0]
