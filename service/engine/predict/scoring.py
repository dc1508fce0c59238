"""From a fitted model and some households' histories to probabilities and dates."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from service.engine.history import before
from service.engine.predict import timing
from service.engine.predict.events import Events, Floats, day_number, encode
from service.engine.predict.features import features, gamma_poisson, gap_of, log_odds
from service.engine.predict.fitting import SHARD_ROWS
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summarise

DIGITS = 6


def score(model: Model, history: pl.DataFrame, *, as_of: date, horizon_days: int) -> pl.DataFrame:
    """Every item each household of `history` bought before `as_of`, one row each.

    Columns: household_id, item_id (as they came), p_purchase (at least one purchase in
    [as_of, as_of + horizon)), expected_on (median date given a purchase within the horizon),
    early_80_on and late_80_on (80 % of such purchases fall
    between, ends included; likewise early_50_on and late_50_on), interval_days,
    interval_low_days and interval_high_days (null after a single purchase), last_bought_on.
    Sorted by household and item. One household scores the same alone as among all.
    """
    events = encode(before(history, as_of))
    day = day_number(as_of)
    frames = [
        _frame(model, shard, summarise(shard, day), day=day, horizon_days=horizon_days)
        for shard in events.shards(SHARD_ROWS)
    ]
    if not frames:
        empty = summarise(events, day)
        return _frame(model, events, empty, day=day, horizon_days=horizon_days)
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _frame(
    model: Model, events: Events, pairs: Pairs, *, day: int, horizon_days: int
) -> pl.DataFrame:
    rows = model.items.rows_of(events.item_ids)[pairs.item]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    inputs = features(pairs, model.items, rows, model.horizon_days)
    odds = log_odds(gamma_poisson(pairs, model.items, rows, model.horizon_days))
    if model.chance is not None:
        learned = model.chance.log_odds(inputs, vectors)[:, 0]
        odds = model.trust * learned + (1.0 - model.trust) * odds
    chance = _stretched(1.0 / (1.0 + np.exp(-odds)), horizon_days / model.horizon_days)
    by = _spread(model, pairs, inputs, vectors)
    gap, spread = gap_of(pairs, model.items, rows)
    several = pairs.count > 1
    frame = pl.DataFrame(
        {
            "household_id": events.household_ids.gather(pairs.household),
            "item_id": events.item_ids.gather(pairs.item),
            "p_purchase": np.round(chance, DIGITS),
            "expected_on": day + _day(by, 0.5, horizon_days),
            "early_80_on": day + _day(by, 0.1, horizon_days),
            "early_50_on": day + _day(by, 0.25, horizon_days),
            "late_50_on": day + _day(by, 0.75, horizon_days),
            "late_80_on": day + _day(by, 0.9, horizon_days),
            "interval_days": np.where(several, np.round(np.exp(gap), 1), np.nan),
            "interval_low_days": np.where(several, np.round(np.exp(gap - 0.5 * spread)), np.nan),
            "interval_high_days": np.where(several, np.round(np.exp(gap + 0.5 * spread)), np.nan),
            "last_bought_on": day - pairs.last_age.astype(np.int64),
        }
    )
    dates = (
        "expected_on",
        "early_80_on",
        "early_50_on",
        "late_50_on",
        "late_80_on",
        "last_bought_on",
    )
    return frame.with_columns(
        *(pl.col(name).cast(pl.Int32).cast(pl.Date) for name in dates),
        pl.col("^interval_.*$").fill_nan(None),
    )


def _stretched(chance: Floats, times: float) -> Floats:
    """P within another horizon at the same daily rate."""
    if times == 1.0:
        return chance
    return np.asarray(-np.expm1(times * np.log1p(-np.minimum(chance, 1.0 - 1e-9))))


def _spread(model: Model, pairs: Pairs, inputs: Floats, vectors: np.ndarray) -> Floats:
    if model.timing is None:
        return timing.even(pairs.rows, model.horizon_days)
    known = np.hstack([inputs, pairs.homes.weekdays[pairs.household]])
    return timing.spread_over(model.timing.log_odds(known, vectors))


def _day(by: Floats, level: float, horizon_days: int) -> np.ndarray:
    """The whole day, counted from 0, in which the level is reached."""
    reached = np.floor(np.round(timing.day_at(by, level, horizon_days), DIGITS))
    return np.minimum(reached, horizon_days - 1).astype(np.int64)
