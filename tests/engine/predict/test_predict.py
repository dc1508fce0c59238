"""The forecast as a whole: fit, score, store, and what must not matter."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from service.engine.history import rows_before, validate_history
from service.engine.predict import Model, default_model, fit, forecast, score
from service.engine.predict.model import VERSION
from service.errors import InvalidInput
from tests.engine.predict.households import random_history

AS_OF = date(2026, 5, 1)
HORIZON = 14


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    return validate_history(random_history())


@pytest.fixture(scope="module")
def model(history: pl.DataFrame) -> Model:
    return fit(history, as_of=AS_OF, horizon_days=HORIZON)


def test_scores_every_item_bought_before_and_no_other(history: pl.DataFrame, model: Model) -> None:
    scores = score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    wanted = rows_before(history, AS_OF).select("household_id", "item_id").unique()
    assert scores.select("household_id", "item_id").equals(wanted.sort("household_id", "item_id"))
    assert scores["p_purchase"].is_between(0.0, 1.0).all()
    assert scores["expected_on"].is_between(AS_OF, AS_OF + timedelta(days=HORIZON - 1)).all()
    assert (scores["last_bought_on"] < AS_OF).all()


def test_one_household_scores_as_it_does_among_all(history: pl.DataFrame, model: Model) -> None:
    everyone = score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    for household in (1, 17, 60):
        alone = score(
            model,
            history.filter(pl.col("household_id") == household),
            as_of=AS_OF,
            horizon_days=HORIZON,
        )
        assert alone.equals(everyone.filter(pl.col("household_id") == household))


def test_the_future_changes_nothing(history: pl.DataFrame, model: Model) -> None:
    poison = random_history(households=90, days=60, seed=1).with_columns(
        pl.col("purchased_at") + timedelta(days=120), pl.col("quantity") * 50
    )
    poisoned = pl.concat([rows_before(history, AS_OF), poison.select(history.columns)])
    again = fit(poisoned, as_of=AS_OF, horizon_days=HORIZON)
    assert again.to_json() == model.to_json()
    first = score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    assert score(again, poisoned, as_of=AS_OF, horizon_days=HORIZON).equals(first)


def test_the_stored_model_scores_as_the_fitted_one(history: pl.DataFrame, model: Model) -> None:
    stored = Model.from_json(model.to_json())
    assert stored.training == model.training
    assert score(stored, history, as_of=AS_OF, horizon_days=HORIZON).equals(
        score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    )


def test_a_model_of_another_version_is_refused(model: Model) -> None:
    text = model.to_json().replace(f'"version":{VERSION}', '"version":1')
    with pytest.raises(InvalidInput, match="another version"):
        Model.from_json(text)


def test_one_basket_falls_back_to_the_prior(history: pl.DataFrame) -> None:
    basket = history.filter(pl.col("basket_id") == history["basket_id"][0])
    model = fit(basket, as_of=AS_OF, horizon_days=HORIZON)
    assert model.trust == 0.0
    scores = score(model, basket, as_of=AS_OF, horizon_days=HORIZON)
    assert scores.height == basket.height
    assert scores["p_purchase"].is_between(0.01, 0.5).all()
    assert scores["interval_days"].null_count() == scores.height


def test_nothing_at_all_scores_nothing(history: pl.DataFrame) -> None:
    scores = score(default_model(AS_OF, 14), history.head(0), as_of=AS_OF, horizon_days=14)
    assert scores.height == 0


def test_an_item_the_model_never_saw_is_scored(history: pl.DataFrame, model: Model) -> None:
    strange = history.head(5).with_columns(item_id=pl.lit(999, dtype=pl.Int64))
    scores = score(model, strange, as_of=AS_OF, horizon_days=HORIZON)
    assert scores["item_id"].to_list() == [999]
    assert 0.0 < scores["p_purchase"][0] < 1.0


def test_text_ids_give_the_same_forecast(history: pl.DataFrame, model: Model) -> None:
    text = history.with_columns(
        pl.format("h{}", pl.col("household_id").cast(pl.String).str.zfill(4)).alias("household_id"),
        pl.format("i{}", pl.col("item_id").cast(pl.String).str.zfill(4)).alias("item_id"),
    )
    named = fit(text, as_of=AS_OF, horizon_days=HORIZON)
    scores = score(named, text, as_of=AS_OF, horizon_days=HORIZON)
    numbered = score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    assert scores["p_purchase"].equals(numbered["p_purchase"])
    assert scores["item_id"][0] == f"i{numbered['item_id'][0]:04d}"


def test_returned_goods_are_not_bought(history: pl.DataFrame, model: Model) -> None:
    back = history.with_columns(-pl.col("quantity"), item_id=pl.lit(77, dtype=pl.Int64))
    both = pl.concat([history, back])
    assert score(model, both, as_of=AS_OF, horizon_days=HORIZON).equals(
        score(model, history, as_of=AS_OF, horizon_days=HORIZON)
    )


def test_a_longer_horizon_is_likelier(history: pl.DataFrame, model: Model) -> None:
    week = score(model, history, as_of=AS_OF, horizon_days=7)
    month = score(model, history, as_of=AS_OF, horizon_days=28)
    assert (week["p_purchase"] < month["p_purchase"]).all()


def test_forecast_on_the_day_of_the_fit_is_score(history: pl.DataFrame, model: Model) -> None:
    again, scores = forecast(model, history, as_of=AS_OF, horizon_days=HORIZON)
    assert again.to_json() == model.to_json()
    assert scores.equals(score(model, history, as_of=AS_OF, horizon_days=HORIZON))
