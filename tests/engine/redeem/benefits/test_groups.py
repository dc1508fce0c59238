"""No grouping of the units by hand takes more off than the benefits do."""

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.money import percent_off
from service.engine.redeem import AmountOff, Benefit, BundlePrice, BuyGet, FixedPrice, Need
from tests.engine.redeem.baskets import opened, pieces, settle


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
