"""The features of household-item pairs: the numbers that the network reads, one row per pair."""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints
from service.engine.predict.items import Items
from service.engine.predict.pairs import HALF_LIVES_DAYS, WINDOWS, PairSummaries, exposure

RATE_PRIOR_DAYS = (15.0, 15.0, 30.0, 30.0)
GAMMA_PRIOR_DAYS = 14.0
GAP_WEIGHT_PRIOR = 1.0
GAP_VARIANCE_PRIOR = 0.6
# A number that grows with the history is larger on the day of the forecast than at any origin that
# the network learned from. Therefore ages are capped at so many days.
MEMORY_DAYS = 84.0
# The index of the half-life (56 days) at which the feature `share` is computed.
SHARE = 2

NAMES: tuple[str, ...] = (
    "item_rate",
    "item_trend",
    "item_surge",
    "item_repeat",
    "item_popular",
    *(f"rate_{int(t)}" for t in HALF_LIVES_DAYS),
    *(f"per_trip_{int(t)}" for t in HALF_LIVES_DAYS),
    *(f"trips_{int(t)}" for t in HALF_LIVES_DAYS),
    *(f"volume_{int(t)}" for t in HALF_LIVES_DAYS),
    "last_trip",
    "seen",
    "distinct",
    "loyal",
    "windows",
    "once",
    "last",
    "first",
    "trips_since",
    "share",
    "gap",
    "gap_spread",
    "overdue",
    "overdue_square",
    "survival",
    "last_gap",
    *(f"window_{w}" for w in range(WINDOWS)),
    "last_quantity",
    "mean_quantity",
    "gamma_poisson",
    "affinity",
    "moves",
    "recent_moves",
    "trip_size",
    "mean_trip_size",
    "last_trip_size",
)


def rate(pairs: PairSummaries, items: Items, rows: Ints, *, k: int, prior_days: float) -> Floats:
    """Discounted gamma-Poisson rate per day at half-life k, shrunk to the rate of the item."""
    days = exposure(pairs.households.seen_days, HALF_LIVES_DAYS[k])[pairs.household]
    return np.asarray((pairs.counts[:, k] + prior_days * items.rate[rows]) / (days + prior_days))


def gamma_poisson(pairs: PairSummaries, items: Items, rows: Ints, horizon_days: int) -> Floats:
    """The prior model: chance of a purchase within the horizon, at a half-life of 56 days."""
    daily = rate(pairs, items, rows, k=2, prior_days=GAMMA_PRIOR_DAYS)
    return np.asarray(-np.expm1(-horizon_days * daily))


def features(
    pairs: PairSummaries,
    items: Items,
    rows: Ints,
    *,
    horizon_days: int,
    affinity: Floats,
    moves: tuple[Floats, Floats],
) -> Floats:
    """Compute the features: (pairs, len(NAMES)), stored column by column.

    `rows` is the row of each pair's item in `items`; `affinity` (see taste.py) and `moves`, from
    all purchases and from recent ones (see moves.py), are each pair's.
    Raises AssertionError if the columns are not written in the order of NAMES.
    """
    households, codes = pairs.households, pairs.household
    out = np.empty((len(NAMES), pairs.rows)).T
    columns = iter(enumerate(NAMES))

    def put(name: str, values: Floats) -> None:
        column, expected = next(columns)
        if name != expected:
            raise AssertionError(f"column {column} is {expected}, not {name}")
        out[:, column] = values

    put("item_rate", np.log(items.rate)[rows])
    put("item_trend", items.trend[rows])
    put("item_surge", items.surge[rows])
    put("item_repeat", items.repeat[rows])
    put("item_popular", items.popular[rows])
    days = [int(half_life) for half_life in HALF_LIVES_DAYS]
    for k, prior in enumerate(RATE_PRIOR_DAYS):
        put(f"rate_{days[k]}", np.log(rate(pairs, items, rows, k=k, prior_days=prior)))
    for k, t in enumerate(days):
        per_trip = (pairs.counts[:, k] + 0.05) / (households.trip_counts[codes, k] + 1.0)
        put(f"per_trip_{t}", np.log(per_trip))
    spans = [exposure(households.seen_days, half_life) for half_life in HALF_LIVES_DAYS]
    for k, span in enumerate(spans):
        put(f"trips_{days[k]}", np.log((households.trip_counts[:, k] + 0.3) / (span + 3.0))[codes])
    for k, span in enumerate(spans):
        put(
            f"volume_{days[k]}", np.log((households.event_counts[:, k] + 1.0) / (span + 3.0))[codes]
        )
    put("last_trip", np.log(households.last_trip_age)[codes])
    put("seen", np.log(np.clip(households.seen_days, 1.0, MEMORY_DAYS))[codes])
    put("distinct", np.log1p(households.distinct)[codes])
    put("loyal", np.log((households.recent_events + 1.0) / (households.distinct + 1.0))[codes])
    put("windows", np.log1p(pairs.recent.sum(axis=1)))
    put("once", (pairs.count == 1.0).astype(np.float64))
    log_age = np.log(pairs.last_age)
    put("last", log_age)
    put("first", np.log(np.minimum(pairs.first_age, MEMORY_DAYS)))
    put("trips_since", np.log1p(pairs.trips_since))
    share = (pairs.counts[:, SHARE] + 0.02) / (households.event_counts[codes, SHARE] + 1.0)
    put("share", np.log(share))
    gap, spread = gap_of(pairs, items, rows)
    put("gap", gap)
    put("gap_spread", spread)
    overdue = (log_age - gap) / spread
    put("overdue", overdue)
    put("overdue_square", np.minimum(overdue * overdue, 9.0))
    put("survival", np.exp(-pairs.last_age / np.exp(gap)))
    last_gap = np.log(np.maximum(pairs.last_gap, 1.0)) - gap
    put("last_gap", np.where(pairs.last_gap > 0, last_gap, 0.0))
    for w in range(WINDOWS):
        put(f"window_{w}", pairs.recent[:, w])
    put("last_quantity", np.log(np.clip(pairs.last_quantity / pairs.mean_quantity, 0.1, 10.0)))
    put("mean_quantity", np.log(np.clip(pairs.mean_quantity, 0.1, 50.0)))
    put("gamma_poisson", log_odds(gamma_poisson(pairs, items, rows, horizon_days)))
    put("affinity", affinity)
    put("moves", moves[0])
    put("recent_moves", moves[1])
    put("trip_size", pairs.last_trip_size)
    put("mean_trip_size", pairs.mean_trip_size)
    put("last_trip_size", households.last_trip_size[codes])
    if next(columns, None) is not None:
        raise AssertionError("a column is missing")
    return out


def gap_of(pairs: PairSummaries, items: Items, rows: Ints) -> tuple[Floats, Floats]:
    """Mean and spread of the log interval between purchases, shrunk to those of the item."""
    weight = pairs.gap_weight + GAP_WEIGHT_PRIOR
    mean = (pairs.gap_log_sum + GAP_WEIGHT_PRIOR * items.log_gap[rows]) / weight
    square = pairs.gap_log_square - 2.0 * mean * pairs.gap_log_sum + mean * mean * pairs.gap_weight
    variance = (np.maximum(square, 0.0) + 2.0 * GAP_VARIANCE_PRIOR) / (pairs.gap_weight + 2.0)
    return mean, np.sqrt(variance)


def log_odds(chance: Floats) -> Floats:
    """The log-odds of a chance, clipped to about -14 to 14."""
    clipped = np.clip(chance, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
