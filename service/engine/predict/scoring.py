"""From a fitted model and some households' histories to probabilities and dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.blas import use_one_thread
from service.engine.predict import rhythm, timing
from service.engine.predict.events import (
    Base,
    Events,
    Floats,
    Ints,
    day_number,
    encode,
    named,
    nothing,
)
from service.engine.predict.features import gamma_poisson, gap_of, log_odds
from service.engine.predict.fitting import overview
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summaries, summarise

DIGITS = 6
# So many events and their summaries are kept from counting them to scoring by them.
KEPT_ROWS = 3_000_000


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
    frames = score_base(
        model,
        encode(history, as_of),
        as_of=as_of,
        horizon_days=horizon_days,
        intervals=intervals,
    )
    return _whole(list(frames))


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
    base = encode(history, as_of)
    day = day_number(as_of)
    kept = list(summaries(base, day)) if base.rows <= KEPT_ROWS else None
    seen = overview(kept or summaries(base, day), base.item_ids, day)
    model = replace(model, as_of=as_of, items=seen.items)
    frames = _frames(
        model,
        base,
        kept or summaries(base, day),
        day=day,
        horizon_days=horizon_days,
        intervals=intervals,
    )
    return model, _whole(list(frames))


def score_base(
    model: Model, base: Base, *, as_of: date, horizon_days: int, intervals: bool = False
) -> Iterator[pl.DataFrame]:
    """The frame of `score` for the events of a base before a day, some households after others.

    At least one frame, be it empty.
    """
    day = day_number(as_of)
    return _frames(
        model,
        base,
        summaries(base, day),
        day=day,
        horizon_days=horizon_days,
        intervals=intervals,
    )


def _whole(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _frames(
    model: Model,
    base: Base,
    told: Iterable[tuple[Events, Pairs]],
    *,
    day: int,
    horizon_days: int,
    intervals: bool,
) -> Iterator[pl.DataFrame]:
    use_one_thread()
    some = False
    for shard, pairs in told:
        some = True
        yield _frame(model, shard, pairs, day=day, horizon_days=horizon_days, intervals=intervals)
    if not some:
        none = nothing(base)
        yield _frame(
            model,
            none,
            summarise(none, day),
            day=day,
            horizon_days=horizon_days,
            intervals=intervals,
        )


def _frame(
    model: Model, events: Events, pairs: Pairs, *, day: int, horizon_days: int, intervals: bool
) -> pl.DataFrame:
    rows = model.items.rows_of(events.item_ids)[pairs.item]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    inputs = model.inputs(pairs, rows, vectors)
    shift, stretch = model.prior
    odds = log_odds(gamma_poisson(pairs, model.items, rows, model.horizon_days))
    calendar = rhythm.offset(model.rhythm, day, horizon_days)
    odds = shift + stretch * (odds + calendar)
    if model.chance is not None:
        learned = model.chance.log_odds(inputs, vectors)[:, 0]
        odds = model.trust * (learned + calendar) + (1.0 - model.trust) * odds
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
