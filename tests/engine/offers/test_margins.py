"""An offer earns what its products do: price less cost, or a share of the price."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.offers.margins import with_margins

OFFERS = pl.DataFrame({"offer_id": [1, 2], "price_cents": [300, 400], "title": ["A", "B"]})
COSTS = {"offer_id": pl.Int64, "price_cents": pl.Int64, "cost_cents": pl.Int64}


def margins(*products: tuple[int, int | None, int | None], percent: int = 28) -> list[float]:
    """The margins of offers 1 (price 300) and 2 (400); products are (offer, price, cost)."""
    costs = pl.DataFrame(products, schema=COSTS, orient="row")
    return with_margins(OFFERS, costs, margin_percent=percent)["margin_cents"].to_list()


def test_without_a_cost_it_is_a_share_of_the_offers_price() -> None:
    assert margins() == [84.0, 112.0]
    assert margins((1, 1000, None), (1, 2000, None)) == [84.0, 112.0]


def test_a_known_cost_counts_and_the_other_offer_keeps_the_share() -> None:
    assert margins((1, 500, 310)) == [190.0, 112.0]


@pytest.mark.parametrize(("cost", "margin"), [(0, 500.0), (500, 0.0), (650, -150.0)])
def test_a_margin_may_be_all_nothing_or_a_loss(cost: int, margin: float) -> None:
    assert margins((2, 500, cost)) == [84.0, margin]


def test_of_several_products_the_one_in_the_middle_counts() -> None:
    # 100, 250 and 28 % of 500.
    assert margins((1, 400, 300), (1, 500, 250), (1, 500, None)) == [140.0, 112.0]
    # The mean of the two in the middle.
    assert margins((1, 400, 300), (1, 500, 250)) == [175.0, 112.0]


def test_a_product_without_a_price_says_nothing() -> None:
    assert margins((1, None, 10)) == [84.0, 112.0]
    assert margins((1, None, 10), (1, 500, 400)) == [100.0, 112.0]


def test_offers_keep_their_order_and_columns() -> None:
    costs = pl.DataFrame([(2, 500, 100)], schema=COSTS, orient="row")
    found = with_margins(OFFERS.reverse(), costs, margin_percent=10)
    assert found.rows() == [(2, 400, "B", 400.0), (1, 300, "A", 30.0)]
    assert found.columns == [*OFFERS.columns, "margin_cents"]


QUARTERS = st.lists(st.integers(1, 10**6), min_size=1, max_size=9)


@given(QUARTERS)
def test_costs_that_leave_the_assumed_margin_change_nothing(quarters: list[int]) -> None:
    prices = [4 * quarter for quarter in quarters]
    offer = pl.DataFrame({"offer_id": [1], "price_cents": [int(pl.Series(prices).median() or 0)]})
    costs = pl.DataFrame([(1, price, price * 3 // 4) for price in prices], COSTS, orient="row")
    with_costs, without = (
        with_margins(offer, frame, margin_percent=25) for frame in (costs, costs.clear())
    )
    assert with_costs["margin_cents"].to_list() == without["margin_cents"].to_list()


@given(QUARTERS, st.integers(0, 8), st.integers(2, 1000))
def test_in_another_unit_of_money_the_margin_is_the_same(
    prices: list[int], known: int, unit: int
) -> None:
    rows = [(1, price, price // 3 if n <= known else None) for n, price in enumerate(prices)]
    costs = pl.DataFrame(rows, schema=COSTS, orient="row")
    finer = costs.with_columns(pl.col("price_cents", "cost_cents") * unit)
    one, other = (
        with_margins(OFFERS, frame, margin_percent=28)["margin_cents"][0]
        for frame in (costs, finer)
    )
    assert other == pytest.approx(one * unit)
