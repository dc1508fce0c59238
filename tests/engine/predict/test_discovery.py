"""Items never bought."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from service.engine.history import rows_before
from service.engine.predict import Model, default_model, discover, fit
from service.engine.predict.events import day_number, encode
from service.engine.predict.fitting import item_statistics
from tests.engine.predict.households import START, random_history, with_new_items

AS_OF = date(2026, 5, 1)


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    """Invented households that take up a new item now and then."""
    return with_new_items(random_history(households=120))


@pytest.fixture(scope="module")
def model(history: pl.DataFrame) -> Model:
    return fit(history, as_of=AS_OF, horizon_days=14)


def test_only_what_was_never_bought_and_at_most_so_many(
    history: pl.DataFrame, model: Model
) -> None:
    found = discover(model, history, as_of=AS_OF, per_household=2)
    known = rows_before(history, AS_OF).select("household_id", "item_id")
    assert found.height > 0
    assert found.join(known, on=["household_id", "item_id"], how="semi").height == 0
    assert found.group_by("household_id").len()["len"].max() == 2
    assert found["p_purchase"].is_between(0.0, 0.5).all()


def test_one_household_alone_gets_the_same(history: pl.DataFrame, model: Model) -> None:
    everyone = discover(model, history, as_of=AS_OF)
    alone = discover(model, history.filter(pl.col("household_id") == 5), as_of=AS_OF)
    assert alone.equals(everyone.filter(pl.col("household_id") == 5))


def test_among_limits_the_items(history: pl.DataFrame, model: Model) -> None:
    found = discover(model, history, as_of=AS_OF, among=pl.Series([3, 4]))
    assert set(found["item_id"].to_list()) <= {3, 4}


def test_nothing_learned_nothing_discovered(history: pl.DataFrame) -> None:
    found = discover(default_model(AS_OF, 14), history, as_of=AS_OF)
    assert found.height == 0
    assert found.columns == ["household_id", "item_id", "p_purchase"]


def test_order_and_names_do_not_matter(history: pl.DataFrame, model: Model) -> None:
    found = discover(model, history, as_of=AS_OF, per_household=4)
    shuffled = history.sample(fraction=1.0, shuffle=True, seed=2)
    assert discover(model, shuffled, as_of=AS_OF, per_household=4).equals(found)
    renamed = history.with_columns(pl.col("household_id") * 7 + 5)
    again = discover(model, renamed, as_of=AS_OF, per_household=4)
    assert again.with_columns((pl.col("household_id") - 5) // 7).equals(found)


def test_more_items_begin_with_the_fewer(history: pl.DataFrame, model: Model) -> None:
    three = discover(model, history, as_of=AS_OF, per_household=3)
    one = discover(model, history, as_of=AS_OF, per_household=1)
    assert three.group_by("household_id", maintain_order=True).first().equals(one)
    falling = three.group_by("household_id").agg(pl.col("p_purchase").diff().max())["p_purchase"]
    assert (falling.drop_nulls() <= 0.0).all()


def test_a_stored_model_discovers_the_same(history: pl.DataFrame, model: Model) -> None:
    again = Model.from_json(model.to_json())
    assert discover(again, history, as_of=AS_OF).equals(discover(model, history, as_of=AS_OF))


def test_what_was_bought_after_the_date_changes_nothing(
    history: pl.DataFrame, model: Model
) -> None:
    late = history.filter(pl.col("purchased_at").cast(pl.Date) >= AS_OF)
    assert late.height > 0
    more = pl.concat([history, late.with_columns(pl.col("item_id") % 12 + 1)])
    assert discover(model, more, as_of=AS_OF).equals(discover(model, history, as_of=AS_OF))


def test_a_household_not_yet_seen_is_not_active() -> None:
    """Otherwise half the households at an early origin would seem to take up nothing."""
    early = random_history(households=40, days=30)
    later = early.with_columns(
        pl.col("household_id") + 1000, pl.col("purchased_at") + timedelta(days=30)
    )
    alone = item_statistics(encode(early), day_number(START.date()) + 25)
    joined = item_statistics(encode(pl.concat([early, later])), day_number(START.date()) + 25)
    assert joined.popular.tolist() == alone.popular.tolist()
    assert joined.novelty.tolist() == alone.novelty.tolist()
