"""Equations with a symmetric matrix: what is found solves them."""

import numpy as np
import pytest

from service.engine.loops.symmetric import BLOCK, inverse, small_inverse, solve, solve_small


def matrix(size: int) -> np.ndarray:
    """A symmetric, positive definite matrix, 100 times as long in one direction as in another."""
    random = np.random.default_rng(size)
    directions = np.linalg.qr(random.standard_normal((size, size)))[0]
    found = (directions * np.geomspace(1.0, 100.0, size)) @ directions.T
    return np.asarray((found + found.T) / 2.0)


@pytest.mark.parametrize("size", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5, 300])
def test_what_is_found_solves_the_equations(size: int) -> None:
    table, wanted = matrix(size), np.linspace(-1.0, 2.0, size)
    right = table @ wanted
    # What is below the diagonal is not read.
    assert solve(np.triu(table), right) == pytest.approx(wanted, abs=1e-11)
    assert np.abs(inverse(table) @ table - np.eye(size)).max() < 1e-11
    several = np.stack([right, -2.0 * right], axis=1)
    assert np.array_equal(solve(table, several)[:, 0], solve(table, right))
    assert solve(table, several)[:, 1] == pytest.approx(-2.0 * wanted, abs=1e-11)
    single = inverse(table.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(single - np.linalg.inv(table)).max() < 1e-5
    if size <= BLOCK:
        assert solve_small(table, right) == pytest.approx(wanted, abs=1e-11)
        assert np.abs(small_inverse(table) @ table - np.eye(size)).max() < 1e-11


def test_a_matrix_that_is_not_positive_definite_gives_no_numbers() -> None:
    assert not np.isfinite(solve(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2))).all()
