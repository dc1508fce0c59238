"""Who does not get an offer that is considered, and for which reason."""

import polars as pl

from service.engine.lift import held_out
from service.engine.offers.left_out import LeftOut, given, in_control, left_out
from service.engine.offers.overrides import no_overrides
from service.engine.offers.targeting import BUYERS, no_households

IDS = list(range(1, 201))
PAIRS = pl.DataFrame(
    {
        "household_id": IDS * 2,
        "offer_id": [5] * 200 + [6] * 200,
        "cell": "x",
        "limit_per_household": 1,
    }
).with_columns(pl.when(pl.col("offer_id") == 5).then(30).otherwise(0).alias("control_share"))


def test_the_control_share_is_drawn_by_offer_and_seed() -> None:
    drawn = in_control(PAIRS, 3)
    ids = pl.Series(IDS)
    assert drawn.to_list() == [*held_out(ids, 30, salt="offer:5:3"), *[False] * 200]
    assert drawn.sum() > 40
    assert drawn.to_list() != in_control(PAIRS, 4).to_list()


def test_whom_an_offer_is_not_for_comes_before_its_control_share() -> None:
    offers = pl.DataFrame({"offer_id": [5, 6], "targets": ['{"cells":["y"]}', "{}"]})
    nobody = pl.DataFrame(schema=BUYERS)
    pairs = PAIRS.with_columns(
        pl.when(pl.col("household_id") <= 100).then(pl.lit("y")).otherwise("cell").alias("cell")
    )
    found = pairs.with_columns(
        left_out(pairs, offers, no_households(), nobody, no_overrides(), seed=3)
    )
    assert found.filter(pl.col("household_id") > 100, pl.col("offer_id") == 5)[
        "left_out"
    ].unique().to_list() == [LeftOut.TARGET]
    reached = found.filter(pl.col("household_id") <= 100, pl.col("offer_id") == 5)
    assert set(reached["left_out"]) == {None, LeftOut.CONTROL}
    assert given(found).height == 200 + reached["left_out"].null_count()
