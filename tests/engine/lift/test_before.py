"""What was paid before is added up by some households after others, caps included."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from service.engine.lift.before import add_amounts, add_before, caps_of, paid_before
from service.engine.lift.goods import Goods

DAY = date(2026, 3, 2)
GOODS = Goods(
    products=pl.DataFrame({"offer_id": [1, 2, 2], "gtin": [10, 10, 11]}),
    offers=pl.DataFrame({"offer_id": [1, 2, 3], "category_id": [7, 7, 8]}),
    costs=pl.DataFrame(schema={"gtin": pl.Int64, "cost_cents": pl.Int64}),
)


def bought(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(5)
    homes = draw.integers(1, 60, rows)
    return pl.DataFrame(
        {
            "household_id": homes,
            "day": [DAY - timedelta(days=int(ago)) for ago in draw.integers(0, 400, rows)],
            "basket_id": homes * 1_000 + draw.integers(0, 40, rows),
            "gtin": draw.integers(10, 13, rows),
            "category_id": draw.integers(7, 10, rows),
            "amount_cents": draw.integers(-50, 900, rows),
        }
    )


def test_the_sums_and_caps_of_parts_are_those_of_all() -> None:
    lines = bought(4_000)
    pairs = pl.DataFrame(
        {"household_id": [*range(1, 55), *range(20, 50)], "offer_id": [1] * 54 + [2] * 30}
    )
    whole = paid_before(pairs, lines, GOODS, day=DAY)
    keys = ["household_id", "offer_id"]
    part = pl.col("household_id") % 3
    parts = [
        add_before(pairs.filter(part == n), lines.filter(part == n), GOODS, day=DAY)
        for n in range(3)
    ]
    for name in ("pairs", "households"):
        merged = pl.concat(getattr(each, name) for each in parts)
        by = keys[: 2 if name == "pairs" else 1]
        assert_frame_equal(merged.sort(by), getattr(whole, name).sort(by))
    merged = caps_of(add_amounts(*(each.amounts for each in parts)), GOODS.offers)
    assert_frame_equal(merged, whole.caps, check_row_order=False)


def test_a_cap_is_the_quantile_of_what_households_paid_in_so_many_days() -> None:
    lines = bought(9_000)
    everybody = pl.DataFrame({"household_id": range(1, 60), "offer_id": [1] * 59})
    caps = paid_before(everybody, lines, GOODS, day=DAY).caps
    ago = (pl.lit(DAY) - pl.col("day")).dt.total_days()
    for days in (14, 28):
        paid = (
            lines.filter(ago.is_between(1, 364))
            .group_by("household_id", (ago - 1) // days)
            .agg(pl.col("amount_cents").sum())
            .filter(pl.col("amount_cents") > 0)
        )
        expected = paid["amount_cents"].quantile(0.995, "higher")
        assert caps.filter(pl.col("days") == days)["all_cents"].unique().to_list() == [expected]
    of_nobody = caps.filter(pl.col("offer_id") == 3)["deal_cents"]
    assert of_nobody.to_list() == [None, None]
