"""Budgets: every movement adds up to zero, and a copy's life ends with nothing reserved."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.reserve import (
    BudgetAccount,
    BudgetPosting,
    issued,
    released,
    reservation_cents,
    used,
)

BUDGET, RESERVED, SPENT = BudgetAccount.BUDGET, BudgetAccount.RESERVED, BudgetAccount.SPENT
CENTS = st.integers(0, 10**9)


def moved(postings: Iterable[BudgetPosting]) -> dict[BudgetAccount, int]:
    assert {posting.offer_id for posting in postings} <= {7}
    return {posting.account: posting.amount_cents for posting in postings}


@pytest.mark.parametrize(
    ("face_value", "share", "fee", "cents"),
    [
        (100, 100, 8, 108),
        (100, 0, 0, 0),
        (100, 0, 8, 8),
        (50, 50, 0, 25),
        (99, 50, 0, 50),
        (1, 50, 0, 1),
        (333, 33, 2, 112),
    ],
)
def test_what_one_use_may_cost_the_supplier(
    face_value: int, share: int, fee: int, cents: int
) -> None:
    assert reservation_cents(face_value, funding_share=share, handling_fee_cents=fee) == cents


def test_issuing_reserves() -> None:
    assert moved(issued(7, 250)) == {BUDGET: -250, RESERVED: 250}


def test_a_use_spends_what_it_cost_and_gives_the_rest_back() -> None:
    assert moved(used(7, reserved_cents=108, spent_cents=90)) == {
        BUDGET: 18,
        RESERVED: -108,
        SPENT: 90,
    }


def test_a_use_that_costs_more_than_was_reserved_takes_it_from_the_budget() -> None:
    assert moved(used(7, reserved_cents=100, spent_cents=130)) == {
        BUDGET: -30,
        RESERVED: -100,
        SPENT: 130,
    }


def test_a_use_that_costs_what_was_reserved_leaves_the_budget_alone() -> None:
    assert moved(used(7, reserved_cents=100, spent_cents=100)) == {RESERVED: -100, SPENT: 100}


def test_expiry_gives_everything_back() -> None:
    assert moved(released(7, 250)) == {BUDGET: 250, RESERVED: -250}


def test_nothing_moves_nothing() -> None:
    assert issued(7, 0) == released(7, 0) == used(7, reserved_cents=0, spent_cents=0) == ()


@given(CENTS, CENTS)
def test_every_movement_adds_up_to_zero(reserved: int, spent: int) -> None:
    for postings in (
        issued(1, reserved),
        released(1, reserved),
        used(1, reserved_cents=reserved, spent_cents=spent),
    ):
        assert sum(posting.amount_cents for posting in postings) == 0
        assert all(posting.amount_cents for posting in postings)


@given(st.lists(st.tuples(CENTS, st.none() | CENTS), max_size=20))
def test_when_every_copy_is_used_or_expired_nothing_is_reserved(
    copies: list[tuple[int, int | None]],
) -> None:
    """A copy is (what it reserved, what its use cost); None for a copy that expired."""
    balance: Counter[BudgetAccount] = Counter()
    for reserved, cost in copies:
        ending = (
            released(1, reserved)
            if cost is None
            else used(1, reserved_cents=reserved, spent_cents=cost)
        )
        for posting in (*issued(1, reserved), *ending):
            balance[posting.account] += posting.amount_cents
    assert balance[RESERVED] == 0
    assert balance[SPENT] == -balance[BUDGET] == sum(cost or 0 for _, cost in copies)
