"""Items a household has never bought, by what households of its taste took up.

The log-odds that a household takes up an item within the horizon are linear in: the item's own
uptake (log novelty), how readily the household tries things (log of its new items), and the
household's affinity to the item, as it is and as a logarithm. Five coefficients, fitted by
iterated least squares on the newest origin.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from service.engine.blas import use_one_thread
from service.engine.predict.events import (
    Events,
    Floats,
    Ints,
    day_number,
    encode,
    named,
)
from service.engine.predict.items import NEW_DAYS
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summaries, summarise
from service.engine.predict.taste import likings, likings_of, pictures

LEAST_AFFINITY = 1e-3
LEARN_HOUSEHOLDS = 3000
NEGATIVES = 300_000
STEPS = 12
RIDGE = 1.0
BLOCK = 512


def discover(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    per_household: int = 2,
    among: pl.Series | None = None,
) -> pl.DataFrame:
    """The likeliest items each household never bought, at most `per_household` of them.

    `among` limits the items, say to those of a category. Returns `household_id, item_id,
    p_purchase` (within the model's horizon), the likeliest first within a household. Empty while
    the model has learned no discovery. A household scores the same alone and among all.
    """
    use_one_thread()
    events = encode(history, as_of)
    allowed = np.ones(len(model.vector_ids), dtype=np.bool_)
    if among is not None:
        allowed = model.vector_ids.is_in(among.implode()).to_numpy()
    parts = []
    if model.discovery and allowed.any() and events.rows:
        for shard, pairs in summaries(events, day_number(as_of)):
            parts.append(_best(model, shard, pairs, allowed, per_household))
    if parts:
        return pl.concat(parts)
    return pl.DataFrame(
        schema={
            "household_id": events.household_ids.dtype,
            "item_id": events.item_ids.dtype,
            "p_purchase": pl.Float64,
        }
    )


def _best(
    model: Model, events: Events, pairs: Pairs, allowed: np.ndarray, count: int
) -> pl.DataFrame:
    rows = model.vector_rows(events.item_ids)[pairs.item]
    picture = pictures(pairs, rows, model.taste)
    tried = _tried(pairs)
    novelty = _novelty(model)
    count = min(count, int(allowed.sum()))
    homes: list[Ints] = []
    items: list[Ints] = []
    chances: list[Floats] = []
    for start in range(0, len(picture), BLOCK):
        stop = min(start + BLOCK, len(picture))
        liking = likings(picture[start:stop], model.taste[:-1])
        odds = _odds(liking, novelty, tried[start:stop, None], model)
        odds[:, ~allowed] = -np.inf
        mine = (pairs.household >= start) & (pairs.household < stop) & (rows < len(novelty))
        odds[pairs.household[mine] - start, rows[mine]] = -np.inf
        top = np.argsort(-odds, axis=1, kind="stable")[:, :count]
        best = np.take_along_axis(odds, top, axis=1)
        real = np.isfinite(best)
        homes.append(np.nonzero(real)[0] + start)
        items.append(top[real])
        chances.append(1.0 / (1.0 + np.exp(-best[real])))
    return pl.DataFrame(
        {
            "household_id": named(events.household_ids, np.concatenate(homes)),
            "item_id": named(model.vector_ids, np.concatenate(items)),
            "p_purchase": np.round(np.concatenate(chances), 6),
        }
    )


def learn(model: Model, events: Events, origin: int) -> tuple[float, ...]:
    """Coefficients from what was taken up in the horizon after `origin`; none if nothing was.

    `model` gives taste, items and horizon; all takers count, and a weighted draw of the rest.
    """
    past = events.until(origin)
    pairs = summarise(past, origin)
    known = model.vector_rows(events.item_ids)
    size = len(model.vector_ids)
    picture = pictures(pairs, known[pairs.item], model.taste)
    live = np.flatnonzero(pairs.homes.last_trip_age <= NEW_DAYS)[:LEARN_HOUSEHOLDS]
    if not size or not len(live):
        return ()
    window = events.where((events.day >= origin) & (events.day < origin + model.horizon_days))
    open_ = np.ones((len(live), size), dtype=np.bool_)
    taken = np.zeros((len(live), size), dtype=np.bool_)
    place = np.full(len(events.household_ids), -1)
    place[live] = np.arange(len(live))
    for table, some, mark in ((open_, past, False), (taken, window, True)):
        inside = (place[some.household] >= 0) & (known[some.item] < size)
        table[place[some.household[inside]], known[some.item[inside]]] = mark
    taken &= open_
    if not taken.any():
        return ()
    random = np.random.default_rng(origin)
    rest = open_ & ~taken
    share = min(1.0, NEGATIVES / max(int(rest.sum()), 1))
    chosen = taken | (rest & (random.random(rest.shape) < share))
    home, item = np.nonzero(chosen)
    liking = likings_of(picture[live[home]], model.taste[item])
    inputs = _inputs(liking, _novelty(model)[item], _tried(pairs)[live[home]])
    bought = taken[home, item].astype(np.float64)
    return _logistic(inputs, bought, np.where(bought > 0, 1.0, 1.0 / share))


def _tried(pairs: Pairs) -> Floats:
    """Log of each household's new items in the last eight weeks, and one."""
    size = len(pairs.homes.trips)
    new = np.bincount(pairs.household, pairs.first_age <= NEW_DAYS, minlength=size)
    return np.asarray(np.log1p(new))


def _novelty(model: Model) -> Floats:
    rows = model.items.rows_of(model.vector_ids)
    return np.asarray(np.log(model.items.novelty[rows]))


def _parts(liking: Floats, novelty: Floats, tried: Floats) -> tuple[Floats, ...]:
    """The five numbers that the coefficients belong to."""
    logarithm = np.log(np.maximum(liking, LEAST_AFFINITY))
    return np.ones(1), novelty, tried, logarithm, liking


def _inputs(liking: Floats, novelty: Floats, tried: Floats) -> Floats:
    return np.stack(np.broadcast_arrays(*_parts(liking, novelty, tried)), axis=-1)


def _odds(liking: Floats, novelty: Floats, tried: Floats, model: Model) -> Floats:
    """One number after another: a sum of five in the same order for every household."""
    odds = np.zeros(np.broadcast_shapes(liking.shape, novelty.shape, tried.shape))
    for part, coefficient in zip(_parts(liking, novelty, tried), model.discovery, strict=True):
        odds += part * coefficient
    return odds


def _logistic(inputs: Floats, bought: Floats, weight: Floats) -> tuple[float, ...]:
    """Weighted logistic regression with a small ridge, by Newton's method."""
    scale = np.abs(inputs).max(axis=0) + 1e-9
    table = inputs / scale
    found = np.zeros(inputs.shape[1])
    share = float((weight * bought).sum() / weight.sum())
    found[0] = np.log(share / (1.0 - share)) * scale[0]
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(table @ found, -30.0, 30.0)))
        slope = table.T @ (weight * (bought - chance)) - RIDGE * np.append(0.0, found[1:])
        curve = (table * (weight * chance * (1.0 - chance))[:, None]).T @ table
        found = found + np.linalg.solve(curve + RIDGE * np.eye(len(found)), slope)
    return tuple(round(float(value), 6) for value in found / scale)
