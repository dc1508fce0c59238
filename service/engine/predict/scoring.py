"""Score households: from a fitted model and purchase histories to chances and dates."""

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
    CustomerBase,
    Events,
    Floats,
    Ints,
    day_number,
    decode_ids,
    encode,
    no_events,
)
from service.engine.predict.features import gamma_poisson, gap_of, log_odds
from service.engine.predict.fitting import base_statistics
from service.engine.predict.fixed_point import Reals
from service.engine.predict.model import Model
from service.engine.predict.pairs import PairSummaries, summaries, summarise

DIGITS = 6
# Up to this many events, `forecast` keeps the summaries in memory between counting and scoring.
ROWS_IN_MEMORY = 3_000_000


def score(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
    lead_days: int | None = None,
    intervals: bool = False,
) -> pl.DataFrame:
    """Score every item that each household of `history` bought before `as_of`.

    Returns one row per household and item, sorted by both:

    - `household_id`, `item_id`: in the types of `history`.
    - `p_purchase`: chance of at least one purchase in [as_of, as_of + horizon).
    - `expected_on`: median date of the first purchase, given that there is one in the horizon. With
      `lead_days`, the date for a list that is there so many days later: see `timing.listed_day`.
    - `interval_days`, `interval_low_days`, `interval_high_days`: the usual days between purchases;
      null after a single purchase.
    - `last_bought_on`.
    - with `intervals`, `early_50_on` to `late_50_on` and `early_80_on` to `late_80_on`: dates, both
      included, between which 50 % and 80 % of such purchases fall.

    A household gets the same scores alone as among others, to the last bit.
    """
    frames = score_base(
        model,
        encode(history, as_of),
        as_of=as_of,
        horizon_days=horizon_days,
        lead_days=lead_days,
        intervals=intervals,
    )
    return _concat(list(frames))


def forecast(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
    intervals: bool = False,
) -> tuple[Model, pl.DataFrame]:
    """Count the item statistics as of a day and score all households of `history` with them.

    The returned model holds these statistics, so that `score` gives the same scores again.
    """
    base = encode(history, as_of)
    day = day_number(as_of)
    in_memory = list(summaries(base, day)) if base.rows <= ROWS_IN_MEMORY else None
    statistics = base_statistics(in_memory or summaries(base, day), base.item_ids, day)
    model = replace(model, as_of=as_of, items=statistics.items)
    frames = _frames(
        model,
        base,
        in_memory or summaries(base, day),
        day=day,
        horizon_days=horizon_days,
        intervals=intervals,
    )
    return model, _concat(list(frames))


def score_base(
    model: Model,
    base: CustomerBase,
    *,
    as_of: date,
    horizon_days: int,
    lead_days: int | None = None,
    intervals: bool = False,
) -> Iterator[pl.DataFrame]:
    """Yield the frame of `score` for some households of a base at a time; at least one frame.

    All events of the base must lie before `as_of`.
    """
    day = day_number(as_of)
    return _frames(
        model,
        base,
        summaries(base, day),
        day=day,
        horizon_days=horizon_days,
        lead_days=lead_days,
        intervals=intervals,
    )


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _frames(
    model: Model,
    base: CustomerBase,
    summarised: Iterable[tuple[Events, PairSummaries]],
    *,
    day: int,
    horizon_days: int,
    lead_days: int | None = None,
    intervals: bool,
) -> Iterator[pl.DataFrame]:
    use_one_thread()
    has_rows = False
    for shard, pairs in summarised:
        has_rows = True
        yield _frame(
            model,
            shard,
            pairs,
            day=day,
            horizon_days=horizon_days,
            lead_days=lead_days,
            intervals=intervals,
        )
    if not has_rows:
        empty = no_events(base)
        yield _frame(
            model,
            empty,
            summarise(empty, day),
            day=day,
            horizon_days=horizon_days,
            intervals=intervals,
        )


def _frame(
    model: Model,
    events: Events,
    pairs: PairSummaries,
    *,
    day: int,
    horizon_days: int,
    lead_days: int | None = None,
    intervals: bool,
) -> pl.DataFrame:
    rows = model.items.rows_of(events.item_ids)[pairs.item]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    inputs = model.inputs(pairs, rows, vectors)
    odds = purchase_log_odds(
        model,
        inputs,
        vectors,
        prior=log_odds(gamma_poisson(pairs, model.items, rows, model.horizon_days)),
        calendar=rhythm.calendar_log_odds(model.rhythm, day, horizon_days),
    )
    chance = _rescale_horizon(1.0 / (1.0 + np.exp(-odds)), horizon_days / model.horizon_days)
    cumulative = _cumulative_chances(model, pairs, inputs, vectors)
    gap, spread = gap_of(pairs, model.items, rows)
    has_interval = pairs.count > 1
    p_purchase = np.round(chance, DIGITS)
    expected = (
        timing.day_of(cumulative, 0.5, horizon_days)
        if lead_days is None
        else timing.listed_day(cumulative, p_purchase, horizon_days, lead_days=lead_days)
    )
    columns: dict[str, Any] = {
        "household_id": decode_ids(events.household_ids, pairs.household),
        "item_id": decode_ids(events.item_ids, pairs.item),
        "p_purchase": p_purchase,
        "expected_on": _dates(day + expected),
        "interval_days": np.where(has_interval, np.round(np.exp(gap), 1), np.nan),
        "interval_low_days": np.where(has_interval, np.round(np.exp(gap - 0.5 * spread)), np.nan),
        "interval_high_days": np.where(has_interval, np.round(np.exp(gap + 0.5 * spread)), np.nan),
        "last_bought_on": _dates(day - pairs.last_age.astype(np.int64)),
    }
    if intervals:
        for percent in (50, 80):
            early, late = timing.interval(cumulative, percent / 100, horizon_days)
            columns[f"early_{percent}_on"] = _dates(day + early)
            columns[f"late_{percent}_on"] = _dates(day + late)
    return pl.DataFrame(columns, nan_to_null=True)


def purchase_log_odds(
    model: Model, inputs: Reals, vectors: Ints, *, prior: Floats, calendar: float
) -> Floats:
    """Log-odds of a purchase within the horizon of the model.

    `inputs` are the features of each pair, `vectors` the row of its item among the learned vectors,
    `prior` the log-odds of the gamma-Poisson; `calendar` is what the days of the window add.
    """
    shift, stretch = model.prior
    odds = shift + stretch * (prior + calendar)
    if model.chance is not None:
        network_odds = model.chance.log_odds(inputs, vectors)[:, 0]
        odds = model.trust * (network_odds + calendar) + (1.0 - model.trust) * odds
    return odds


def _dates(days: Ints) -> NDArray[np.datetime64]:
    return days.astype("datetime64[D]")


def _rescale_horizon(chance: Floats, times: float) -> Floats:
    """The chance within a horizon `times` as long, at the same daily rate."""
    if times == 1.0:
        return chance
    return np.asarray(-np.expm1(times * np.log1p(-np.minimum(chance, 1.0 - 1e-9))))


def _cumulative_chances(
    model: Model, pairs: PairSummaries, inputs: Floats, vectors: Ints
) -> Floats:
    if model.timing is None:
        return timing.uniform_chances(pairs.rows, model.horizon_days)
    weekdays = pairs.households.weekdays
    shopping = timing.shopping_log_odds(weekdays, model.horizon_days)[pairs.household]
    timing_inputs = np.hstack([inputs, weekdays[pairs.household]])
    return timing.cumulative_chances(model.timing.log_odds(timing_inputs, vectors) + shopping)
