"""Equations with a symmetric, positive definite matrix, solved in one order of additions.

A library of linear algebra gives other last digits on another processor; see products.py.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engine.loops.compiled import compiled
from service.engine.loops.products import Reals, add_product, product

BLOCK = 32
"""Rows eliminated at a time."""

Floats = NDArray[np.float64]


def solve(matrix: Reals, right: Reals) -> Floats:
    """The x of `matrix` (n, n) x = `right`, (n) or (n, k), in float64, by Cholesky's decomposition.

    Only the diagonal and what is above it is read. A matrix that is not positive definite gives
    numbers that are not finite.
    """
    size, columns = len(matrix), right.reshape(len(right), -1)
    # The right sides are more columns: when all rows are eliminated, they are the triangle's.
    width = size + columns.shape[1]
    table = np.zeros((width, width))
    table[:size, :size], table[:size, size:] = matrix, columns
    for first in range(0, size, BLOCK):
        last = min(first + BLOCK, size)
        _eliminate(table, first, last)
        rows = table[first:last, last:]
        add_product(-rows.T, rows, table, corner=last, upper=True)
    found = np.empty((size, columns.shape[1]))
    _substitute(table, found)
    return found.reshape(right.shape)


@compiled
def _eliminate(table: Floats, first: int, last: int) -> None:
    """Make the rows from `first` to `last` those of the triangle."""
    width = table.shape[1]
    for k in range(first, last):
        for p in range(first, k):
            factor = table[p, k]
            for j in range(k, width):
                table[k, j] -= factor * table[p, j]
        root = np.sqrt(table[k, k])
        for j in range(k, width):
            table[k, j] /= root


@compiled
def _substitute(table: Floats, found: Floats) -> None:
    """Solve the triangle for its last columns, from the last row to the first."""
    size, columns = found.shape
    for i in range(size - 1, -1, -1):
        for k in range(columns):
            left = table[i, size + k]
            for j in range(i + 1, size):
                left -= table[i, j] * found[j, k]
            found[i, k] = left / table[i, i]


def inverse(matrix: Reals) -> NDArray[Any]:
    """The inverse, of the type of `matrix`, by Gauss and Jordan's elimination in blocks."""
    table = np.array(matrix, order="C")
    for first in range(0, len(table), BLOCK):
        block = slice(first, first + BLOCK)
        pivot = small_inverse(table[block, block])
        columns = -table[:, block]
        columns[block] = 0.0
        rows = table[block].copy()
        rows[:, block] = np.eye(len(pivot), dtype=table.dtype)
        rows = product(pivot, rows)
        table[block] = rows
        table[:, block] = 0.0
        table[block, block] = rows[:, block]
        add_product(columns, rows, table)
    return table


def small_inverse(matrix: Reals) -> NDArray[Any]:
    """As `inverse`, row by row: for some dozens of rows."""
    table = np.array(matrix)
    for k in range(len(table)):
        pivot = table[k, k]
        row = table[k] / pivot
        row[k] = 1.0 / pivot
        column = table[:, k].copy()
        table[:, k] = 0.0
        table -= column[:, None] * row
        table[k] = row
    return table


def solve_small(matrix: Reals, right: Reals) -> NDArray[Any]:
    """As `solve`, for some dozens of rows, without a loop that has to be compiled."""
    return np.asarray((small_inverse(matrix) * right).sum(axis=1))
