"""The rules do a bounded amount of work, and say how far the result may be from the best."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.rules import Basket, hard, named, ordinary
from service.engine.redeem import (
    AmountOff,
    BasketLine,
    BundlePrice,
    Condition,
    Need,
    OpenLine,
    PercentOff,
    Points,
    is_heavy,
    settle_basket,
    units,
)
from service.engine.redeem.benefits import amount_off
from service.engine.redeem.choose import DRAW_STEPS, STEPS, choose
from service.engine.redeem.contender import Contender
from service.engine.redeem.draw import Draw, find_peak
from service.engine.redeem.units import Units
from service.errors import InvalidInput
from tests.engine.redeem.baskets import TODAY, opened, pieces, settle
from tests.engine.redeem.strategies import LINES, baskets, list_of_open_lines

NAMED = named()


def _bound(offers: int) -> int:
    return STEPS + (3 * offers + 1) * DRAW_STEPS


def _steps_of_draws(lines: list[BasketLine], open_lines: list[OpenLine]) -> list[int]:
    found = Units(lines, {line.line for line in lines})
    steps = []
    for open_line in open_lines:
        contender = Contender(open_line, found)
        before = found.steps
        contender.draw(contender.reach)
        steps.append(found.steps - before)
    return steps


@pytest.mark.parametrize("basket", NAMED, ids=[basket.name for basket in NAMED])
def test_baskets_that_once_took_for_ever_take_counted_steps(basket: Basket) -> None:
    result = settle_basket(basket.lines, basket.open_lines, on=TODAY)
    assert 0 < result.steps <= _bound(len(basket.open_lines))
    assert max(_steps_of_draws(basket.lines, basket.open_lines)) <= DRAW_STEPS


@pytest.mark.parametrize(("size", "examples"), [(20, 10), (80, 5), (300, 4), (1000, 4)])
def test_no_basket_takes_more_steps_than_allowed(size: int, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10**6))
    def check(seed: int) -> None:
        basket = hard(seed, size=size)
        result = settle_basket(basket.lines, basket.open_lines, on=TODAY)
        assert result.steps <= _bound(len(basket.open_lines))
        assert result.proven == (result.short_by_at_most_cents == 0)

    check()


@settings(max_examples=80, deadline=None)
@given(baskets(), list_of_open_lines(most=5), st.integers(0, 3), st.integers(0, 60))
def test_no_sharing_takes_off_more_than_is_said(
    lines: list[BasketLine], open_lines: list[OpenLine], effort: int, steps: int
) -> None:
    """The best is found with all the effort there is, and was proven by the full search."""
    contenders = [Contender(each, Units(lines, set(LINES))) for each in open_lines]
    alone = [each.draw(each.reach) for each in contenders]
    best, none = choose(contenders, alone, effort=10**6, steps=10**9)
    assert none == 0
    chosen, short = choose(contenders, alone, effort=effort, steps=steps)
    total, most = (sum(each.cents for each in draws) for draws in (chosen, best))
    assert total <= most <= total + short
    held = [each.held for each in chosen]
    assert sum(mask.bit_count() for mask in held) == _joined(held).bit_count()


def _joined(masks: list[int]) -> int:
    joined = 0
    for mask in masks:
        joined |= mask
    return joined


def test_a_search_cut_short_leaves_no_offer_that_could_still_be_used() -> None:
    basket = next(each for each in map(hard, range(100)) if len(each.lines) == 80)
    found = Units(basket.lines, {line.line for line in basket.lines})
    contenders = [Contender(each, found) for each in basket.open_lines]
    alone = [each.draw(each.reach) for each in contenders]
    chosen, short = choose(contenders, alone, steps=0)
    assert short
    taken = _joined([each.held for each in chosen])
    for contender, draw in zip(contenders, chosen, strict=True):
        if not draw.cents:
            assert contender.draw(contender.reach & ~taken).cents == 0


@pytest.mark.parametrize("seed", range(30))
def test_long_sets_of_units_are_worked_on_as_short_ones_are(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = hard(seed, size=20)
    straight = settle(basket.lines, *basket.open_lines)
    for module in (units, amount_off):
        monkeypatch.setattr(module, "SHORT", 0)
    again = settle(basket.lines, *basket.open_lines)
    if max(straight.steps, again.steps) < STEPS:
        assert (again.discounts, again.applied) == (straight.discounts, straight.applied)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=12))
def test_the_peak_of_a_concave_rule_is_found(gains: list[int]) -> None:
    sums = [0]
    for gain in sorted(gains, reverse=True):
        sums.append(sums[-1] + gain)
    found = find_peak(len(gains), lambda uses: Draw(cents=sums[uses], uses=uses))
    assert (found.cents, found.uses) == (max(sums), sums.index(max(sums)))


def test_many_bundles_stop_where_fewer_cannot_take_off_more() -> None:
    """One dear unit and many cheap ones: three uses come to 200 + 2 x 12, one to 200."""
    lines = [pieces(1, 1, 5000), *(pieces(n, 1, 4) for n in range(2, 10))]
    offer = opened(1, AmountOff(200), range(1, 10), needs=(Need(3000),), uses=100)
    result = settle(lines, offer)
    assert (result.total_cents, result.applied[0].uses) == (224, 3)


def test_more_product_sets_than_can_be_shared_out_are_refused() -> None:
    Condition((Need(),) * 3)
    with pytest.raises(InvalidInput, match="has 4 product sets"):
        Condition((Need(),) * 4)


def test_what_may_take_long_is_said_beforehand() -> None:
    two = [opened(n, AmountOff(50), [n, n + 1]) for n in (1, 2)]
    basket = [pieces(n, 2, 600) for n in range(1, 6)]
    assert not is_heavy(basket, two)
    assert not is_heavy(basket, [])
    wide = [opened(n, BundlePrice(300), range(1, 6), needs=(Need(3000),)) for n in range(1, 5)]
    assert is_heavy(basket, wide)
    assert is_heavy([pieces(1, 800, 80_000)], [opened(1, PercentOff(500), [1])])
    assert is_heavy([pieces(1, 400, 80_000)], [opened(1, Points(5), [1]), two[0]])


def test_hard_baskets_are_said_to_be_heavy_and_most_ordinary_ones_are_not() -> None:
    assert all(is_heavy(basket.lines, basket.open_lines) for basket in islice(NAMED, 1, None))
    light = [not is_heavy(each.lines, each.open_lines) for each in map(ordinary, range(100))]
    assert sum(light) >= 60
