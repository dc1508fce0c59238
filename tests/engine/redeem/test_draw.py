"""Every benefit and condition on its own, to the cent and to the unit."""

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.money import percent_off
from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Covers,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
)
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


def test_percent_off_rounds_half_up_per_line() -> None:
    offer = opened(1, PercentOff(2500, covers=Covers.ALL), [1, 2])
    result = settle([pieces(1, 2, 202), pieces(2, 1, 101)], offer)
    assert by_line(result) == {(1, 1): (26, 25), (1, 2): (25,)}


def test_percent_off_needed_units_picks_the_dearest() -> None:
    offer = opened(1, PercentOff(1000), [1, 2])
    assert by_line(settle([pieces(1, 1, 999), pieces(2, 1, 1005)], offer)) == {(1, 2): (101,)}


def test_percent_off_finds_the_units_whose_rounded_percent_is_largest() -> None:
    """10 % of 104 and of 103 on two lines is 10 + 10; of 206 on one line it is 21."""
    offer = opened(1, PercentOff(1000), [1, 2], needs=(Need(2000),))
    result = settle([pieces(1, 2, 206), pieces(2, 1, 104)], offer)
    assert by_line(result) == {(1, 1): (11, 10)}


def test_percent_off_is_capped_per_use() -> None:
    offer = opened(1, PercentOff(5000, cap_cents=120, covers=Covers.ALL), [1, 2])
    assert by_line(settle([pieces(1, 1, 200), pieces(2, 1, 100)], offer)) == {
        (1, 1): (80,),
        (1, 2): (40,),
    }


def test_percent_off_a_mixed_set_rounds_once() -> None:
    offer = opened(1, PercentOff(5000), [1], [2])
    result = settle([pieces(1, 1, 101), pieces(2, 1, 101)], offer)
    assert by_line(result) == {(1, 1): (51,), (1, 2): (50,)}


def test_fixed_price_brings_each_unit_down() -> None:
    offer = opened(1, FixedPrice(99), [1, 2], uses=3)
    result = settle([pieces(1, 2, 301), pieces(2, 1, 90)], offer)
    assert by_line(result) == {(1, 1): (52, 51)}
    assert result.applied[0].uses == 2


def test_fixed_price_for_all_from_two_pieces() -> None:
    offer = opened(1, FixedPrice(100, covers=Covers.ALL), [1], needs=(Need(2000),))
    assert settle([pieces(1, 3, 450)], offer).total_cents == 150
    assert reasons(settle([pieces(1, 1, 150)], offer)) == {1: "quantity_short"}


def test_fixed_price_per_kilo_of_weighed_goods() -> None:
    offer = opened(1, FixedPrice(199, covers=Covers.ALL), [1], needs=(Need(1, "kg"),))
    assert by_line(settle([weighed(1, 1234, 369)], offer)) == {(1, 1): (123,)}


def test_fixed_price_per_piece_leaves_weighed_goods_alone() -> None:
    assert reasons(settle([weighed(1, 1234, 369)], opened(1, FixedPrice(99), [1]))) == {
        1: "not_in_basket"
    }


def test_buy_two_get_one_frees_the_cheapest_of_each_three() -> None:
    offer = opened(1, BuyGet(get=1), [1, 2], needs=(Need(2000),), uses=5)
    result = settle([pieces(1, 3, 900), pieces(2, 4, 400)], offer)
    assert by_line(result) == {(1, 1): (300,), (1, 2): (100,)}
    assert result.applied[0].uses == 2


def test_buy_one_get_one_half_price() -> None:
    offer = opened(1, BuyGet(get=1, basis_points=5000), [1])
    assert by_line(settle([pieces(1, 2, 199)], offer)) == {(1, 1): (50,)}


def test_buy_of_one_set_get_of_another() -> None:
    offer = opened(1, BuyGet(get=1, on=1), [1], [2], needs=(Need(2000), Need(0)))
    assert by_line(settle([pieces(1, 2, 500), pieces(2, 2, 360)], offer)) == {(1, 2): (180,)}
    assert reasons(settle([pieces(1, 2, 500)], offer)) == {1: "not_in_basket"}
    assert reasons(settle([pieces(1, 1, 500), pieces(2, 1, 180)], offer)) == {1: "quantity_short"}


def test_get_of_a_set_inside_the_bought_one_spares_enough_to_buy() -> None:
    """Line 2 is in both sets: with one bought piece of line 1 it may be the one got."""
    offer = opened(1, BuyGet(get=1, on=1), [1, 2], [2], needs=(Need(1000), Need(0)))
    assert by_line(settle([pieces(1, 1, 100), pieces(2, 1, 300)], offer)) == {(1, 2): (300,)}
    assert reasons(settle([pieces(2, 1, 300)], offer)) == {1: "quantity_short"}
    assert by_line(settle([pieces(2, 2, 600)], offer)) == {(1, 2): (300,)}


def test_three_for_a_price() -> None:
    offer = opened(1, BundlePrice(500), [1, 2], needs=(Need(3000),), uses=2)
    result = settle([pieces(1, 2, 400), pieces(2, 2, 380)], offer)
    assert by_line(result) == {(1, 1): (31, 30), (1, 2): (29,)}
    assert result.applied[0].uses == 1


def test_a_meal_for_a_price_takes_one_of_each_set() -> None:
    offer = opened(1, BundlePrice(600), [1], [2], uses=2)
    result = settle([pieces(1, 2, 1000), pieces(2, 1, 250)], offer)
    assert by_line(result) == {(1, 1): (100,), (1, 2): (50,)}


def test_one_product_cannot_count_for_two_sets() -> None:
    offer = opened(1, BundlePrice(100), [1, 2], [1])
    assert reasons(settle([pieces(1, 1, 200)], offer)) == {1: "quantity_short"}
    assert settle([pieces(1, 1, 200), pieces(2, 1, 150)], offer).total_cents == 250
    assert settle([pieces(1, 2, 400), pieces(2, 1, 150)], offer).total_cents == 300


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


def test_free_item_with_a_spend() -> None:
    offer = opened(1, FreeItem(on=1), [1], [2], needs=(Need(0), Need(0)), spend=2000)
    assert by_line(settle([pieces(1, 1, 2000), pieces(2, 2, 500)], offer)) == {(1, 2): (250,)}
    assert reasons(settle([pieces(1, 1, 1999), pieces(2, 1, 250)], offer)) == {1: "spend_short"}


def test_free_item_is_worth_at_most_its_cap() -> None:
    offer = opened(1, FreeItem(cap_cents=200), [1], needs=(Need(0),))
    assert by_line(settle([pieces(1, 1, 250)], offer)) == {(1, 1): (200,)}
    assert by_line(settle([pieces(1, 1, 150)], offer)) == {(1, 1): (150,)}
    assert reasons(settle([pieces(2, 1, 150)], offer)) == {1: "not_in_basket"}


def test_points_leave_the_units_to_other_offers() -> None:
    result = settle(
        [pieces(1, 2, 400)],
        opened(1, Points(50), [1], uses=3),
        opened(2, AmountOff(30), [1], uses=2),
    )
    assert (result.points, result.total_cents) == (100, 60)
    assert [(a.list_line, a.uses) for a in result.applied] == [(1, 2), (2, 2)]


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


def test_a_weighed_line_is_one_piece_where_pieces_are_asked() -> None:
    result = settle([weighed(1, 1234, 369)], opened(1, PercentOff(1000), [1]))
    assert by_line(result) == {(1, 1): (37,)}


def test_lines_at_or_below_zero_are_never_discounted() -> None:
    basket = [pieces(1, 1, -300), pieces(2, 1, 0), pieces(3, -1, 300)]
    assert reasons(settle(basket, opened(1, AmountOff(100), [1, 2, 3]))) == {1: "not_in_basket"}


def _best_grouping(
    prices: tuple[int, ...], size: int, uses: int, worth: Callable[[tuple[int, ...]], int]
) -> int:
    """The most that at most `uses` groups of `size` prices are worth, over all groupings."""
    if not uses or len(prices) < size:
        return 0
    best = _best_grouping(prices[1:], size, uses, worth)
    for rest in combinations(range(1, len(prices)), size - 1):
        group = (prices[0], *(prices[i] for i in rest))
        left = tuple(p for i, p in enumerate(prices) if i and i not in rest)
        best = max(best, worth(group) + _best_grouping(left, size, uses - 1, worth))
    return best


GROUPED: list[tuple[Benefit, int, int, Callable[[tuple[int, ...]], int]]] = [
    (AmountOff(90), 1, 1, lambda group: min(90, sum(group))),
    (AmountOff(150), 2, 2, lambda group: min(150, sum(group))),
    (FixedPrice(60), 1, 1, lambda group: max(0, group[0] - 60)),
    (BundlePrice(110), 2, 2, lambda group: sum(group) - 110),
    (BundlePrice(130), 3, 3, lambda group: sum(group) - 130),
    (BuyGet(1), 1, 2, min),
    (BuyGet(1), 2, 3, min),
    (
        BuyGet(2, basis_points=5000),
        1,
        3,
        lambda group: sum(percent_off(p, 50) for p in sorted(group)[:2]),
    ),
]


@pytest.mark.parametrize(("benefit", "need", "size", "worth"), GROUPED)
@settings(max_examples=40)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(1, 3))
def test_no_grouping_of_the_units_takes_more_off(
    benefit: Benefit,
    need: int,
    size: int,
    worth: Callable[[tuple[int, ...]], int],
    prices: list[int],
    uses: int,
) -> None:
    basket = [pieces(number, 1, price) for number, price in enumerate(prices)]
    offer = opened(1, benefit, range(len(prices)), needs=(Need(need * 1000),), uses=uses)
    best = _best_grouping(tuple(prices), size, uses, worth)
    assert settle(basket, offer).total_cents == best


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(3, 300)), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from([7, 10, 25, 50]),
)
def test_no_choice_of_the_units_has_a_larger_rounded_percent(
    lines: list[tuple[int, int]], count: int, percent: int
) -> None:
    basket = [pieces(number, many, cents) for number, (many, cents) in enumerate(lines)]
    units = [
        (number, cents // many + (place < cents % many))
        for number, (many, cents) in enumerate(lines)
        for place in range(many)
    ]
    best = 0
    for chosen in combinations(units, min(count, len(units))):
        gross = [sum(price for line, price in chosen if line == number) for number in range(3)]
        best = max(best, sum(percent_off(cents, percent) for cents in gross))
    offer = opened(1, PercentOff(percent * 100), range(len(lines)), uses=count)
    assert settle(basket, offer).total_cents == best


def test_a_large_basket_is_no_burden() -> None:
    """A hundred uses at most, however many pieces and uses there are."""
    offer = opened(1, BundlePrice(150), [1, 2], needs=(Need(2000),), uses=5000)
    result = settle([pieces(1, 2000, 200_000), pieces(2, 2000, 202_000)], offer)
    assert result.applied[0].uses == 100
    assert result.total_cents == 100 * (202 - 150)
