"""What counts as bought, when, and of what; counted by hand for three households."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from service.engine.lift.before import paid_before
from service.engine.lift.goods import Goods
from service.engine.lift.outcomes import (
    VARIABLES,
    analysed,
    index_of,
    outcomes,
    packed,
    sums_by,
    unpacked,
)

FROM = date(2026, 3, 2)
OFFER, GTIN, OTHER = 1, 101, 102
GOODS = Goods(
    products=pl.DataFrame({"offer_id": [OFFER], "gtin": [GTIN]}),
    offers=pl.DataFrame({"offer_id": [OFFER], "category_id": [7]}),
    costs=pl.DataFrame({"gtin": [GTIN], "cost_cents": [250]}),
)
NOBODY_PAID = pl.DataFrame(
    schema={"household_id": pl.Int64, "offer_id": pl.Int64, "day": pl.Date, "cents": pl.Int64}
)
PICKS = pl.DataFrame(
    {
        "household_id": [1, 2, 3],
        "offer_id": [OFFER] * 3,
        "arm": ["exposed", "exposed", "holdout"],
        "store": ["a", None, "a"],
    }
)


def line(household: int, day: int, gtin: int = GTIN, cents: int = 400) -> dict[str, Any]:
    """A unit bought so many days from validity, alone in its basket."""
    return {
        "household_id": household,
        "day": FROM + timedelta(days=day),
        "basket_id": household * 1_000 + day,
        "gtin": gtin,
        "category_id": 7,
        "quantity": 1.0,
        "amount_cents": cents,
    }


LINES = [
    line(1, 0), line(1, 13, OTHER, 300), line(1, 14), line(1, -1), line(1, -20), line(1, -364),
    line(2, 5), line(2, -365),
    line(3, -100, OTHER, 900),
]  # fmt: skip


def found(
    lines: list[dict[str, Any]], window: tuple[int, int] = (0, 14), paid: pl.DataFrame = NOBODY_PAID
) -> pl.DataFrame:
    bought = pl.DataFrame(lines)
    before = paid_before(PICKS, bought, GOODS, day=FROM)
    return outcomes(
        before.of(PICKS), bought, GOODS, before.caps, valid_from=FROM, window=window,
        reimbursed=paid, unit_cents=100,
    )  # fmt: skip


def values(frame: pl.DataFrame, household: int) -> dict[str, float]:
    row = frame.filter(pl.col("household_id") == household).row(0, named=True)
    return {name: row[name] for name in VARIABLES}


def test_the_first_window_is_two_weeks_from_its_first_day() -> None:
    assert values(found(LINES), 1) == {
        "bought": 1, "units": 1, "sales": 4, "margin": 1.5, "category_sales": 7,
        "basket_sales": 7, "new_to_brand": 0, "supplier_paid": 0, "placebo_sales": 4,
        "before_sales": 12, "recent_sales": 4, "before_category_sales": 12,
        "before_basket_sales": 12, "before_baskets": 3, "before_bought": 1,
    }  # fmt: skip


def test_a_later_window_counts_its_own_days_only() -> None:
    seen = values(found(LINES, (14, 28)), 1)

    assert (seen["bought"], seen["sales"], seen["category_sales"]) == (1, 4, 4)
    assert values(found(LINES, (14, 28)), 2)["bought"] == 0


def test_a_household_is_new_when_it_had_not_bought_for_a_year() -> None:
    assert values(found(LINES), 2)["new_to_brand"] == 1
    assert values(found(LINES), 2)["before_sales"] == 0
    assert values(found(LINES), 1)["new_to_brand"] == 0


def test_other_goods_are_of_the_category_and_not_of_the_deal() -> None:
    seen = values(found(LINES), 3)

    assert seen["before_category_sales"] == 9
    assert [seen[name] for name in ("bought", "before_bought", "before_sales")] == [0, 0, 0]


def test_what_the_supplier_pays_is_margin() -> None:
    paid = pl.DataFrame(
        {"household_id": [2, 2], "offer_id": [OFFER] * 2, "cents": [75, 75],
         "day": [FROM, FROM + timedelta(days=14)]},
        NOBODY_PAID.schema,
    )  # fmt: skip

    seen = values(found(LINES, paid=paid), 2)
    assert (seen["margin"], seen["supplier_paid"]) == (1.5 + 0.75, 0.75)


def test_a_party_counts_as_the_most_that_was_usual() -> None:
    usual = [line(household, -30) for household in (1, 2, 3)]
    party = [line(2, 3, cents=90_000)]

    assert values(found(usual + party), 2)["sales"] == 4
    assert values(found(usual + party), 2)["basket_sales"] == 4
    # Without weeks before there is nothing to be measured by.
    assert values(found(party), 2)["sales"] == 900


def test_the_order_of_lines_and_the_lines_of_others_change_nothing() -> None:
    others = [line(9, day) for day in (-40, 3)]

    assert found(LINES).equals(found(LINES[::-1]))
    assert found(LINES).equals(found(LINES + others))


def test_sums_are_kept_and_read_back() -> None:
    frame = found(LINES)

    groups, sums = sums_by(frame, ["arm", "store"])
    again = unpacked(sums.count.astype(int).tolist(), packed(sums))

    assert groups.rows() == [("exposed", None), ("exposed", "a"), ("holdout", "a")]
    np.testing.assert_array_equal(again.count, sums.count)
    np.testing.assert_array_equal(again.total, sums.total)
    np.testing.assert_array_equal(again.product, sums.product)
    assert unpacked([], []).groups == 0


def test_sums_of_other_variables_are_refused() -> None:
    with pytest.raises(ValueError, match="other variables"):
        unpacked([1], [bytes(16)])


def test_a_placebo_is_adjusted_by_nothing_that_holds_its_days() -> None:
    _, sums = sums_by(found(LINES), ["arm"])
    recent, placebo = (index_of(name) for name in ("recent_sales", "placebo_sales"))

    of_placebo = analysed(sums, "placebo_sales")

    np.testing.assert_array_equal(of_placebo.total, sums.total[:, [placebo, recent]])
    assert analysed(sums, "sales").total.shape[1] == 7


def test_rivals_are_the_category_without_the_deal() -> None:
    """Sums of the difference are those of the differences."""
    frame = found(LINES)
    _, sums = sums_by(frame, ["arm"])
    less = frame.with_columns(sales=pl.col("category_sales") - pl.col("sales"))

    _, of_less = sums_by(less, ["arm"])

    rivals, again = analysed(sums, "rival_sales"), analysed(of_less, "sales")
    np.testing.assert_allclose(rivals.total, again.total)
    np.testing.assert_allclose(rivals.product, again.product)
