"""Fit a model to a purchase history, by looking at what was bought after earlier dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from service.engine.blas import use_one_thread
from service.engine.predict import rhythm, takeup, timing
from service.engine.predict.calibration import calibration_error, calibration_noise
from service.engine.predict.events import (
    CustomerBase,
    Events,
    Floats,
    Ints,
    date_of,
    day_number,
    encode,
)
from service.engine.predict.examples import (
    LEAST_PAST_DAYS,
    SEED,
    OriginExamples,
    make_examples,
    sample_events,
)
from service.engine.predict.features import NAMES
from service.engine.predict.items import IdIndex, Items, ItemTally
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.moves import learn_moves
from service.engine.predict.network import Network, recalibrate, train
from service.engine.predict.pairs import PairSummaries, summaries, summarise
from service.engine.predict.platt import fit_platt
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
class BaseStatistics:
    """What is counted in one pass over a base.

    `items` are the item statistics; `bought[j]` is the number of events on day number `first` + j.
    """

    items: Items
    first: int
    bought: Floats

    @property
    def rows(self) -> int:
        """The number of events of the base."""
        return int(self.bought.sum())


def base_statistics(
    summarised: Iterable[tuple[Events, PairSummaries]], item_ids: pl.Series, as_of: int
) -> BaseStatistics:
    """Count a base as of day number `as_of`; `summarised` is what `pairs.summaries` yields."""
    tally = ItemTally(item_ids)
    ages = np.zeros(1, dtype=np.int64)
    for shard, pairs in summarised:
        tally.add(pairs)
        longer = np.bincount(as_of - shard.day)
        if len(longer) > len(ages):
            ages, longer = longer, ages
        ages[: len(longer)] += longer
    return BaseStatistics(tally.items(), as_of + 1 - len(ages), ages[:0:-1].astype(np.float64))


def item_statistics(events: Events, as_of: int) -> Items:
    """Item statistics of all households, from events before day number `as_of`."""
    return base_statistics(summaries(events.before(as_of), as_of), events.item_ids, as_of).items


def fit(history: pl.DataFrame, *, as_of: date, horizon_days: int) -> Model:
    """Fit to a validated history, as `fit_base`. Rows at or after `as_of` are not used."""
    return fit_base(encode(history, as_of), as_of=as_of, horizon_days=horizon_days)


def fit_base(base: CustomerBase, *, as_of: date, horizon_days: int) -> Model:
    """Fit to a base whose events all lie before `as_of`.

    The networks learn from what was bought after origins one horizon apart. The newest window ends
    at `as_of`, or after the last event if that is earlier. With too little history for that, trust
    is 0 and the model is the discounted gamma-Poisson on item statistics, calibrated to the newest
    window. The same events give the same model, whatever library multiplies matrices.
    """
    use_one_thread()
    day = day_number(as_of)
    statistics = base_statistics(summaries(base, day), base.item_ids, day)
    vectors = _frequent_items(statistics.items)
    model = replace(
        default_model(as_of, horizon_days),
        items=statistics.items,
        rhythm=rhythm.learn_rhythm(statistics.bought, statistics.first),
        vectors=vectors,
    )
    if not statistics.rows:
        return model
    events = sample_events(base, statistics.rows)
    model = replace(model, **_relations(events, vectors, day))
    groups = make_examples(events, model)
    past_days = groups[0].origin - int(events.day.min()) if groups else 0
    model = replace(model, prior=_learn_prior(groups, past_days))
    rows = sum(int((~group.check).sum()) for group in groups)
    if rows < LEAST_ROWS or not any(group.bought.any() for group in groups):
        return model
    model = replace(model, discovery=takeup.learn(events, model))
    if past_days < max(LEAST_PAST_DAYS, horizon_days):
        return model
    return replace(
        model,
        trust=rows / (rows + TRUST_ROWS),
        **_learn_networks(groups, model, vectors.rows_of(events.item_ids)),
    )


def _learn_networks(groups: list[OriginExamples], model: Model, vectors: Ints) -> dict[str, Any]:
    """The fields of a model that are learned from examples, with the record of the training."""
    size = len(model.vectors)
    chance = learn_chance(groups, vectors, size)
    newest = groups[0]
    means, spreads = _input_moments(newest)
    return {
        "chance": chance,
        "timing": _learn_timing(groups, vectors, size, model.horizon_days),
        "training": Training(
            fitted_on=model.as_of,
            first_origin=date_of(groups[-1].origin),
            last_origin=date_of(newest.origin),
            origins=len(groups),
            rows=sum(int((~group.check).sum()) for group in groups),
            input_means=means,
            input_spreads=spreads,
            **_check_scores(newest, chance, vectors),
        ),
    }


def _relations(events: Events, vectors: IdIndex, as_of: int) -> dict[str, Any]:
    """The fields of a model that say which items go together."""
    pairs = summarise(events, as_of)
    rows = vectors.rows_of(events.item_ids)[pairs.item]
    return {
        "taste": directions(pairs, rows, len(vectors), seed=SEED),
        "moves": learn_moves(pairs, rows, len(vectors)),
    }


def _frequent_items(items: Items) -> IdIndex:
    """The items that get a learned vector: those with enough buyers, some `MAX_VECTORS` at most."""
    buyers = items.buyers[:-1]
    least = float(LEAST_BUYERS)
    if len(buyers) > MAX_VECTORS:
        least = max(least, float(np.partition(buyers, -MAX_VECTORS)[-MAX_VECTORS]))
    return IdIndex(items.ids.filter(pl.Series(buyers >= least)))


def _stack(groups: list[OriginExamples], name: str) -> np.ndarray:
    return np.concatenate([getattr(group, name)[~group.check] for group in groups])


def _learn_prior(groups: list[OriginExamples], past_days: int) -> tuple[float, float]:
    """Calibrate the gamma-Poisson, which treats a first purchase as a habit, at the newest origin.

    The shorter the history before that origin, the less of the correction is applied, because the
    error of the prior shrinks with each day of history.
    """
    if not groups:
        return 0.0, 1.0
    newest = groups[0]
    shift, stretch = fit_platt(
        newest.inputs[:, PRIOR_COLUMN].astype(np.float64) + newest.calendar,
        newest.bought.astype(np.float64),
        np.where(newest.check, 1.0, newest.weight),
    )
    belief = past_days / (past_days + PRIOR_BELIEF_DAYS)
    return belief * shift, 1.0 + belief * (stretch - 1.0)


def learn_chance(groups: list[OriginExamples], vectors: Ints, size: int) -> Network:
    """Learn the chance network from training households; calibrate it on validation households.

    `vectors` maps item codes to vector rows; `size` is the number of vectors. The level is mostly
    that of the newest origins, because what people buy drifts.
    """
    inputs, rows = _stack(groups, "inputs"), vectors[_stack(groups, "item")]
    bought, weight = _stack(groups, "bought").astype(np.float64), _stack(groups, "weight")
    sizes = [int((~group.check).sum()) for group in groups]
    calendar = np.repeat([group.calendar for group in groups], sizes)
    network = train(
        inputs,
        bought[:, None],
        rows,
        items=size,
        epochs=CHANCE_EPOCHS,
        seed=SEED,
        hidden=CHANCE_WIDTHS,
        target_weights=weight[:, None],
        known_log_odds=calendar,
    )
    odds = [_validation_log_odds(network, group, vectors) for group in groups]
    outcomes = [group.bought[group.check].astype(np.float64) for group in groups]
    level_rows = slice(None, None, LEVEL_EVERY)
    level = network.log_odds(inputs[level_rows], rows[level_rows])[:, 0] + calendar[level_rows]
    recency = np.repeat(0.5 ** (np.arange(len(groups)) / LEVEL_HALF_LIFE), sizes)
    return recalibrate(
        network,
        validation=(np.concatenate(odds), np.concatenate(outcomes), np.ones(sum(map(len, odds)))),
        training=(level, bought[level_rows], (weight * recency)[level_rows]),
    )


def _validation_log_odds(chance: Network, group: OriginExamples, vectors: Ints) -> Floats:
    """Log-odds of the examples of validation households."""
    is_validation = group.check
    odds = chance.log_odds(group.inputs[is_validation], vectors[group.item[is_validation]])[:, 0]
    return np.asarray(odds + group.calendar)


def _learn_timing(
    groups: list[OriginExamples], vectors: Ints, size: int, horizon_days: int
) -> Network | None:
    if timing.bin_count(horizon_days) < 2:
        return None
    bought = _stack(groups, "bought")
    weekdays = _stack(groups, "weekdays")[bought]
    inputs = np.hstack([_stack(groups, "inputs")[bought], weekdays])
    targets, target_weights = timing.hazard_targets(_stack(groups, "offset")[bought], horizon_days)
    return train(
        inputs,
        targets,
        vectors[_stack(groups, "item")[bought]],
        items=size,
        epochs=TIMING_EPOCHS,
        hidden=TIMING_WIDTHS,
        seed=SEED,
        target_weights=target_weights,
        known_log_odds=timing.shopping_log_odds(weekdays, horizon_days),
    )


def _check_scores(group: OriginExamples, chance: Network, vectors: Ints) -> dict[str, Any]:
    """The `check_*` fields of `Training`: scores of the validation households."""
    is_validation = group.check
    odds = _validation_log_odds(chance, group, vectors)
    bought = group.bought[is_validation]
    p = 1.0 / (1.0 + np.exp(-odds))
    rows = len(odds)
    scores = {
        "log_loss": float((np.logaddexp(0.0, odds) - bought * odds).sum()) / max(rows, 1),
        "bias": float((p - bought).sum()) / max(rows, 1),
        "calibration_error": calibration_error(p, bought),
        "calibration_noise": calibration_noise(p, bought, group.household[is_validation]),
    }
    return {"check_rows": rows} | {f"check_{name}": round(v, 6) for name, v in scores.items()}


def _input_moments(group: OriginExamples) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each feature, as if no pair had been left out."""
    weight = np.where(group.check, 1.0, group.weight)
    mean = np.average(group.inputs, axis=0, weights=weight)
    variance = np.average((group.inputs - mean) ** 2, axis=0, weights=weight)
    return tuple(mean.round(6).tolist()), tuple(np.sqrt(variance).round(6).tolist())
