"""Budgets: every movement adds up to zero, and a copy's life ends with nothing reserved."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.reserve import (
    BudgetAccount,
    BudgetPosting,
    OpenCopies,
    expected_reservation_cents,
    issued,
    overspend_chance,
    released,
    reservation_cents,
    supplier_cap_cents,
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


@pytest.mark.parametrize(("cap", "cents"), [(None, 50), (49, 49), (51, 50), (0, 0)])
def test_a_cap_lowers_what_a_supplier_bears_of_one_use(cap: int | None, cents: int) -> None:
    found = supplier_cap_cents(100, funding_share=50, funding_cap_cents=cap)
    assert found == cents
    reserved = reservation_cents(100, funding_share=50, handling_fee_cents=8, funding_cap_cents=cap)
    assert reserved == cents + 8


@pytest.mark.parametrize(
    ("uses", "expected", "safety", "cents"),
    [(1, 0.25, 1.5, 41), (1, 0.25, 1.0, 27), (2, 0.5, 1.0, 27), (1, 0.9, 1.5, 108), (1, 0, 9, 0)],
)
def test_an_expected_reservation_is_rounded_up_and_never_above_the_worst(
    uses: int, expected: float, safety: float, cents: int
) -> None:
    found = expected_reservation_cents(108, uses=uses, expected_uses=expected, safety=safety)
    assert found == cents


COPIES = (OpenCopies(400, 108, 30.0), OpenCopies(200, 58, 5.0), OpenCopies(3, 900, 450.0))


@pytest.mark.parametrize("safety", [1.0, 1.05, 1.1, 1.2, 1.5])
def test_a_simulation_overspends_no_more_often_than_the_bound_says(safety: float) -> None:
    """Copies that are used or not are the worst there is; others vary less."""
    rng = np.random.default_rng(7)
    expected = sum(each.copies * each.expected_cents for each in COPIES)
    free = int(expected * safety)
    cost = sum(
        each.most_cents * rng.binomial(each.copies, each.expected_cents / each.most_cents, 50_000)
        for each in COPIES
    )
    seen = float(np.mean(np.asarray(cost) > free))
    bound = overspend_chance(COPIES, free_cents=free)
    assert seen <= bound
    assert bound <= 1.0
    assert safety < 1.5 or bound < 1e-6


def test_what_covers_the_worst_case_cannot_be_overspent() -> None:
    worst = sum(each.copies * each.most_cents for each in COPIES)
    assert overspend_chance(COPIES, free_cents=worst) == 0.0
    # All three used, each with an even chance.
    three = COPIES[2:]
    assert overspend_chance(three, free_cents=2699) == pytest.approx(1 / 8, rel=0.02)
    assert overspend_chance(three, free_cents=2700) == 0.0
    assert overspend_chance((), free_cents=0) == 0.0


def test_copies_that_are_certain_to_cost_all_leave_no_doubt() -> None:
    certain = (OpenCopies(10, 100, 100.0),)
    assert overspend_chance(certain, free_cents=999) == 1.0
    assert overspend_chance(certain, free_cents=1000) == 0.0
