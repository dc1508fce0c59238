"""Planes below a function with edges: their weights, and steps down to its lowest point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.allocate.bundle import MOST, Bundle, Plane, balance

BOTH = np.arange(2)


def edged(place: np.ndarray) -> Plane:
    """The plane of |x| + 10 |y| + x / 2, lowest (0) at (0, 0), steep across its edge y = 0."""
    slope = np.array([1.0 if place[0] >= 0 else -1.0, 10.0 if place[1] >= 0 else -10.0])
    slope[0] += 0.5
    return Plane(place, float((slope * place).sum()), slope)


def test_two_planes_that_cross_share_the_weight_by_their_steepness() -> None:
    slopes = np.array([[3.0, -1.0]])
    assert balance(slopes.T @ slopes, np.zeros(2)) == pytest.approx([0.25, 0.75])
    assert balance(slopes.T @ slopes, np.array([0.0, 100.0])) == pytest.approx([1.0, 0.0])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, MOST))
def test_no_other_weights_cost_less(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    slopes = random.standard_normal((5, count))
    squares, below = slopes.T @ slopes, random.random(count)
    weights = balance(squares, below)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0.0
    cost = 0.5 * weights @ squares @ weights + below @ weights
    others = random.dirichlet(np.ones(count), 50)
    costs = 0.5 * ((others @ squares) * others).sum(axis=1) + others @ below
    assert (costs >= cost - 1e-6).all()


@pytest.mark.parametrize("diagonal", [False, True])
def test_steps_end_where_the_edges_meet(*, diagonal: bool) -> None:
    bundle, place = Bundle(), np.array([3.0, -2.0])
    matrix = np.ones((2, 1)) if diagonal else np.eye(2)
    for _ in range(3 * MOST):
        bundle.add(edged(place))
        assert len(bundle.planes) <= MOST
        assert bundle.best is not None
        assert bundle.height(np.zeros(2)) <= 1e-12
        place = bundle.best.place + bundle.step(bundle.best, matrix, BOTH)
    assert bundle.best is not None
    assert bundle.best.bound == pytest.approx(0.0, abs=1e-9)
