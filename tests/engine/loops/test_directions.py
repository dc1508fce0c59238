"""Directions of a table, beside those of a library."""

import numpy as np

from service.engine.loops.directions import leading_directions, orthonormal


def table(rows: int, columns: int) -> np.ndarray:
    """Columns of very different lengths in turned directions."""
    random = np.random.default_rng(3)
    turned = np.linalg.qr(random.standard_normal((columns, columns)))[0]
    lengths = np.geomspace(50.0, 1.0, columns)
    found = (random.standard_normal((rows, columns)) * lengths) @ turned
    return np.asarray(found.astype(np.float32))


def test_columns_become_orthonormal_and_keep_their_sums() -> None:
    columns = table(300, 40)
    found = orthonormal(columns)
    assert np.abs(found.T @ found - np.eye(40)).max() < 1e-6
    assert np.abs(found @ (found.T @ columns) - columns).max() < 1e-4


def test_a_column_that_is_a_sum_of_others_becomes_nothing() -> None:
    columns = table(50, 3)
    columns[:, 2] = columns[:, 0] - 2.0 * columns[:, 1]
    found = orthonormal(np.hstack([np.zeros((50, 1), np.float32), columns]))
    assert not found[:, [0, 3]].any()
    assert np.abs(found[:, 1:3].T @ found[:, 1:3] - np.eye(2)).max() < 1e-6


def test_the_longest_direction_comes_first() -> None:
    rows = table(200, 30)
    found = leading_directions(rows)
    wanted = np.linalg.svd(rows, full_matrices=False)[2].T
    assert np.abs(found.T @ found - np.eye(30)).max() < 1e-6
    assert np.abs((found * wanted).sum(axis=0)).min() > 0.999
