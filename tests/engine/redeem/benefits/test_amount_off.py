"""A sum off, to the cent and to the unit."""

import pytest

from service.engine.redeem import AmountOff, Need
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle, weighed


def test_amount_off_takes_the_dearest_unit_and_leaves_the_rest() -> None:
    result = settle([pieces(1, 2, 501), pieces(2, 1, 300)], opened(1, AmountOff(100), [1, 2]))
    assert by_line(result) == {(1, 2): (100,)}
    assert result.total_cents == 100
    assert result.applied[0].uses == 1
    assert result.proven


def test_amount_off_never_exceeds_the_price() -> None:
    assert settle([pieces(1, 1, 80)], opened(1, AmountOff(100), [1])).total_cents == 80


def test_amount_off_of_two_pieces_is_spread_by_price() -> None:
    offer = opened(1, AmountOff(100), [1, 2], needs=(Need(2000),))
    assert by_line(settle([pieces(1, 1, 299), pieces(2, 1, 100)], offer)) == {
        (1, 1): (75,),
        (1, 2): (25,),
    }


def test_amount_off_is_used_as_often_as_units_and_limit_allow() -> None:
    basket = [pieces(1, 5, 1000)]
    result = settle(basket, opened(1, AmountOff(50), [1], uses=3))
    assert by_line(result) == {(1, 1): (50, 50, 50)}
    assert result.applied[0].uses == 3
    result = settle(basket, opened(1, AmountOff(50), [1], uses=9, per_basket=2))
    assert result.applied[0].uses == 2


def test_a_use_that_would_take_nothing_more_is_not_made() -> None:
    offer = opened(1, AmountOff(100), [1], needs=(Need(1000),), uses=2)
    result = settle([pieces(1, 2, 1)], offer)
    assert (result.total_cents, result.applied[0].uses) == (1, 1)


def test_each_use_is_held_to_the_price_of_its_own_bundle() -> None:
    """300, 300, 10 and 10 make two bundles of 310, so two uses of 200 come off in full."""
    offer = opened(1, AmountOff(200), [1, 2], needs=(Need(2000),), uses=2)
    result = settle([pieces(1, 2, 600), pieces(2, 2, 20)], offer)
    assert result.total_cents == 400
    assert by_line(result) == {(1, 1): (194, 194), (1, 2): (6, 6)}


def test_bundles_of_three_are_dealt_to_and_fro() -> None:
    """600 and 400, then 250 and 300, then 90 and 10: bundles of 940 and 710."""
    prices = [600, 400, 300, 250, 90, 10]
    basket = [pieces(number, 1, price) for number, price in enumerate(prices)]
    offer = opened(1, AmountOff(800), range(6), needs=(Need(3000),), uses=2)
    assert settle(basket, offer).total_cents == 800 + 710


def test_spend_threshold_takes_a_sum_off_all_that_counted() -> None:
    offer = opened(1, AmountOff(500), [1, 2], needs=(Need(0),), spend=2000)
    result = settle([pieces(1, 1, 1500), pieces(2, 1, 500)], offer)
    assert by_line(result) == {(1, 1): (375,), (1, 2): (125,)}
    short = settle([pieces(1, 1, 1500), pieces(2, 1, 499)], offer)
    assert short.refusals[0].detail == "1 cent more to spend on its products"
    assert reasons(short) == {1: "spend_short"}


def test_spend_threshold_is_used_once_per_full_amount() -> None:
    offer = opened(1, AmountOff(100), [1], needs=(Need(0),), spend=1000, uses=5)
    result = settle([pieces(1, 1, 3999)], offer)
    assert (result.total_cents, result.applied[0].uses) == (300, 3)


@pytest.mark.parametrize(
    ("grams", "expected"),
    [(500, 100), (499, None), (999, 100), (1000, 200), (5000, 200)],
)
def test_weighed_goods_count_by_weight(grams: int, expected: int | None) -> None:
    offer = opened(1, AmountOff(100), [1], needs=(Need(500, "kg"),), uses=2)
    result = settle([weighed(1, grams, 900)], offer)
    if expected is None:
        assert reasons(result) == {1: "quantity_short"}
        assert result.refusals[0].detail == "0.001 kg more to buy"
    else:
        assert by_line(result) == {(1, 1): (expected,)}


def test_weights_compare_across_units() -> None:
    offer = opened(1, AmountOff(100), [1, 2], needs=(Need(1000, "lb"),))
    assert settle([weighed(1, 16_000, 900, "oz")], offer).total_cents == 100
    assert settle([weighed(1, 453, 900)], offer).total_cents == 0
    assert settle([weighed(1, 454, 900)], offer).total_cents == 100


def test_lines_at_or_below_zero_are_never_discounted() -> None:
    basket = [pieces(1, 1, -300), pieces(2, 1, 0), pieces(3, -1, 300)]
    assert reasons(settle(basket, opened(1, AmountOff(100), [1, 2, 3]))) == {1: "not_in_basket"}
