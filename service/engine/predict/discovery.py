"""Discovery: items that a household has never bought and is most likely to try next.

The log-odds that a household first buys an item within the horizon are linear in the log of the
item's novelty (see items.py), the log of the household's count of new items, its affinity to the
item, and the log of that affinity (see taste.py). The five coefficients, with a constant, are
fitted by iterated least squares at the newest origin.
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
    decode_ids,
    encode,
)
from service.engine.predict.items import NEW_DAYS
from service.engine.predict.model import Model
from service.engine.predict.pairs import PairSummaries, summaries, summarise
from service.engine.predict.taste import affinities, household_tastes, row_affinities

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
    """Find the likeliest items that each household never bought, at most `per_household` of them.

    `among` limits the items, for example to those of one category. Returns `household_id`,
    `item_id` and `p_purchase` (within the model's horizon), the likeliest first within a household.
    The result is empty if the model has no discovery coefficients. A household gets the same result
    alone as among others, to the last bit.
    """
    use_one_thread()
    events = encode(history, as_of)
    allowed = np.ones(len(model.vector_ids), dtype=np.bool_)
    if among is not None:
        allowed = model.vector_ids.is_in(among.implode()).to_numpy()
    parts = []
    if model.discovery and allowed.any() and events.rows:
        for shard, pairs in summaries(events, day_number(as_of)):
            parts.append(_best_items(model, shard, pairs, allowed, per_household))
    if parts:
        return pl.concat(parts)
    return pl.DataFrame(
        schema={
            "household_id": events.household_ids.dtype,
            "item_id": events.item_ids.dtype,
            "p_purchase": pl.Float64,
        }
    )


def _best_items(
    model: Model, events: Events, pairs: PairSummaries, allowed: np.ndarray, count: int
) -> pl.DataFrame:
    rows = model.vector_rows(events.item_ids)[pairs.item]
    tastes = household_tastes(pairs, rows, model.taste)
    new_items = _log_new_items(pairs)
    novelty = _novelty(model)
    count = min(count, int(allowed.sum()))
    households: list[Ints] = []
    items: list[Ints] = []
    chances: list[Floats] = []
    for start in range(0, len(tastes), BLOCK):
        stop = min(start + BLOCK, len(tastes))
        affinity = affinities(tastes[start:stop], model.taste[:-1])
        odds = _log_odds(affinity, novelty, new_items[start:stop, None], model)
        odds[:, ~allowed] = -np.inf
        own_pairs = (pairs.household >= start) & (pairs.household < stop) & (rows < len(novelty))
        odds[pairs.household[own_pairs] - start, rows[own_pairs]] = -np.inf
        top = np.argsort(-odds, axis=1, kind="stable")[:, :count]
        best = np.take_along_axis(odds, top, axis=1)
        is_candidate = np.isfinite(best)
        households.append(np.nonzero(is_candidate)[0] + start)
        items.append(top[is_candidate])
        chances.append(1.0 / (1.0 + np.exp(-best[is_candidate])))
    return pl.DataFrame(
        {
            "household_id": decode_ids(events.household_ids, np.concatenate(households)),
            "item_id": decode_ids(model.vector_ids, np.concatenate(items)),
            "p_purchase": np.round(np.concatenate(chances), 6),
        }
    )


def learn(model: Model, events: Events, origin: int) -> tuple[float, ...]:
    """Fit the coefficients to what was first bought in the horizon after `origin`.

    Returns an empty tuple if nothing was. `model` provides tastes, item statistics and horizon. All
    pairs that were first bought are used, and a weighted random sample of the others.
    """
    past = events.before(origin)
    pairs = summarise(past, origin)
    known = model.vector_rows(events.item_ids)
    size = len(model.vector_ids)
    tastes = household_tastes(pairs, known[pairs.item], model.taste)
    active = np.flatnonzero(pairs.households.last_trip_age <= NEW_DAYS)[:LEARN_HOUSEHOLDS]
    if not size or not len(active):
        return ()
    window = events.where((events.day >= origin) & (events.day < origin + model.horizon_days))
    untried = np.ones((len(active), size), dtype=np.bool_)
    taken_up = np.zeros((len(active), size), dtype=np.bool_)
    table_row = np.full(len(events.household_ids), -1)
    table_row[active] = np.arange(len(active))
    for table, source, mark in ((untried, past, False), (taken_up, window, True)):
        inside = (table_row[source.household] >= 0) & (known[source.item] < size)
        table[table_row[source.household[inside]], known[source.item[inside]]] = mark
    taken_up &= untried
    if not taken_up.any():
        return ()
    random = np.random.default_rng(origin)
    rest = untried & ~taken_up
    share = min(1.0, NEGATIVES / max(int(rest.sum()), 1))
    chosen = taken_up | (rest & (random.random(rest.shape) < share))
    household, item = np.nonzero(chosen)
    affinity = row_affinities(tastes[active[household]], model.taste[item])
    inputs = _inputs(affinity, _novelty(model)[item], _log_new_items(pairs)[active[household]])
    bought = taken_up[household, item].astype(np.float64)
    return _fit_logistic(inputs, bought, np.where(bought > 0, 1.0, 1.0 / share))


def _log_new_items(pairs: PairSummaries) -> Floats:
    """Log of one plus each household's count of items first bought in the last eight weeks."""
    size = len(pairs.households.trips)
    new = np.bincount(pairs.household, pairs.first_age <= NEW_DAYS, minlength=size)
    return np.asarray(np.log1p(new))


def _novelty(model: Model) -> Floats:
    rows = model.items.rows_of(model.vector_ids)
    return np.asarray(np.log(model.items.novelty[rows]))


def _regressors(affinity: Floats, novelty: Floats, new_items: Floats) -> tuple[Floats, ...]:
    """The inputs of the five coefficients, in their order."""
    logarithm = np.log(np.maximum(affinity, LEAST_AFFINITY))
    return np.ones(1), novelty, new_items, logarithm, affinity


def _inputs(affinity: Floats, novelty: Floats, new_items: Floats) -> Floats:
    return np.stack(np.broadcast_arrays(*_regressors(affinity, novelty, new_items)), axis=-1)


def _log_odds(affinity: Floats, novelty: Floats, new_items: Floats, model: Model) -> Floats:
    """The log-odds, added up in a fixed order so that each household gets the same bits."""
    odds = np.zeros(np.broadcast_shapes(affinity.shape, novelty.shape, new_items.shape))
    for part, coefficient in zip(
        _regressors(affinity, novelty, new_items), model.discovery, strict=True
    ):
        odds += part * coefficient
    return odds


def _fit_logistic(inputs: Floats, bought: Floats, weight: Floats) -> tuple[float, ...]:
    """Weighted logistic regression with a small ridge, by Newton's method."""
    scale = np.abs(inputs).max(axis=0) + 1e-9
    table = inputs / scale
    coefficients = np.zeros(inputs.shape[1])
    share = float((weight * bought).sum() / weight.sum())
    coefficients[0] = np.log(share / (1.0 - share)) * scale[0]
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(table @ coefficients, -30.0, 30.0)))
        gradient = table.T @ (weight * (bought - chance)) - RIDGE * np.append(0.0, coefficients[1:])
        curvature = (table * (weight * chance * (1.0 - chance))[:, None]).T @ table
        coefficients = coefficients + np.linalg.solve(
            curvature + RIDGE * np.eye(len(coefficients)), gradient
        )
    return tuple(round(float(value), 6) for value in coefficients / scale)
