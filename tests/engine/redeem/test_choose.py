"""Competing offers: the best sharing of the units, checked against all sharings."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.redeem import AmountOff, BasketLine, FixedPrice, Need, OpenLine, PercentOff
from service.engine.redeem.choose import choose
from service.engine.redeem.contender import Contender
from service.engine.redeem.units import Units
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle
from tests.engine.redeem.strategies import LINES, baskets, list_of_open_lines


def test_two_offers_for_one_unit_give_the_larger() -> None:
    result = settle(
        [pieces(1, 1, 300)], opened(1, AmountOff(50), [1]), opened(2, AmountOff(80), [1])
    )
    assert by_line(result) == {(2, 1): (80,)}
    assert reasons(result) == {1: "better_offer_used"}


def test_the_larger_offer_gives_way_where_both_together_save_more() -> None:
    """Offer 1 alone takes 100 off line 1; leaving that to offer 2 and taking line 2 gives 190."""
    result = settle(
        [pieces(1, 1, 300), pieces(2, 1, 90)],
        opened(1, AmountOff(100), [1, 2]),
        opened(2, AmountOff(100), [1]),
    )
    assert by_line(result) == {(1, 2): (90,), (2, 1): (100,)}


def test_an_offer_of_two_pieces_yields_to_two_offers_of_one() -> None:
    result = settle(
        [pieces(1, 1, 300), pieces(2, 1, 300)],
        opened(1, AmountOff(150), [1, 2], needs=(Need(2000),)),
        opened(2, AmountOff(80), [1]),
        opened(3, AmountOff(80), [2]),
    )
    assert result.total_cents == 160
    assert reasons(result) == {1: "better_offer_used"}


def test_a_unit_held_by_one_offer_does_not_count_towards_the_spend_of_another() -> None:
    basket = [pieces(1, 1, 1500), pieces(2, 1, 600)]
    spend = opened(1, AmountOff(300), [1, 2], needs=(Need(0),), spend=2000)
    small, large = opened(2, AmountOff(100), [2]), opened(2, AmountOff(400), [2])
    assert reasons(settle(basket, spend, small)) == {2: "better_offer_used"}
    assert reasons(settle(basket, spend, large)) == {1: "better_offer_used"}
    longer = [*basket, pieces(3, 1, 500)]
    wide = opened(1, AmountOff(300), [1, 2, 3], needs=(Need(0),), spend=2000)
    assert settle(longer, wide, large).total_cents == 700


def test_of_equal_offers_the_one_that_expires_first_is_used() -> None:
    basket = [pieces(1, 1, 300)]
    later = opened(1, AmountOff(100), [1])
    sooner = opened(2, AmountOff(100), [1], valid_to=later.valid_from)
    assert reasons(settle(basket, later, sooner)) == {1: "better_offer_used"}
    assert reasons(settle(basket, later, opened(2, AmountOff(100), [1]))) == {
        2: "better_offer_used"
    }


def test_expiry_goes_before_the_order_of_list_codes() -> None:
    later = opened(1, AmountOff(100), [1], code="2559521234000013000000000001")
    sooner = opened(2, AmountOff(100), [1], valid_to=later.valid_from)
    assert reasons(settle([pieces(1, 1, 300)], later, sooner)) == {1: "better_offer_used"}


def test_the_search_goes_on_for_the_last_cent() -> None:
    """Taking turns comes to 107: 56 off lines 2 and 3 with 51 off line 1, where 52 is to be had."""
    result = settle(
        [pieces(1, 1, 100), pieces(2, 1, 300), pieces(3, 1, 100)],
        opened(1, AmountOff(51), [1, 2, 3]),
        opened(2, AmountOff(52), [1]),
        opened(3, AmountOff(52), [1]),
        opened(4, AmountOff(56), [1, 2, 3], needs=(Need(2000),)),
    )
    assert result.total_cents == 108
    assert reasons(result) == {1: "better_offer_used", 3: "better_offer_used"}


def test_apart_groups_are_settled_apart() -> None:
    result = settle(
        [pieces(1, 1, 300), pieces(2, 1, 300)],
        opened(1, AmountOff(50), [1]),
        opened(2, AmountOff(60), [1]),
        opened(3, AmountOff(50), [2]),
        opened(4, AmountOff(60), [2]),
    )
    assert by_line(result) == {(2, 1): (60,), (4, 2): (60,)}


def _contenders(lines: list[BasketLine], open_lines: list[OpenLine]) -> list[Contender]:
    units = Units(lines, set(LINES))
    return [Contender(open_line, units) for open_line in open_lines]


@pytest.mark.slow
@settings(max_examples=120)
@given(baskets(), list_of_open_lines())
def test_no_sharing_of_the_units_saves_more(
    lines: list[BasketLine], open_lines: list[OpenLine]
) -> None:
    contenders = _contenders(lines, open_lines)
    alone = [c.draw(c.reach) for c in contenders]
    chosen, short = choose(contenders, alone)
    count = len(contenders[0].units.price)
    known: dict[tuple[int, int], int] = {}
    best = 0
    reached = [
        [i for i, c in enumerate(contenders) if c.reach >> unit & 1] or [0] for unit in range(count)
    ]
    for sharing in product(*reached):
        masks = [0] * len(contenders)
        for unit, owner in enumerate(sharing):
            masks[owner] |= 1 << unit
        total = 0
        for owner, mask in enumerate(masks):
            if (owner, mask) not in known:
                known[owner, mask] = contenders[owner].draw(mask).cents
            total += known[owner, mask]
        best = max(best, total)
    assert not short
    assert sum(each.cents for each in chosen) == best


@pytest.mark.slow
@settings(max_examples=120)
@given(baskets(), list_of_open_lines(most=1), st.data())
def test_more_units_never_give_less(
    lines: list[BasketLine], open_lines: list[OpenLine], data: st.DataObject
) -> None:
    """What the bound of the search rests on."""
    contender = _contenders(lines, open_lines)[0]
    whole = (1 << len(contender.units.price)) - 1
    mask = data.draw(st.integers(0, whole))
    less = contender.draw(mask & data.draw(st.integers(0, whole)))
    more = contender.draw(mask)
    assert (less.cents, less.points) <= (more.cents, more.points)
    assert more.held & ~mask == 0
    kept = contender.draw(more.held)
    assert kept.cents == more.cents


def test_a_search_cut_short_says_so_and_still_shares_fairly() -> None:
    """Six equal offers on six units of different price: plain effort cannot tell them apart."""
    lines = [pieces(number, 1, 100 * number + 7) for number in range(1, 7)]
    offers = [opened(number, PercentOff(2000), range(1, 7)) for number in range(1, 7)]
    units = Units(lines, set(range(1, 7)))
    contenders = [Contender(offer, units) for offer in offers]
    alone = [c.draw(c.reach) for c in contenders]
    chosen, short = choose(contenders, alone, effort=3)
    assert short
    assert sum(each.cents for each in chosen) == sum(
        round(0.2 * (100 * n + 7)) for n in range(1, 7)
    )
    held = [each.held for each in chosen]
    assert sum(held) == (1 << 6) - 1


@pytest.mark.parametrize("turned", [False, True])
def test_the_outcome_of_a_cut_short_search_does_not_hang_on_order(turned: bool) -> None:
    lines = [pieces(number, 1 + number % 2, 173 * number) for number in range(1, 15)]
    offers = [
        opened(n, FixedPrice(40 * n) if n % 2 else PercentOff(300 * n), range(1, 15))
        for n in range(1, 13)
    ]
    straight = settle(lines, *offers)
    if turned:
        lines, offers = lines[::-1], offers[::-1]
    assert settle(lines, *offers) == straight
