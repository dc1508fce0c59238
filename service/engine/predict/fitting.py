"""Learning from the history's own past: what was bought after earlier as-of dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from service.engine.blas import use_one_thread
from service.engine.predict import discovery, rhythm, timing
from service.engine.predict.events import (
    Base,
    Events,
    Floats,
    Ints,
    Singles,
    date_of,
    day_number,
    encode,
)
from service.engine.predict.features import NAMES
from service.engine.predict.items import Book, Items, Tally
from service.engine.predict.lessons import LEAST_PAST_DAYS, SEED, Lessons, sample, study
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.network import Network, tempered, train
from service.engine.predict.pairs import Pairs, summaries, summarise
from service.engine.predict.platt import straightened
from service.engine.predict.taste import directions

TRUST_ROWS = 3000.0
LEAST_ROWS = 200
LEVEL_EVERY = 5
LEVEL_HALF_LIFE = 1.0
MAX_VECTORS = 4000
LEAST_BUYERS = 20
CHANCE_EPOCHS = 4
CHANCE_WIDTHS = (96, 48)
TIMING_WIDTHS = (24, 12)
TIMING_EPOCHS = 3
PRIOR_BELIEF_DAYS = 5.0
PRIOR_COLUMN = NAMES.index("gamma_poisson")


@dataclass(frozen=True, slots=True)
class Overview:
    """What one pass over a base tells: item statistics, and the events of each day.

    `bought[j]` events were on day number `first` + j.
    """

    items: Items
    first: int
    bought: Floats

    @property
    def rows(self) -> int:
        """How many events the base has."""
        return int(self.bought.sum())


def overview(told: Iterable[tuple[Events, Pairs]], item_ids: pl.Series, as_of: int) -> Overview:
    """Go once over the `summaries` of a base as of day number `as_of`."""
    tally = Tally(item_ids)
    ages = np.zeros(1, dtype=np.int64)
    for shard, pairs in told:
        tally.add(pairs)
        more = np.bincount(as_of - shard.day)
        if len(more) > len(ages):
            ages, more = more, ages
        ages[: len(more)] += more
    return Overview(tally.items(), as_of + 1 - len(ages), ages[:0:-1].astype(np.float64))


def survey(events: Events, as_of: int) -> Items:
    """Item statistics of all households, from events before day number `as_of`."""
    return overview(summaries(events.until(as_of), as_of), events.item_ids, as_of).items


def fit(history: pl.DataFrame, *, as_of: date, horizon_days: int) -> Model:
    """`fit_base` to a validated history; rows at or after `as_of` change nothing."""
    return fit_base(encode(history, as_of), as_of=as_of, horizon_days=horizon_days)


def fit_base(base: Base, *, as_of: date, horizon_days: int) -> Model:
    """Fit to the events before a day.

    Learns at origins one horizon apart whose windows end by `as_of` (or by the last row, if that
    is earlier). With too little past to learn from, the model is the discounted gamma-Poisson on
    item statistics, brought to the level of the newest window, and it stays that at trust 0.
    """
    use_one_thread()
    day = day_number(as_of)
    seen = overview(summaries(base, day), base.item_ids, day)
    vectors = _with_vectors(seen.items)
    model = replace(
        default_model(as_of, horizon_days),
        items=seen.items,
        rhythm=rhythm.learned(seen.bought, seen.first),
        vectors=vectors,
    )
    if not seen.rows:
        return model
    events = sample(base, seen.rows)
    model = replace(model, taste=_taste(events, vectors, day))
    lessons = study(events, model)
    past_days = lessons[0].origin - int(events.day.min()) if lessons else 0
    model = replace(model, prior=_learn_prior(lessons, past_days))
    rows = sum(int((~lesson.check).sum()) for lesson in lessons)
    if rows < LEAST_ROWS or not any(lesson.bought.any() for lesson in lessons):
        return model
    if past_days < max(LEAST_PAST_DAYS, horizon_days):
        return model
    return replace(
        model,
        discovery=_learn_discovery(events, model, lessons[0].origin),
        trust=rows / (rows + TRUST_ROWS),
        **_learned(lessons, vectors.rows_of(events.item_ids), len(vectors), horizon_days),
    )


def _learned(lessons: list[Lessons], vectors: Ints, size: int, horizon_days: int) -> dict[str, Any]:
    """The parts of a model that are learned from examples, and how well."""
    chance = learn_chance(lessons, vectors, size)
    newest = lessons[0]
    check_rows, loss, bias = _checked(newest, chance, vectors)
    return {
        "chance": chance,
        "timing": _learn_timing(lessons, vectors, size, horizon_days),
        "training": Training(
            first_origin=date_of(lessons[-1].origin),
            last_origin=date_of(newest.origin),
            origins=len(lessons),
            rows=sum(int((~lesson.check).sum()) for lesson in lessons),
            check_rows=check_rows,
            check_log_loss=loss,
            check_bias=bias,
        ),
    }


def _taste(events: Events, vectors: Book, as_of: int) -> Singles:
    pairs = summarise(events, as_of)
    rows = vectors.rows_of(events.item_ids)[pairs.item]
    return directions(pairs, rows, len(vectors), seed=SEED)


def _with_vectors(items: Items) -> Book:
    """Items bought by enough households to deserve a vector of their own, the commonest first."""
    buyers = items.buyers[:-1]
    least = float(LEAST_BUYERS)
    if len(buyers) > MAX_VECTORS:
        least = max(least, float(np.partition(buyers, -MAX_VECTORS)[-MAX_VECTORS]))
    return Book(items.ids.filter(pl.Series(buyers >= least)))


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
        newest.inputs[:, PRIOR_COLUMN].astype(np.float64) + newest.calendar,
        newest.bought.astype(np.float64),
        np.where(newest.check, 1.0, newest.weight),
    )
    belief = past_days / (past_days + PRIOR_BELIEF_DAYS)
    return belief * shift, 1.0 + belief * (stretch - 1.0)


def learn_chance(lessons: list[Lessons], vectors: Ints, size: int) -> Network:
    """Learned from most households, and made no surer than those kept apart allow.

    The level is that of the newest origins above all: what people buy drifts.
    """
    inputs, rows = _stack(lessons, "inputs"), vectors[_stack(lessons, "item")]
    bought, weight = _stack(lessons, "bought").astype(np.float64), _stack(lessons, "weight")
    taught = [int((~lesson.check).sum()) for lesson in lessons]
    calendar = np.repeat([lesson.calendar for lesson in lessons], taught)
    learned = train(
        inputs,
        bought[:, None],
        rows,
        items=size,
        epochs=CHANCE_EPOCHS,
        seed=SEED,
        hidden=CHANCE_WIDTHS,
        asked=weight[:, None],
        added=calendar,
    )
    odds = [_odds(learned, lesson, vectors) for lesson in lessons]
    came = [lesson.bought[lesson.check].astype(np.float64) for lesson in lessons]
    some = slice(None, None, LEVEL_EVERY)
    level = learned.log_odds(inputs[some], rows[some])[:, 0] + calendar[some]
    newness = np.repeat(0.5 ** (np.arange(len(lessons)) / LEVEL_HALF_LIFE), taught)
    return tempered(
        learned,
        apart=(np.concatenate(odds), np.concatenate(came)),
        learned=(level, bought[some], (weight * newness)[some]),
    )


def _odds(chance: Network, lesson: Lessons, vectors: Ints) -> Floats:
    """Log-odds of the examples kept apart."""
    apart = lesson.check
    odds = chance.log_odds(lesson.inputs[apart], vectors[lesson.item[apart]])[:, 0]
    return np.asarray(odds + lesson.calendar)


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
    return discovery.learn(replace(model, items=survey(events, origin)), events, origin)


def _checked(lesson: Lessons, chance: Network, vectors: Ints) -> tuple[int, float, float]:
    """Rows, log loss and mean error of the households kept apart, at the newest origin."""
    apart = lesson.check
    if not apart.any():
        return 0, 0.0, 0.0
    odds = _odds(chance, lesson, vectors)
    bought = lesson.bought[apart].astype(np.float64)
    loss = float(np.mean(np.logaddexp(0.0, odds) - bought * odds))
    bias = float(np.mean(1.0 / (1.0 + np.exp(-odds)) - bought))
    return int(apart.sum()), round(loss, 6), round(bias, 6)
