"""Training examples know only what came before their origin, and nothing that merely grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from service.engine.history import rows_before, validate_history
from service.engine.predict import fit, score
from service.engine.predict.events import date_of, encode
from service.engine.predict.examples import OriginExamples, make_examples
from service.engine.predict.features import MEMORY_DAYS, NAMES, features
from service.engine.predict.fitting import item_statistics, learn_chance
from service.engine.predict.model import default_model
from service.engine.predict.pairs import summarise
from tests.engine.predict.households import history_of, random_history

AS_OF = date(2026, 5, 1)
WINDOW = AS_OF - timedelta(days=14)


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    return validate_history(random_history())


def test_what_is_bought_after_an_origin_changes_no_input_of_it(history: pl.DataFrame) -> None:
    """Other answers leave the inputs the same to the last bit."""
    model = fit(history, as_of=AS_OF, horizon_days=14)
    known = rows_before(history, AS_OF)
    late = pl.col("purchased_at").dt.date() >= WINDOW
    other = known.with_columns(
        item_id=pl.when(late).then(pl.col("item_id") % 12 + 1).otherwise(pl.col("item_id"))
    )
    first = make_examples(encode(known, AS_OF), model)[0]
    again = make_examples(encode(other, AS_OF), model)[0]
    assert np.array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.bought, again.bought)


def test_a_longer_memory_is_no_larger_number() -> None:
    """Twice the history of the same habit: no number that the network reads differs by much."""
    day = 20_000
    inputs = []
    for days in (int(2 * MEMORY_DAYS), int(4 * MEMORY_DAYS)):
        habit = {(1, item): list(range(day - days, day, 7)) for item in (1, 2)}
        events = encode(history_of(habit))
        pairs = summarise(events, day)
        items = item_statistics(events, day)
        items = replace(items, rate=np.full(3, 0.1), trend=np.zeros(3), surge=np.zeros(3))
        inputs.append(
            features(
                pairs,
                items,
                pairs.item,
                horizon_days=14,
                affinity=np.zeros(pairs.rows),
                moves=(np.zeros(pairs.rows), np.zeros(pairs.rows)),
            )
        )
    for name, short, long in zip(NAMES, inputs[0][0], inputs[1][0], strict=True):
        assert long == pytest.approx(short, abs=0.1), name


def test_a_short_history_is_brought_to_the_level_of_its_newest_window() -> None:
    """Four weeks are too few for the network; what was bought once would pass for a habit."""
    random = np.random.default_rng(9)
    whims = {
        (household, item): [20_454 + day for day in random.integers(0, 42, 1)]
        for household in range(1, 201)
        for item in random.integers(100, 200, 25).tolist()
    }
    some = validate_history(pl.concat([random_history(households=200, days=42), history_of(whims)]))
    as_of = date(2026, 1, 28)
    model = fit(some, as_of=as_of, horizon_days=14)
    assert model.trust == 0.0
    scores = score(model, some, as_of=as_of, horizon_days=14)
    plain = score(replace(model, prior=(0.0, 1.0)), some, as_of=as_of, horizon_days=14)
    day = pl.col("purchased_at").dt.date()
    came = some.filter((day >= as_of) & (day < as_of + timedelta(days=14)))
    keys = ["household_id", "item_id"]
    share = scores.join(came, on=keys, how="semi").height / scores.height
    fitted, raw = scores["p_purchase"].to_numpy(), plain["p_purchase"].to_numpy()
    assert abs(fitted.mean() - share) < abs(raw.mean() - share) / 1.5
    assert (np.diff(fitted[np.argsort(raw)]) > -1e-5).all()


def examples(age: int, share: float) -> OriginExamples:
    """Examples with random inputs, of which a share was bought."""
    random = np.random.default_rng(age)
    rows = 3000
    return OriginExamples(
        origin=20_000 - 14 * age,
        calendar=0.0,
        inputs=random.standard_normal((rows, 3)).astype(np.float32),
        weekdays=np.zeros((rows, 7), dtype=np.float32),
        bought=random.random(rows) < share,
        offset=np.zeros(rows, dtype=np.int64),
        household=np.arange(rows),
        item=np.zeros(rows, dtype=np.int64),
        weight=np.ones(rows),
        check=np.arange(rows) % 20 == 19,
    )


def test_the_level_is_that_of_the_newest_weeks_above_all() -> None:
    """An origin weighs half as much as the next newer: (0.4 + 0.2 / 2 + 0.1 / 4) / 1.75 = 0.3."""
    groups = [examples(1, 0.4), examples(2, 0.2), examples(3, 0.1)]
    chance = learn_chance(groups, np.zeros(1, dtype=np.int64), 1)
    odds = chance.log_odds(groups[0].inputs, groups[0].item)
    assert (1.0 / (1.0 + np.exp(-odds))).mean() == pytest.approx(0.3, abs=0.02)


def test_what_is_bought_once_is_thinned_though_the_prior_takes_it_for_a_habit() -> None:
    """A quarter of the whims is kept, at four times the weight: together they weigh as before."""
    random = np.random.default_rng(9)
    first = 20_454
    whims = {
        (household, item): [first + int(day)]
        for household in range(1, 101)
        for item, day in zip(random.choice(900, 60, replace=False) + 100, range(60), strict=True)
    }
    events = encode(history_of(whims))
    model = default_model(date_of(first + 60), 14)
    newest = make_examples(events, model)[0]
    kept = newest.weight[~newest.check]
    assert (kept == 4.0).all()
    pairs = 95 * 46
    assert kept.sum() == pytest.approx(pairs, rel=0.1)
    prior = newest.inputs[:, NAMES.index("gamma_poisson")]
    assert (1.0 / (1.0 + np.exp(-prior))).mean() > 0.06
