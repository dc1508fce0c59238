"""From a fitted model and some households' histories to probabilities and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.predict import timing
from service.engine.predict.events import Events, Floats, Ints, day_number, encode, named
from service.engine.predict.features import gamma_poisson, gap_of, log_odds
from service.engine.predict.fitting import SHARD_ROWS
from service.engine.predict.items import Tally
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summarise

DIGITS = 6


def score(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
    intervals: bool = False,
) -> pl.DataFrame:
    """Every item each household of `history` bought before `as_of`, one row each.

    Columns: household_id, item_id (as they came), p_purchase (at least one purchase in
    [as_of, as_of + horizon)), expected_on (median date given a purchase within the horizon),
    interval_days, interval_low_days and interval_high_days (null after a single purchase),
    last_bought_on; with `intervals` also early_50_on, late_50_on, early_80_on, late_80_on (that
    share of such purchases falls between, ends included).
    Sorted by household and item. One household scores the same alone as among all.
    """
    events = encode(history, as_of)
    day = day_number(as_of)
    frames = [
        _frame(
            model,
            shard,
            summarise(shard, day),
            day=day,
            horizon_days=horizon_days,
            intervals=intervals,
        )
        for shard in _shards(events)
    ]
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def forecast(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
    intervals: bool = False,
) -> tuple[Model, pl.DataFrame]:
    """Count the item statistics of a day anew and score the whole base by them.

    The model returned holds those statistics: it scores any household of the base as here.
    """
    events = encode(history, as_of)
    day = day_number(as_of)
    shards = _shards(events)
    tally = Tally(events.item_ids)
    for shard in shards:
        pairs = summarise(shard, day)
        tally.add(pairs)
    model = replace(model, as_of=as_of, items=tally.items())
    frames = [
        _frame(
            model,
            shard,
            pairs if len(shards) == 1 else summarise(shard, day),
            day=day,
            horizon_days=horizon_days,
            intervals=intervals,
        )
        for shard in shards
    ]
    return model, frames[0] if len(frames) == 1 else pl.concat(frames)


def _shards(events: Events) -> list[Events]:
    return list(events.shards(SHARD_ROWS)) or [events]


def _frame(
    model: Model, events: Events, pairs: Pairs, *, day: int, horizon_days: int, intervals: bool
) -> pl.DataFrame:
    rows = model.items.rows_of(events.item_ids)[pairs.item]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    inputs = model.inputs(pairs, rows, vectors)
    shift, stretch = model.prior
    odds = log_odds(gamma_poisson(pairs, model.items, rows, model.horizon_days))
    odds = shift + stretch * odds
    if model.chance is not None:
        learned = model.chance.log_odds(inputs, vectors)[:, 0]
        odds = model.trust * learned + (1.0 - model.trust) * odds
    chance = _stretched(1.0 / (1.0 + np.exp(-odds)), horizon_days / model.horizon_days)
    by = _spread(model, pairs, inputs, vectors)
    gap, spread = gap_of(pairs, model.items, rows)
    several = pairs.count > 1
    columns: dict[str, Any] = {
        "household_id": named(events.household_ids, pairs.household),
        "item_id": named(events.item_ids, pairs.item),
        "p_purchase": np.round(chance, DIGITS),
        "expected_on": _dates(day + timing.day_of(by, 0.5, horizon_days)),
        "interval_days": np.where(several, np.round(np.exp(gap), 1), np.nan),
        "interval_low_days": np.where(several, np.round(np.exp(gap - 0.5 * spread)), np.nan),
        "interval_high_days": np.where(several, np.round(np.exp(gap + 0.5 * spread)), np.nan),
        "last_bought_on": _dates(day - pairs.last_age.astype(np.int64)),
    }
    if intervals:
        for percent in (50, 80):
            early, late = timing.interval(by, percent / 100, horizon_days)
            columns[f"early_{percent}_on"] = _dates(day + early)
            columns[f"late_{percent}_on"] = _dates(day + late)
    return pl.DataFrame(columns, nan_to_null=True)


def _dates(days: Ints) -> NDArray[np.datetime64]:
    return days.astype("datetime64[D]")


def _stretched(chance: Floats, times: float) -> Floats:
    """P within another horizon at the same daily rate."""
    if times == 1.0:
        return chance
    return np.asarray(-np.expm1(times * np.log1p(-np.minimum(chance, 1.0 - 1e-9))))


def _spread(model: Model, pairs: Pairs, inputs: Floats, vectors: Ints) -> Floats:
    if model.timing is None:
        return timing.even(pairs.rows, model.horizon_days)
    known = np.hstack([inputs, pairs.homes.weekdays[pairs.household]])
    return timing.spread_over(model.timing.log_odds(known, vectors))
