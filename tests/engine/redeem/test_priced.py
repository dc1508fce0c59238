"""What a list says goods cost with an offer is what the till takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    FixedPrice,
    Need,
    PercentOff,
    Points,
    Terms,
    with_offer,
)
from tests.engine.redeem.baskets import opened, pieces, settle
from tests.engine.redeem.strategies import BY_KIND


@pytest.mark.parametrize(
    ("benefit", "count", "price", "priced"),
    [
        (AmountOff(100), 1, 269, (1, 269, 169)),
        (AmountOff(100), 2, 269, (2, 538, 438)),
        (AmountOff(500), 1, 269, (1, 269, 0)),
        (PercentOff(2500), 1, 199, (1, 199, 149)),
        (PercentOff(5000, 80), 1, 199, (1, 199, 119)),
        (FixedPrice(199), 1, 269, (1, 269, 199)),
        (FixedPrice(300), 1, 269, None),
        (BundlePrice(500), 3, 199, (3, 597, 500)),
        (BuyGet(1, 0, 10_000), 2, 150, (3, 450, 300)),
        (Points(20), 1, 150, None),
        (AmountOff(100), 1, 0, None),
    ],
)
def test_the_pieces_of_one_use(
    benefit: Benefit, count: int, price: int, priced: tuple[int, int, int] | None
) -> None:
    assert with_offer(Terms(Condition((Need(1000 * count),)), benefit), price) == priced


@pytest.mark.parametrize(
    "condition",
    [
        Condition((Need(500, "kg"),)),
        Condition((Need(1000),), minimum_spend_cents=500),
        Condition((Need(1000), Need(1000))),
    ],
)
def test_what_has_no_single_price_gets_none(condition: Condition) -> None:
    assert with_offer(Terms(condition, AmountOff(100)), 269) is None


@given(st.sampled_from(sorted(BY_KIND)).flatmap(BY_KIND.__getitem__), st.integers(1, 900))
def test_the_till_takes_as_much_off_a_basket_of_these_pieces(
    found: tuple[tuple[Need, ...], Benefit], price: int
) -> None:
    needs, benefit = found
    priced = with_offer(Terms(Condition(needs), benefit), price)
    if priced is None:
        return
    assert 0 <= priced.after_cents < priced.before_cents == priced.pieces * price
    basket = [pieces(1, priced.pieces, priced.before_cents)]
    result = settle(basket, opened(1, benefit, {1}, needs=needs))
    assert result.total_cents == priced.before_cents - priced.after_cents
