"""Items never bought."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from service.engine.history import rows_before
from service.engine.predict import Model, default_model, discover, fit
from tests.engine.predict.households import START, random_history

AS_OF = date(2026, 5, 1)


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    """Invented households that take up a new item now and then."""
    base = random_history(households=120)
    random = np.random.default_rng(3)
    late = [
        (household, int(random.integers(1, 13)), 9_000_000 + household, START + timedelta(days=day))
        for household in range(1, 121)
        for day in random.integers(60, 135, 2).tolist()
    ]
    names = ["household_id", "item_id", "basket_id", "purchased_at"]
    extra = pl.DataFrame(late, schema=names, orient="row").with_columns(
        pl.col("purchased_at").cast(pl.Datetime("us")),
        quantity=pl.lit(1.0),
        amount_cents=pl.lit(100, dtype=pl.Int64),
    )
    return pl.concat([base, extra.select(base.columns)])


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
