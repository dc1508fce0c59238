"""Shares that sum to the discount, and returns that sum to what was given."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.settle import (
    Funding,
    Liability,
    ReopenPolicy,
    Split,
    fund,
    reopens,
    take_back,
    units_left,
)
from service.errors import Conflict

HALF = Funding(share_basis_points=5000)


class Off(NamedTuple):
    """What came off a basket line."""

    line: int
    unit_cents: tuple[int, ...]


def discount(line: int, *unit_cents: int) -> Off:
    return Off(line, unit_cents)


def shares(funded: tuple[Split, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(each.supplier_cents, each.retailer_cents) for each in funded]


def test_the_suppliers_share_is_rounded_once_and_spread_over_all_units() -> None:
    funded = fund([discount(1, 33, 33), discount(2, 33)], uses=1, funding=HALF)
    assert shares(funded) == [((17, 17), (16, 16)), ((16,), (17,))]
    assert sum(sum(each.supplier_cents) for each in funded) == 50


def test_the_suppliers_share_is_capped_per_use() -> None:
    capped = Funding(cap_cents=30)
    assert shares(fund([discount(1, 50, 50)], uses=2, funding=capped)) == [((30, 30), (20, 20))]
    assert shares(fund([discount(1, 50)], uses=2, funding=capped)) == [((50,), (0,))]


@pytest.mark.parametrize(
    ("liability", "expected"),
    [(Liability.RETAILER, ((0,), (50,))), (Liability.SUPPLIER, ((25,), (25,)))],
)
def test_a_line_honoured_twice_falls_on_the_party_stated(
    liability: Liability, expected: tuple[tuple[int], tuple[int]]
) -> None:
    funded = fund([discount(1, 50)], uses=1, funding=HALF, honoured_twice=True, liability=liability)
    assert shares(funded) == [expected]


def test_a_return_gives_the_stored_cents_of_the_units() -> None:
    funded = fund([discount(1, 26, 25)], uses=1, funding=HALF)[0]
    taken = take_back(funded, units=[0])
    assert (taken.amount_cents, taken.supplier_cents, taken.retailer_cents) == (26, 13, 13)
    assert units_left(funded, {0}) == (1,)


@pytest.mark.parametrize(
    ("units", "message"),
    [([0], "returned before"), ([2], "no discounted unit 2"), ([-1], "no discounted unit -1")],
)
def test_a_unit_comes_back_once_and_only_if_it_was_there(units: list[int], message: str) -> None:
    funded = fund([discount(1, 26, 25)], uses=1, funding=HALF)[0]
    with pytest.raises(Conflict, match=message):
        take_back(funded, units=[1, *units], returned={0})


def test_the_line_reopens_when_everything_is_back_and_the_policy_says_so() -> None:
    funded = fund([discount(1, 26, 25), discount(2, 10)], uses=1, funding=HALF)
    part, whole = {1: {0, 1}}, {1: {0, 1}, 2: {0}}
    assert not reopens(ReopenPolicy.WHEN_WHOLE, funded, part)
    assert reopens(ReopenPolicy.WHEN_WHOLE, funded, whole)
    assert not reopens(ReopenPolicy.NEVER, funded, whole)


unit_cents = st.lists(st.integers(0, 500), min_size=1, max_size=4).map(tuple)
fundings = st.builds(
    Funding,
    share_basis_points=st.integers(0, 10_000),
    cap_cents=st.one_of(st.none(), st.integers(0, 300)),
)


@st.composite
def funded_lines(draw: st.DrawFn) -> tuple[list[Off], tuple[Split, ...]]:
    given_off = [
        discount(number + 1, *cents)
        for number, cents in enumerate(draw(st.lists(unit_cents, min_size=1, max_size=3)))
    ]
    return given_off, fund(given_off, uses=draw(st.integers(1, 3)), funding=draw(fundings))


@given(funded_lines())
def test_both_shares_make_up_each_units_discount(
    case: tuple[list[Off], tuple[Split, ...]],
) -> None:
    for before, after in zip(*case, strict=True):
        parts = zip(after.supplier_cents, after.retailer_cents, strict=True)
        assert tuple(a + b for a, b in parts) == before.unit_cents
        assert min(*after.supplier_cents, *after.retailer_cents) >= 0
        assert after.amount_cents == sum(before.unit_cents)
        assert after.unit_cents == before.unit_cents


@pytest.mark.slow
@given(funded_lines(), st.data())
def test_partial_returns_in_any_order_come_to_the_whole(
    case: tuple[list[Off], tuple[Split, ...]], data: st.DataObject
) -> None:
    _, funded = case
    units = [(each, unit) for each in funded for unit in range(each.units)]
    returned: dict[int, set[int]] = {}
    supplier = retailer = 0
    for each, unit in data.draw(st.permutations(units)):
        before = returned.setdefault(each.line, set())
        taken = take_back(each, units=[unit], returned=before)
        before.add(unit)
        supplier += taken.supplier_cents
        retailer += taken.retailer_cents
    assert supplier == sum(sum(each.supplier_cents) for each in funded)
    assert retailer == sum(sum(each.retailer_cents) for each in funded)
