"""Learning from the history's own past: what was bought after earlier as-of dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from service.engine.predict import discovery, timing
from service.engine.predict.events import (
    Events,
    Flags,
    Floats,
    Ints,
    date_of,
    day_number,
    encode,
)
from service.engine.predict.features import NAMES, gamma_poisson
from service.engine.predict.items import Items, Tally, rows_of
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.network import Network, tempered, train
from service.engine.predict.pairs import Pairs, summarise
from service.engine.predict.platt import straightened
from service.engine.predict.taste import Singles, directions

SHARD_ROWS = 2_000_000
MAX_ORIGINS = 8
LEAST_PAST_DAYS = 7
ACTIVE_DAYS = 56
LEARN_ROWS = 1_200_000
LEARN_EVENTS = 3_000_000
UNLIKELY = 0.12
THIN = 0.25
TRUST_ROWS = 3000.0
LEAST_ROWS = 200
CHECK_EVERY = 20
LEVEL_EVERY = 5
MAX_VECTORS = 4000
LEAST_BUYERS = 20
CHANCE_EPOCHS = 4
CHANCE_WIDTHS = (96, 48)
TIMING_WIDTHS = (24, 12)
TIMING_EPOCHS = 3
SEED = 20170101
PRIOR_BELIEF_DAYS = 5.0
PRIOR_COLUMN = NAMES.index("gamma_poisson")


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples of one origin: inputs, whether bought, on which day of the window, which item.

    `weight` makes up for pairs left out because they are near certain not to be bought.
    """

    origin: int
    inputs: Floats
    weekdays: Floats
    bought: Flags
    offset: Ints
    item: Ints
    weight: Floats
    check: Flags


def survey(events: Events, as_of: int) -> Items:
    """Item statistics of all households, from events before day number `as_of`."""
    tally = Tally(events.item_ids)
    for shard in events.until(as_of).shards(SHARD_ROWS):
        tally.add(summarise(shard, as_of))
    return tally.items()


def fit(history: pl.DataFrame, *, as_of: date, horizon_days: int) -> Model:
    """Fit to a validated history; rows at or after `as_of` change nothing.

    Learns at origins one horizon apart whose windows end by `as_of` (or by the last row, if that
    is earlier). With too little past to learn from, the model is the discounted gamma-Poisson on
    item statistics, brought to the level of the newest window, and it stays that at trust 0.
    """
    events = encode(history, as_of)
    items = survey(events, day_number(as_of))
    ids = _with_vectors(items)
    model = replace(
        default_model(as_of, horizon_days),
        items=items,
        vector_ids=ids,
        taste=_taste(events, ids, day_number(as_of)),
    )
    lessons = study(events, model)
    past_days = lessons[0].origin - int(events.day.min()) if lessons else 0
    model = replace(model, prior=_learn_prior(lessons, past_days))
    rows = sum(int((~lesson.check).sum()) for lesson in lessons)
    if rows < LEAST_ROWS or not any(lesson.bought.any() for lesson in lessons):
        return model
    if past_days < max(LEAST_PAST_DAYS, horizon_days):
        return model
    vectors = rows_of(model.vector_ids, events.item_ids)
    chance = _learn_chance(lessons, vectors, len(model.vector_ids))
    newest = lessons[0]
    check_rows, loss, bias = _checked(newest, chance, vectors)
    return replace(
        model,
        discovery=_learn_discovery(events, model, newest.origin),
        trust=rows / (rows + TRUST_ROWS),
        chance=chance,
        timing=_learn_timing(lessons, vectors, len(model.vector_ids), horizon_days),
        training=Training(
            first_origin=date_of(lessons[-1].origin),
            last_origin=date_of(newest.origin),
            origins=len(lessons),
            rows=rows,
            check_rows=check_rows,
            check_log_loss=loss,
            check_bias=bias,
        ),
    )


def study(events: Events, model: Model) -> list[Lessons]:
    """Examples from rolling origins, the newest first, within a fixed amount of work.

    The newest is asked however short its past is, so that even the prior has its level checked.
    Of `model` its day, horizon and vectors are used; item statistics and taste are those of each
    origin, so that nothing an example tells has seen its own answer.
    """
    if not events.rows:
        return []
    horizon_days = model.horizon_days
    events = _sample(events)
    end = min(day_number(model.as_of), int(events.day.max()) + 1)
    first = int(events.day.min())
    lessons: list[Lessons] = []
    rows = 0
    for step in range(1, MAX_ORIGINS + 1):
        origin = end - step * horizon_days
        least_days = 1 if step == 1 else max(LEAST_PAST_DAYS, horizon_days)
        if origin - first < least_days or rows >= LEARN_ROWS:
            break
        lesson = _lesson(events, origin, model)
        lessons.append(lesson)
        rows += len(lesson.bought)
    return lessons


def active(pairs: Pairs) -> Flags:
    """Pairs of households that made a trip in the last eight weeks."""
    return np.asarray((pairs.homes.last_trip_age <= ACTIVE_DAYS)[pairs.household])


def _lesson(events: Events, origin: int, model: Model) -> Lessons:
    horizon_days = model.horizon_days
    past = events.until(origin)
    pairs = summarise(past, origin)
    tally = Tally(events.item_ids)
    tally.add(pairs)
    items = tally.items()
    check = pairs.household % CHECK_EVERY == CHECK_EVERY - 1
    unlikely = gamma_poisson(pairs, items, pairs.item, horizon_days) < UNLIKELY
    drawn = np.random.default_rng(SEED + origin).random(pairs.rows) < THIN
    keep = active(pairs) & (~unlikely | drawn | check)
    offset = first_purchases(events, pairs, origin, horizon_days)[keep]
    vectors = model.vector_rows(events.item_ids)[pairs.item]
    taste = directions(pairs, vectors, len(model.vector_ids), seed=SEED)
    inputs = replace(model, items=items, taste=taste).inputs(pairs, pairs.item, vectors)
    return Lessons(
        origin=origin,
        inputs=inputs[keep],
        weekdays=pairs.homes.weekdays[pairs.household[keep]],
        bought=offset < horizon_days,
        offset=offset,
        item=pairs.item[keep],
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


def _sample(events: Events) -> Events:
    """Every household, or an even draw of them where learning from all would be waste."""
    if events.rows <= LEARN_EVENTS:
        return events
    random = np.random.default_rng(SEED)
    share = LEARN_EVENTS / events.rows
    chosen = random.random(len(events.household_ids)) < share
    return events.where(chosen[events.household])


def _taste(events: Events, ids: pl.Series, as_of: int) -> Singles:
    some = _sample(events)
    pairs = summarise(some, as_of)
    return directions(pairs, rows_of(ids, events.item_ids)[pairs.item], len(ids), seed=SEED)


def _with_vectors(items: Items) -> pl.Series:
    """Items bought by enough households to deserve a vector of their own, the commonest first."""
    buyers = items.buyers[:-1]
    least = float(LEAST_BUYERS)
    if len(buyers) > MAX_VECTORS:
        least = max(least, float(np.partition(buyers, -MAX_VECTORS)[-MAX_VECTORS]))
    return items.ids.filter(pl.Series(buyers >= least))


def _stack(lessons: list[Lessons], name: str) -> np.ndarray:
    return np.concatenate([getattr(lesson, name)[~lesson.check] for lesson in lessons])


def _learn_prior(lessons: list[Lessons], past_days: int) -> tuple[float, float]:
    """How far the gamma-Poisson, which takes a first purchase for a habit, was off lately.

    Judged at the newest origin, and believed the less the shorter its past was: with every day
    that is added the prior is less far off.
    """
    if not lessons:
        return 0.0, 1.0
    newest = lessons[0]
    shift, stretch = straightened(
        newest.inputs[:, PRIOR_COLUMN],
        newest.bought.astype(np.float64),
        np.where(newest.check, 1.0, newest.weight),
    )
    belief = past_days / (past_days + PRIOR_BELIEF_DAYS)
    return belief * shift, 1.0 + belief * (stretch - 1.0)


def _learn_chance(lessons: list[Lessons], vectors: Ints, size: int) -> Network:
    """Learned from most households, and made no surer than those kept apart allow."""
    inputs, rows = _stack(lessons, "inputs"), vectors[_stack(lessons, "item")]
    bought, weight = _stack(lessons, "bought").astype(np.float64), _stack(lessons, "weight")
    learned = train(
        inputs,
        bought[:, None],
        rows,
        items=size,
        epochs=CHANCE_EPOCHS,
        seed=SEED,
        hidden=CHANCE_WIDTHS,
        asked=weight[:, None],
    )
    odds = [
        learned.log_odds(lesson.inputs[lesson.check], vectors[lesson.item[lesson.check]])[:, 0]
        for lesson in lessons
    ]
    came = [lesson.bought[lesson.check].astype(np.float64) for lesson in lessons]
    some = slice(None, None, LEVEL_EVERY)
    level = learned.log_odds(inputs[some], rows[some])[:, 0]
    return tempered(
        learned,
        apart=(np.concatenate(odds), np.concatenate(came)),
        learned=(level, bought[some], weight[some]),
    )


def _learn_timing(
    lessons: list[Lessons], vectors: Ints, size: int, horizon_days: int
) -> Network | None:
    if timing.bins(horizon_days) < 2:
        return None
    bought = _stack(lessons, "bought")
    inputs = np.hstack([_stack(lessons, "inputs"), _stack(lessons, "weekdays")])[bought]
    targets, asked = timing.questions(_stack(lessons, "offset")[bought], horizon_days)
    return train(
        inputs,
        targets,
        vectors[_stack(lessons, "item")[bought]],
        items=size,
        epochs=TIMING_EPOCHS,
        hidden=TIMING_WIDTHS,
        seed=SEED,
        asked=asked,
    )


def _learn_discovery(events: Events, model: Model, origin: int) -> tuple[float, ...]:
    """Uptake is judged by the items' statistics before the origin, not by today's."""
    some = _sample(events)
    return discovery.learn(replace(model, items=survey(some, origin)), some, origin)


def _checked(lesson: Lessons, chance: Network, vectors: Ints) -> tuple[int, float, float]:
    """Rows, log loss and mean error of the households kept apart, at the newest origin."""
    apart = lesson.check
    if not apart.any():
        return 0, 0.0, 0.0
    odds = chance.log_odds(lesson.inputs[apart], vectors[lesson.item[apart]])[:, 0]
    bought = lesson.bought[apart].astype(np.float64)
    loss = float(np.mean(np.logaddexp(0.0, odds) - bought * odds))
    bias = float(np.mean(1.0 / (1.0 + np.exp(-odds)) - bought))
    return int(apart.sum()), round(loss, 6), round(bias, 6)
