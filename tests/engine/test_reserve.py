"""Budgets: what a copy may cost, and the chance that copies cost more than is free."""

import numpy as np
import pytest

from service.engine.reserve import (
    OpenCopies,
    expected_reservation_cents,
    overspend_chance,
    reservation_cents,
    supplier_cap_cents,
)


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
