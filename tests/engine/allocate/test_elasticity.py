"""How much deeper discounts add, by what depths were seen to add."""

from math import log

import numpy as np
import polars as pl
import pytest

from service.engine.allocate.elasticity import MIDDLE_PERCENT, STATED, elasticity


def depths(slope: float, *, error: float = 0.1) -> pl.DataFrame:
    """Two cells with every depth, one twice as responsive; what is seen rises by `slope`."""
    rows = [
        (cell, depth, base + slope * (log(percent) - log(15)), error)
        for cell, base in (("switcher_heavy", 1.0), ("store_brand_light", 2.0))
        for depth, percent in MIDDLE_PERCENT.items()
    ]
    return pl.DataFrame(rows, ["cell", "depth", "ratio", "error"], orient="row")


def test_what_rises_with_depth_adds_to_what_is_stated() -> None:
    flat, steep = elasticity(depths(0.0)), elasticity(depths(0.6))

    assert flat is not None
    assert steep is not None
    assert flat.value == pytest.approx(STATED)
    mean = depths(0.6)["ratio"].mean()
    assert steep.value == pytest.approx(STATED + 0.6 / float(str(mean)))
    assert elasticity(depths(0.6, error=0.2)) is not None
    assert (elasticity(depths(0.6, error=0.2)) or flat).error == pytest.approx(2 * steep.error)


def test_one_depth_or_nothing_seen_says_nothing() -> None:
    assert elasticity(depths(0.0).clear()) is None
    assert elasticity(depths(0.0).filter(pl.col("depth") == "over_35")) is None
    assert elasticity(depths(0.0).with_columns(pl.col("ratio") - 2.0)) is None


def test_a_mean_that_may_be_nothing_gives_no_number() -> None:
    unsure = depths(0.6, error=2.0)
    assert float(str(unsure["ratio"].mean())) > 0
    assert elasticity(unsure) is None


def test_the_error_is_that_of_both_the_slope_and_the_mean() -> None:
    rng = np.random.default_rng(2)
    true = depths(0.6, error=0.3)
    noise = rng.normal(0.0, 0.3, (400, true.height))
    drawn = [elasticity(true.with_columns(pl.col("ratio") + each)) for each in noise]
    values = [each.value for each in drawn if each is not None]
    said = elasticity(true)
    assert said is not None
    assert len(values) == len(drawn)
    assert np.std(values) == pytest.approx(said.error, rel=0.1)
