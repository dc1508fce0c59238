"""What one household's own events say about each item it has bought, as of one day.

Nothing here crosses households: the summary of a household is the same alone and in a crowd.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.engine.predict.events import Base, Events, Flags, Floats, Ints, shards

HALF_LIVES_DAYS = (14.0, 28.0, 56.0, 112.0)
WINDOW_DAYS = 14
WINDOWS = 6
DECAYS = len(HALF_LIVES_DAYS)
GAP_HALF_LIFE_DAYS = 112.0
LIVE_DAYS = 56
SHARD_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row per household-item pair bought before the day, in the order of the events.

    `counts[:, k]` events discounted at half-life k; `count` events; `recent[:, w]` 1 where the
    pair was bought in the w-th last 14 days; ages in days before the as-of day (1 = yesterday);
    `gap_*` of the intervals between events, in log days; `trips_since` trips after the last event;
    `trip_counts` the household's own discounted trips (by pair); `exposure` discounted days
    since the household was first seen.
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
    homes: Homes

    @property
    def rows(self) -> int:
        """How many pairs there are."""
        return len(self.household)

    def where(self, keep: Flags) -> Pairs:
        """Only the pairs marked in `keep`, of the same households."""
        kept = {
            name: getattr(self, name)[keep] for name in self.__dataclass_fields__ if name != "homes"
        }
        return Pairs(homes=self.homes, **kept)


@dataclass(frozen=True, slots=True)
class Homes:
    """One row per household code: its trips and how much it buys, as of the day.

    `trip_counts`, `event_counts` are discounted at each half-life; `distinct` items were bought in
    the last eight weeks, in `lately` events; `weekdays[:, j]` is the share of trips that fell on
    the weekday of as-of plus j days, shrunk to one seventh.
    """

    seen_days: Floats
    last_trip_age: Floats
    trips: Floats
    trip_counts: Floats
    event_counts: Floats
    distinct: Floats
    lately: Floats
    weekdays: Floats


def exposure(days: Floats, half_life: float) -> Floats:
    """Discounted days of a span that ended at the as-of day: integral of 2^(-a/half_life)."""
    tau = half_life / np.log(2.0)
    return np.asarray(tau * -np.expm1(-days / tau))


def summaries(base: Base, as_of: int) -> Iterator[tuple[Events, Pairs]]:
    """Some households after others: their events, all before day number `as_of`, and summaries."""
    for shard in shards(base, SHARD_ROWS):
        yield shard, summarise(shard, as_of)


def summarise(events: Events, as_of: int) -> Pairs:
    """Summaries of events that all lie before day number `as_of`. Linear in the events."""
    heads = events.heads()
    starts = np.flatnonzero(heads)
    ends = np.append(starts, events.rows)[1:] - 1
    age = (as_of - events.day).astype(np.float64)
    homes, trips_after = _homes(events, age, as_of)
    pair_of = np.cumsum(heads) - 1
    rows = len(starts)
    window = (as_of - 1 - events.day) // WINDOW_DAYS
    recent = np.zeros((rows, WINDOWS))
    inside = window < WINDOWS
    recent[pair_of[inside], window[inside]] = 1.0
    follows = np.flatnonzero(~heads)
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
    return Pairs(
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
        homes=homes,
    )


def _homes(events: Events, age: Floats, as_of: int) -> tuple[Homes, Floats]:
    """Household summaries, and for each event the trips its household made after it."""
    size = len(events.household_ids)
    span = int(age.max()) + 1 if events.rows else 1
    seen = np.zeros(size * span, dtype=np.bool_)
    slot = events.household * span + (span - (as_of - events.day))
    seen[slot] = True
    made = np.cumsum(seen, dtype=np.int32)
    trip = np.flatnonzero(seen)
    home = trip // span
    trip_age = (span - trip % span).astype(np.float64)
    trips = np.bincount(home, minlength=size).astype(np.float64)
    last_slot = np.cumsum(trips).astype(np.int64)
    trips_after = (last_slot[events.household] - made[slot]).astype(np.float64)
    seen_days = np.zeros(size)
    np.maximum.at(seen_days, home, trip_age)
    last_age = np.full(size, float(span))
    np.minimum.at(last_age, home, trip_age)
    trip_counts = np.empty((size, DECAYS))
    event_counts = np.empty((size, DECAYS))
    for k, half_life in enumerate(HALF_LIVES_DAYS):
        weight = np.exp2(-np.arange(span + 1) / half_life)
        trip_counts[:, k] = np.bincount(home, weight[trip_age.astype(np.int64)], minlength=size)
        event_counts[:, k] = np.bincount(
            events.household, weight[(as_of - events.day)], minlength=size
        )
    weight = np.exp2(-trip_age / HALF_LIVES_DAYS[-1])
    weekday = home * 7 + (-trip_age.astype(np.int64)) % 7
    weekdays = np.bincount(weekday, weight, minlength=size * 7).reshape(size, 7) + 1.0
    late = age <= LIVE_DAYS
    live = np.append(events.heads()[1:], True)[: events.rows] & late
    return (
        Homes(
            seen_days=seen_days,
            last_trip_age=last_age,
            trips=trips,
            trip_counts=trip_counts,
            event_counts=event_counts,
            distinct=np.bincount(events.household[live], minlength=size).astype(np.float64),
            lately=np.bincount(events.household[late], minlength=size).astype(np.float64),
            weekdays=weekdays / weekdays.sum(axis=1, keepdims=True),
        ),
        trips_after,
    )
