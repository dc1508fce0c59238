"""Examples to learn from: what was bought after earlier as-of dates, and what was known before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict import rhythm
from service.engine.predict.events import (
    Base,
    Events,
    Flags,
    Floats,
    Ints,
    Singles,
    day_number,
    joined,
)
from service.engine.predict.features import features, gamma_poisson, log_odds
from service.engine.predict.items import Items, Tally
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summarise
from service.engine.predict.platt import straightened
from service.engine.predict.taste import affinity, directions, weight

MAX_ORIGINS = 8
LEAST_PAST_DAYS = 7
ACTIVE_DAYS = 56
LEARN_ROWS = 1_200_000
LEARN_EVENTS = 3_000_000
# Log-odds below which a pair is near certain not to be bought (6 %).
UNLIKELY = -2.7
THIN = 0.25
CHECK_EVERY = 20
SEED = 20170101


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples of one origin: inputs, whether bought, on which day of the window, which item.

    `weight` makes up for pairs left out because they are near certain not to be bought; `calendar`
    is what the days of the window add to all log-odds.
    """

    origin: int
    calendar: float
    inputs: Singles
    weekdays: Singles
    bought: Flags
    offset: Ints
    item: Ints
    weight: Floats
    check: Flags


def study(events: Events, model: Model) -> list[Lessons]:
    """Examples from rolling origins, the newest first, within a fixed amount of work.

    The newest is asked however short its past is, so that even the prior has its level checked.
    Of `model` its day, horizon, rhythm and vectors are used; item statistics and taste are those of
    each origin, so that nothing an example tells has seen its own answer.
    """
    if not events.rows:
        return []
    horizon_days = model.horizon_days
    end = min(day_number(model.as_of), int(events.day.max()) + 1)
    first = int(events.day.min())
    level = _level(events, end - 2 * horizon_days, model)
    lessons: list[Lessons] = []
    rows = 0
    for step in range(1, MAX_ORIGINS + 1):
        origin = end - step * horizon_days
        least_days = 1 if step == 1 else max(LEAST_PAST_DAYS, horizon_days)
        if origin - first < least_days or rows >= LEARN_ROWS:
            break
        lesson = _lesson(events, origin, model, level)
        lessons.append(lesson)
        rows += len(lesson.bought)
    return lessons


def active(pairs: Pairs) -> Flags:
    """Pairs of households that made a trip in the last eight weeks."""
    return np.asarray((pairs.homes.last_trip_age <= ACTIVE_DAYS)[pairs.household])


def _level(events: Events, origin: int, model: Model) -> tuple[float, float]:
    """What brings the prior's log-odds to what was bought after an origin: a and b.

    The prior takes a first purchase for a habit, and is far too high where most things are bought
    once; which examples may be thinned is better told by it at this level.
    """
    pairs, _, odds = _asked(events, origin, model)
    alive = active(pairs)
    bought = first_purchases(events, pairs, origin, model.horizon_days) < model.horizon_days
    return straightened(odds[alive], bought[alive].astype(np.float64), np.ones(alive.sum()))


def _asked(events: Events, origin: int, model: Model) -> tuple[Pairs, Items, Floats]:
    """All pairs before an origin, the items' statistics there, and the prior's log-odds."""
    pairs = summarise(events.until(origin), origin)
    tally = Tally(events.item_ids)
    tally.add(pairs)
    items = tally.items()
    odds = log_odds(gamma_poisson(pairs, items, pairs.item, model.horizon_days))
    return pairs, items, odds + rhythm.offset(model.rhythm, origin, model.horizon_days)


def _lesson(events: Events, origin: int, model: Model, level: tuple[float, float]) -> Lessons:
    horizon_days = model.horizon_days
    pairs, items, odds = _asked(events, origin, model)
    check = pairs.household % CHECK_EVERY == CHECK_EVERY - 1
    unlikely = level[0] + level[1] * odds < UNLIKELY
    drawn = np.random.default_rng(SEED + origin).random(pairs.rows) < THIN
    keep = active(pairs) & (~unlikely | drawn | check)
    offset = first_purchases(events, pairs, origin, horizon_days)[keep]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    taste = directions(pairs, vectors, len(model.vector_ids), seed=SEED)
    liking = affinity(pairs, vectors, taste, weight(pairs))[keep]
    kept = pairs.where(keep)
    return Lessons(
        origin=origin,
        calendar=rhythm.offset(model.rhythm, origin, horizon_days),
        inputs=features(kept, items, kept.item, horizon_days=horizon_days, affinity=liking).astype(
            np.float32
        ),
        weekdays=pairs.homes.weekdays[kept.household].astype(np.float32),
        bought=offset < horizon_days,
        offset=offset,
        item=kept.item,
        weight=np.where(unlikely, 1.0 / THIN, 1.0)[keep],
        check=check[keep],
    )


def first_purchases(events: Events, pairs: Pairs, origin: int, horizon_days: int) -> Ints:
    """Days from `origin` to each pair's first purchase in the window; `horizon_days` if none."""
    window = events.where((events.day >= origin) & (events.day < origin + horizon_days))
    heads = window.heads()
    size = len(events.item_ids)
    keys = (window.household * size + window.item)[heads]
    days = (window.day - origin)[heads]
    if not len(keys):
        return np.full(pairs.rows, horizon_days, dtype=np.int64)
    wanted = pairs.household * size + pairs.item
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, days[at], horizon_days)


def sample(base: Base, rows: int) -> Events:
    """All `rows` events of the base, or an even draw of its households where all are too many."""
    if rows <= LEARN_EVENTS:
        return joined(list(base.parts()))
    share = LEARN_EVENTS / rows
    chosen = np.random.default_rng(SEED).random(len(base.household_ids)) < share
    return joined([part.where(chosen[part.household]) for part in base.parts()]).of(chosen)
