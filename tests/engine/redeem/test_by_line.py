"""A percent rounded by line: what the quick choice may lack of the best one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.money import basis_points_off
from service.engine.redeem import BasketLine, by_line
from service.engine.redeem.by_line import best_by_line
from service.engine.redeem.choose import DRAW_STEPS
from service.engine.redeem.units import Units


def _best(units: Units, count: int, basis_points: int) -> int:
    """The most that `count` units come to, by dynamic programming over all of them."""
    best = {0: 0}
    for mask in units.masks.values():
        prices = [price for u, price in enumerate(units.price) if mask >> u & 1]
        after: dict[int, int] = {}
        for taken, worth in best.items():
            for more in range(len(prices) + 1):
                cents = worth + basis_points_off(sum(prices[:more]), basis_points)
                after[taken + more] = max(after.get(taken + more, 0), cents)
        best = after
    return best[count]


lines_of = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 2000)), min_size=1, max_size=12)
points_of = st.sampled_from([1, 150, 333, 1000, 1700, 5000, 10000])


@pytest.mark.parametrize("exact", [True, False])
@settings(max_examples=150, deadline=None)
@given(lines_of, points_of, st.data())
def test_the_choice_is_the_best_or_says_how_far_it_may_be(
    exact: bool, lines: list[tuple[int, int]], basis_points: int, data: st.DataObject
) -> None:
    basket = [BasketLine(n, n, 1000 * many, "each", c) for n, (many, c) in enumerate(lines)]
    units = Units(basket, set(range(len(basket))))
    count = data.draw(st.integers(1, len(units.price)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_line, "MAX_SHARED", 10**9 if exact else -1)
        mask, short = best_by_line(units, (1 << len(units.price)) - 1, count, basis_points)
    assert mask.bit_count() == count
    cents, best = units.line_percents(mask, basis_points), _best(units, count, basis_points)
    assert cents <= best <= cents + short
    assert short <= (0 if exact else 1)


def test_a_thousand_lines_of_ten_pieces_are_within_a_cent() -> None:
    basket = [BasketLine(n, n, 10_000, "each", 2000 + 7 * n % 90) for n in range(1000)]
    units = Units(basket, set(range(1000)))
    mask, short = best_by_line(units, (1 << 10_000) - 1, 3000, 1700)
    assert mask.bit_count() == 3000
    assert short <= 1
    assert units.steps < DRAW_STEPS
