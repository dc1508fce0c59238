"""A new model against the stored one, on households that neither is fitted to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from service.engine.predict import Model, carry_on, compare, default_model, fit, score
from service.engine.predict.events import encode
from tests.engine.predict.households import random_history

AS_OF = date(2026, 5, 1)


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    return random_history(households=240)


@pytest.fixture(scope="module")
def model(history: pl.DataFrame) -> Model:
    return fit(history, as_of=AS_OF, horizon_days=14)


def test_a_model_far_off_is_worse_and_its_rival_is_not(history: pl.DataFrame, model: Model) -> None:
    base = encode(history, AS_OF)
    spoiled = replace(model, prior=(2.0, 1.0), trust=0.2)
    worse, better, same = (
        compare(base, new, old) for new, old in ((spoiled, model), (model, spoiled), (model, model))
    )
    assert worse is not None
    assert better is not None
    assert same is not None
    assert worse.is_new_worse
    assert not better.is_new_worse
    assert (same.difference, same.standard_error, same.is_new_worse) == (0.0, 0.0, False)
    assert worse.difference == pytest.approx(-better.difference)
    assert worse.standard_error == pytest.approx(better.standard_error)
    assert (worse.households, worse.origin) == (12, model.training.last_origin)
    assert same.new_log_loss == pytest.approx(model.training.check_log_loss, abs=0.02)


def test_neither_the_future_nor_the_order_of_rows_decides(
    history: pl.DataFrame, model: Model
) -> None:
    spoiled = replace(model, trust=0.5)
    poisoned = pl.concat(
        [history, history.with_columns(pl.col("purchased_at") + pl.duration(days=200))]
    ).sample(fraction=1.0, shuffle=True, seed=4)
    assert compare(encode(history, AS_OF), spoiled, model) == compare(
        encode(poisoned, AS_OF), spoiled, model
    )


def test_models_that_cannot_be_compared_are_not(history: pl.DataFrame, model: Model) -> None:
    base = encode(history, AS_OF)
    assert compare(base, model, default_model(AS_OF, 14)) is None
    assert compare(base, default_model(AS_OF, 14), model) is None
    assert compare(base, model, replace(model, horizon_days=7)) is None
    few = encode(history.filter(pl.col("household_id") <= 60), AS_OF)
    assert compare(few, model, model) is None


def test_an_old_model_that_goes_on_scores_the_day_as_the_day_counts(
    history: pl.DataFrame, model: Model
) -> None:
    later = date(2026, 5, 15)
    new = fit(history.filter(pl.col("household_id") <= 60), as_of=later, horizon_days=14)
    kept = carry_on(model, new)
    assert (kept.as_of, kept.chance, kept.items) == (later, model.chance, new.items)
    again = Model.from_json(kept.to_json())
    assert score(again, history, as_of=later, horizon_days=14).equals(
        score(kept, history, as_of=later, horizon_days=14)
    )
