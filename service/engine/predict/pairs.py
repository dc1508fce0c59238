"""Summaries of each household's purchases of each item, as of one day.

Nothing here crosses households: the summary of a household does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.engine.predict.events import CustomerBase, Events, Flags, Floats, Ints, shards

HALF_LIVES_DAYS = (14.0, 28.0, 56.0, 112.0)
WINDOW_DAYS = 14
WINDOWS = 6
DECAYS = len(HALF_LIVES_DAYS)
GAP_HALF_LIFE_DAYS = 112.0
RECENT_DAYS = 56
SHARD_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class PairSummaries:
    """One row per household-item pair bought before the as-of day, in the order of the events.

    - `count`: events; `counts[:, k]`: events discounted at the k-th half-life.
    - `recent[:, w]`: 1 where the item was bought in the w-th last period of 14 days, else 0.
    - `last_age`, `first_age`: days from the event to the as-of day (1 = yesterday).
    - `last_gap`: days between the last two events, 0 after a single one.
    - `gap_weight`, `gap_log_sum`, `gap_log_square`: discounted sums over the intervals between
      events, in log days.
    - `trips_since`: trips of the household after the last event.
    - `last_quantity`, `mean_quantity`: pieces per event.
    - `last_trip_size`, `mean_trip_size`: log of the items bought on the day of an event, against
      the mean trip of the household; of the last event, and the mean of all.
    - `households`: the summary of each household, at the positions in `household`.
    """

    household: Ints
    item: Ints
    count: Floats
    counts: Floats
    recent: Floats
    last_age: Floats
    first_age: Floats
    last_gap: Floats
    gap_weight: Floats
    gap_log_sum: Floats
    gap_log_square: Floats
    trips_since: Floats
    last_quantity: Floats
    mean_quantity: Floats
    last_trip_size: Floats
    mean_trip_size: Floats
    households: Households

    @property
    def rows(self) -> int:
        """The number of pairs."""
        return len(self.household)

    def where(self, mask: Flags) -> PairSummaries:
        """Only the pairs where `mask` is true. The household summaries stay as they are."""
        columns = {
            name: getattr(self, name)[mask]
            for name in self.__dataclass_fields__
            if name != "households"
        }
        return PairSummaries(households=self.households, **columns)


@dataclass(frozen=True, slots=True)
class Households:
    """One row per household code: its trips and how much it buys, as of one day.

    - `seen_days`, `last_trip_age`: days since the first and the last trip; 0 and infinite for a
      household without one.
    - `trips`: trips; `trip_counts[:, k]`: trips discounted at the k-th half-life.
    - `event_counts[:, k]`: events discounted at the k-th half-life.
    - `distinct`, `recent_events`: distinct items and events of the last eight weeks.
    - `last_trip_size`: log of the items of the last trip, against the mean trip; 0 without one.
    - `weekdays[:, j]`: share of trips on the weekday of as-of plus j days, shrunk to one seventh.
    """

    seen_days: Floats
    last_trip_age: Floats
    trips: Floats
    trip_counts: Floats
    event_counts: Floats
    distinct: Floats
    recent_events: Floats
    last_trip_size: Floats
    weekdays: Floats


def exposure(days: Floats, half_life: float) -> Floats:
    """Discounted days of a span that ends at the as-of day: the integral of 2^(-a/half_life)."""
    tau = half_life / np.log(2.0)
    return np.asarray(tau * -np.expm1(-days / tau))


def summaries(base: CustomerBase, as_of: int) -> Iterator[tuple[Events, PairSummaries]]:
    """Yield the events of some households at a time, with their summary as of a day number.

    All events of the base must lie before that day.
    """
    for shard in shards(base, SHARD_ROWS):
        yield shard, summarise(shard, as_of)


def summarise(events: Events, as_of: int) -> PairSummaries:
    """Summarise events, all before day number `as_of`. The cost is linear in the events."""
    is_start = events.pair_starts()
    starts = np.flatnonzero(is_start)
    ends = np.append(starts, events.rows)[1:] - 1
    age = (as_of - events.day).astype(np.float64)
    households, trips_after, trip_size = _summarise_households(events, age, as_of)
    pair_of = np.cumsum(is_start) - 1
    rows = len(starts)
    window = (as_of - 1 - events.day) // WINDOW_DAYS
    recent = np.zeros((rows, WINDOWS))
    inside = window < WINDOWS
    recent[pair_of[inside], window[inside]] = 1.0
    follows = np.flatnonzero(~is_start)
    gap = age[follows - 1] - age[follows]
    weight = np.exp2(-age[follows] / GAP_HALF_LIFE_DAYS)
    log_gap = np.log(gap)
    gap_pair = pair_of[follows]

    def total(values: Floats) -> Floats:
        return np.bincount(gap_pair, weights=values, minlength=rows).astype(np.float64)

    last_gap = np.zeros(rows)
    last_gap[gap_pair] = gap
    count = (ends - starts + 1).astype(np.float64)
    counts = np.empty((rows, DECAYS))
    for k, half_life in enumerate(HALF_LIVES_DAYS):
        counts[:, k] = np.add.reduceat(np.exp2(-age / half_life), starts) if rows else 0.0
    return PairSummaries(
        household=events.household[starts],
        item=events.item[starts],
        count=count,
        counts=counts,
        recent=recent,
        last_age=age[ends],
        first_age=age[starts],
        last_gap=last_gap,
        gap_weight=total(weight),
        gap_log_sum=total(weight * log_gap),
        gap_log_square=total(weight * log_gap * log_gap),
        trips_since=trips_after[ends],
        last_quantity=events.quantity[ends],
        mean_quantity=(np.add.reduceat(events.quantity, starts) / count) if rows else count,
        last_trip_size=trip_size[ends],
        mean_trip_size=(np.add.reduceat(trip_size, starts) / count) if rows else count,
        households=households,
    )


def _summarise_households(
    events: Events, age: Floats, as_of: int
) -> tuple[Households, Floats, Floats]:
    """Summarise the households; also the trips after each event, and the size of its own trip."""
    size = len(events.household_ids)
    span = int(age.max()) + 1 if events.rows else 1
    seen = np.zeros(size * span, dtype=np.bool_)
    slot = events.household * span + (span - (as_of - events.day))
    seen[slot] = True
    trips_so_far = np.cumsum(seen, dtype=np.int32)
    trip = np.flatnonzero(seen)
    household_of_trip = trip // span
    trip_age = (span - trip % span).astype(np.float64)
    trips = np.bincount(household_of_trip, minlength=size).astype(np.float64)
    last_slot = np.cumsum(trips).astype(np.int64)
    trips_after = (last_slot[events.household] - trips_so_far[slot]).astype(np.float64)
    trip_of_event = trips_so_far[slot] - 1
    trip_size = _trip_sizes(trip_of_event, household_of_trip, trips)
    last_trip_size = np.zeros(size)
    last_trip_size[trips > 0] = trip_size[last_slot[trips > 0] - 1]
    seen_days = np.zeros(size)
    np.maximum.at(seen_days, household_of_trip, trip_age)
    last_age = np.full(size, np.inf)
    np.minimum.at(last_age, household_of_trip, trip_age)
    trip_counts = np.empty((size, DECAYS))
    event_counts = np.empty((size, DECAYS))
    for k, half_life in enumerate(HALF_LIVES_DAYS):
        weight = np.exp2(-np.arange(span + 1) / half_life)
        trip_counts[:, k] = np.bincount(
            household_of_trip, weight[trip_age.astype(np.int64)], minlength=size
        )
        event_counts[:, k] = np.bincount(
            events.household, weight[(as_of - events.day)], minlength=size
        )
    weight = np.exp2(-trip_age / HALF_LIVES_DAYS[-1])
    weekday = household_of_trip * 7 + (-trip_age.astype(np.int64)) % 7
    weekdays = np.bincount(weekday, weight, minlength=size * 7).reshape(size, 7) + 1.0
    is_recent = age <= RECENT_DAYS
    is_last_recent = np.append(events.pair_starts()[1:], True)[: events.rows] & is_recent
    return (
        Households(
            seen_days=seen_days,
            last_trip_age=last_age,
            trips=trips,
            trip_counts=trip_counts,
            event_counts=event_counts,
            distinct=np.bincount(events.household[is_last_recent], minlength=size).astype(
                np.float64
            ),
            recent_events=np.bincount(events.household[is_recent], minlength=size).astype(
                np.float64
            ),
            last_trip_size=last_trip_size,
            weekdays=weekdays / weekdays.sum(axis=1, keepdims=True),
        ),
        trips_after,
        trip_size[trip_of_event],
    )


def _trip_sizes(trip_of_event: Ints, household_of_trip: Ints, trips: Floats) -> Floats:
    """Log of the events of each trip, against the mean of the trips of its household."""
    count = np.bincount(trip_of_event, minlength=len(household_of_trip)).astype(np.float64)
    total = np.bincount(household_of_trip, count, minlength=len(trips))
    return np.asarray(np.log(count * (trips / np.maximum(total, 1.0))[household_of_trip]))
