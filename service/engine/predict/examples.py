"""Training examples: features as known at an earlier date, and what was bought after it.

Such an earlier as-of date is called an *origin*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict import rhythm
from service.engine.predict.events import (
    CustomerBase,
    Events,
    Flags,
    Floats,
    Ints,
    Singles,
    concat_events,
    day_number,
)
from service.engine.predict.features import features, gamma_poisson, log_odds
from service.engine.predict.items import Items, ItemTally
from service.engine.predict.model import Model
from service.engine.predict.moves import learn_moves, pair_moves
from service.engine.predict.pairs import PairSummaries, summarise
from service.engine.predict.platt import fit_platt
from service.engine.predict.taste import affinity, directions, purchase_weights

MAX_ORIGINS = 8
LEAST_PAST_DAYS = 7
ACTIVE_DAYS = 56
LEARN_ROWS = 1_200_000
LEARN_EVENTS = 3_000_000
# Log-odds of 6 %. Of the pairs below, only a share of `THINNED_SHARE` is kept as examples.
UNLIKELY = -2.7
THINNED_SHARE = 0.25
CHECK_EVERY = 20
SEED = 20170101


@dataclass(frozen=True, slots=True)
class OriginExamples:
    """The training examples of one origin, one row per household-item pair.

    - `origin`: day number. The window is the horizon from this day on.
    - `calendar`: what the days of the window add to all log-odds (see rhythm.py).
    - `inputs`: features (rows, len(features.NAMES)). `weekdays`: the household's share of trips by
      weekday (rows, 7).
    - `bought`: whether the pair was bought in the window. `offset`: days from the origin to the
      first purchase, the horizon if there was none.
    - `household`, `item`: codes. `weight`: above 1 where similar pairs were left out.
    - `check`: whether the household is kept for validation, so that nothing is learned from it.
    """

    origin: int
    calendar: float
    inputs: Singles
    weekdays: Singles
    bought: Flags
    offset: Ints
    household: Ints
    item: Ints
    weight: Floats
    check: Flags


def make_examples(events: Events, model: Model) -> list[OriginExamples]:
    """Make examples at rolling origins, the newest first, within a fixed amount of work.

    The newest origin is used even if little history lies before it, so that the prior can always be
    calibrated. `model` provides the day, the horizon, the rhythm and the items with a vector. Item
    statistics and tastes are computed again at each origin, so that no input knows its own answer.
    """
    if not events.rows:
        return []
    horizon_days = model.horizon_days
    end = min(day_number(model.as_of), int(events.day.max()) + 1)
    first = int(events.day.min())
    level = _prior_level(events, end - 2 * horizon_days, model)
    groups: list[OriginExamples] = []
    rows = 0
    for step in range(1, MAX_ORIGINS + 1):
        origin = end - step * horizon_days
        least_days = 1 if step == 1 else max(LEAST_PAST_DAYS, horizon_days)
        if origin - first < least_days or rows >= LEARN_ROWS:
            break
        group = _examples_at(events, origin, model, level)
        groups.append(group)
        rows += len(group.bought)
    return groups


def validation_examples(events: Events, origin: int, model: Model) -> OriginExamples:
    """The examples of the validation households at an origin, with the inputs of this model."""
    return _examples_at(events, origin, model, None)


def active_pairs(pairs: PairSummaries) -> Flags:
    """Whether each pair's household made a trip in the last eight weeks."""
    return np.asarray((pairs.households.last_trip_age <= ACTIVE_DAYS)[pairs.household])


def _prior_level(events: Events, origin: int, model: Model) -> tuple[float, float]:
    """a and b that calibrate the prior's log-odds to what was bought after an origin.

    The prior treats a first purchase as a habit, so it is far too high where most things are bought
    only once. Calibrated, it decides better which pairs are unlikely enough to be left out.
    """
    pairs, _, odds = _candidates(events, origin, model)
    is_active = active_pairs(pairs)
    bought = days_to_first_purchase(events, pairs, origin, model.horizon_days) < model.horizon_days
    return fit_platt(
        odds[is_active], bought[is_active].astype(np.float64), np.ones(is_active.sum())
    )


def _candidates(events: Events, origin: int, model: Model) -> tuple[PairSummaries, Items, Floats]:
    """All pairs before an origin, the item statistics of that day, and the prior's log-odds."""
    pairs = summarise(events.before(origin), origin)
    tally = ItemTally(events.item_ids)
    tally.add(pairs)
    items = tally.items()
    odds = log_odds(gamma_poisson(pairs, items, pairs.item, model.horizon_days))
    return pairs, items, odds + rhythm.calendar_log_odds(model.rhythm, origin, model.horizon_days)


def _examples_at(
    events: Events, origin: int, model: Model, level: tuple[float, float] | None
) -> OriginExamples:
    """The examples of an origin; without the prior's `level` only those for validation."""
    horizon_days = model.horizon_days
    pairs, items, odds = _candidates(events, origin, model)
    check = pairs.household % CHECK_EVERY == CHECK_EVERY - 1
    unlikely, chosen = np.zeros(pairs.rows, dtype=np.bool_), active_pairs(pairs) & check
    if level is not None:
        unlikely = level[0] + level[1] * odds < UNLIKELY
        is_sampled = np.random.default_rng(SEED + origin).random(pairs.rows) < THINNED_SHARE
        chosen = active_pairs(pairs) & (~unlikely | is_sampled | check)
    offset = days_to_first_purchase(events, pairs, origin, horizon_days)[chosen]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    taste = directions(pairs, vectors, len(model.vector_ids), seed=SEED)
    of_all, of_recent = pair_moves(
        learn_moves(pairs, vectors, len(model.vector_ids)), pairs, vectors
    )
    chosen_pairs = pairs.where(chosen)
    inputs = features(
        chosen_pairs,
        items,
        chosen_pairs.item,
        horizon_days=horizon_days,
        affinity=affinity(pairs, vectors, taste, purchase_weights(pairs))[chosen],
        moves=(of_all[chosen], of_recent[chosen]),
    )
    return OriginExamples(
        origin=origin,
        calendar=rhythm.calendar_log_odds(model.rhythm, origin, horizon_days),
        inputs=inputs.astype(np.float32),
        weekdays=pairs.households.weekdays[chosen_pairs.household].astype(np.float32),
        bought=offset < horizon_days,
        offset=offset,
        household=chosen_pairs.household,
        item=chosen_pairs.item,
        weight=np.where(unlikely, 1.0 / THINNED_SHARE, 1.0)[chosen],
        check=check[chosen],
    )


def days_to_first_purchase(
    events: Events, pairs: PairSummaries, origin: int, horizon_days: int
) -> Ints:
    """Days from `origin` to each pair's first purchase in the window; `horizon_days` if none."""
    window = events.where((events.day >= origin) & (events.day < origin + horizon_days))
    starts = window.pair_starts()
    size = len(events.item_ids)
    keys = (window.household * size + window.item)[starts]
    days = (window.day - origin)[starts]
    if not len(keys):
        return np.full(pairs.rows, horizon_days, dtype=np.int64)
    wanted = pairs.household * size + pairs.item
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, days[at], horizon_days)


def sample_events(base: CustomerBase, rows: int) -> Events:
    """All `rows` events of the base, or those of a random share of households if too many."""
    if rows <= LEARN_EVENTS:
        return concat_events(list(base.parts()))
    share = LEARN_EVENTS / rows
    chosen = np.random.default_rng(SEED).random(len(base.household_ids)) < share
    return concat_events(
        [part.where(chosen[part.household]) for part in base.parts()]
    ).select_households(chosen)
