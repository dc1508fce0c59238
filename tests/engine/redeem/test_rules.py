"""Properties that hold for every basket and every list."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.redeem import (
    AmountOff,
    BasketLine,
    OpenLine,
    RefusalReason,
    settle_basket,
)
from service.engine.redeem.units import Units
from service.errors import InvalidInput
from tests.engine.redeem.baskets import TODAY, opened, pieces
from tests.engine.redeem.strategies import LINES, baskets, list_of_open_lines

many = settings(max_examples=120)


@pytest.mark.slow
@many
@given(baskets(), list_of_open_lines(most=5))
def test_nothing_goes_below_zero_and_parts_sum_to_wholes(
    lines: list[BasketLine], open_lines: list[OpenLine]
) -> None:
    result = settle_basket(lines, open_lines, on=TODAY)
    units = Units(lines, set(LINES))
    touched: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    for discount in result.discounts:
        prices = [
            p for p, line in zip(units.price, units.line, strict=True) if line == discount.line
        ]
        assert len(discount.unit_cents) == discount.units
        assert sum(discount.unit_cents) == discount.amount_cents
        assert all(0 <= part <= prices[0] for part in discount.unit_cents)
        touched[discount.line] += discount.units
        taken[discount.line] += discount.amount_cents
        assert touched[discount.line] <= len(prices)
    amounts = {line.line: line.amount_cents for line in lines}
    assert all(cents <= amounts[line] for line, cents in taken.items())
    assert sum(taken.values()) == result.total_cents
    for applied in result.applied:
        mine = [d.amount_cents for d in result.discounts if d.list_line == applied.list_line]
        assert sum(mine) == applied.amount_cents
        open_line = open_lines[applied.list_line - 1]
        assert 1 <= applied.uses <= open_line.uses_left
        assert applied.uses <= (open_line.terms.uses_per_basket or applied.uses)
    assert result.points == sum(applied.points for applied in result.applied)


@pytest.mark.slow
@many
@given(baskets(), list_of_open_lines(most=5))
def test_every_open_line_has_exactly_one_outcome(
    lines: list[BasketLine], open_lines: list[OpenLine]
) -> None:
    result = settle_basket(lines, open_lines, on=TODAY)
    outcomes = [a.list_line for a in result.applied] + [r.list_line for r in result.refusals]
    assert sorted(map(int, filter(None, outcomes))) == [o.list_line for o in open_lines]
    assert all(applied.amount_cents or applied.points for applied in result.applied)
    assert all(refusal.detail for refusal in result.refusals)


@pytest.mark.slow
@many
@given(baskets(), list_of_open_lines(most=5), st.randoms(use_true_random=False))
def test_order_does_not_matter(
    lines: list[BasketLine], open_lines: list[OpenLine], random: Random
) -> None:
    straight = settle_basket(lines, open_lines, on=TODAY)
    lines, open_lines = list(lines), list(open_lines)
    random.shuffle(lines)
    random.shuffle(open_lines)
    assert settle_basket(lines, open_lines, on=TODAY) == straight


@pytest.mark.slow
@many
@given(baskets(), list_of_open_lines(most=4))
def test_one_more_offer_never_lowers_the_total(
    lines: list[BasketLine], open_lines: list[OpenLine]
) -> None:
    fewer = settle_basket(lines, open_lines[:-1], on=TODAY)
    more = settle_basket(lines, open_lines, on=TODAY)
    assert fewer.proven
    assert more.proven
    assert fewer.total_cents <= more.total_cents
    assert fewer.points <= more.points


def test_nothing_presented_takes_nothing_off() -> None:
    result = settle_basket([pieces(1, 1, 300)], [], on=TODAY)
    assert (result.total_cents, result.discounts, result.refusals) == (0, (), ())


def test_a_line_given_twice_is_refused() -> None:
    offer = opened(1, AmountOff(50), [1])
    with pytest.raises(InvalidInput, match="basket line number occurs twice"):
        settle_basket([pieces(1, 1, 300), pieces(1, 1, 300)], [offer], on=TODAY)
    with pytest.raises(InvalidInput, match="open line is given twice"):
        settle_basket([pieces(1, 1, 300)], [offer, offer], on=TODAY)


def test_a_line_of_absurd_length_takes_no_discount_and_the_others_do() -> None:
    lines = [pieces(1, 10_001, 20_002), pieces(2, 1, 300)]
    offers = [opened(1, AmountOff(50), [1]), opened(2, AmountOff(50), [2])]
    for scanned in (lines, lines[::-1]):
        settlement = settle_basket(scanned, offers, on=TODAY)
        assert [(d.line, d.amount_cents) for d in settlement.discounts] == [(2, 50)]
        assert [r.reason for r in settlement.refusals] == [RefusalReason.NOT_IN_BASKET]
