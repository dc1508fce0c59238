"""Orthonormal columns and leading directions, in one order of additions (see products.py)."""

import numpy as np
from numpy.typing import NDArray

from service.engine.loops.compiled import compiled
from service.engine.loops.products import product

SWEEPS = 12
"""Sweeps over a symmetric matrix; it is diagonal to the last digit after about eight."""
NOTHING = 1e-6
"""A column is taken for a sum of those before it if no more than such a part of it is left."""

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]


def orthonormal(columns: Singles) -> Singles:
    """Columns of length one, at right angles, of which those given (rows, columns) are sums.

    Each is made from the one in its place; one that is a sum of those before it becomes 0.
    """
    table = columns.T.astype(np.float64)
    _straighten(table)
    return np.ascontiguousarray(table.T.astype(np.float32))


@compiled
def _straighten(table: Floats) -> None:
    """Gram and Schmidt's method on the rows, twice each: once leaves rounding errors."""
    count, width = table.shape
    for i in range(count):
        row = table[i]
        before = 0.0
        for j in range(width):
            before += row[j] * row[j]
        for _ in range(2):
            for other in range(i):
                mate = table[other]
                along = 0.0
                for j in range(width):
                    along += row[j] * mate[j]
                for j in range(width):
                    row[j] -= along * mate[j]
        after = 0.0
        for j in range(width):
            after += row[j] * row[j]
        factor = 1.0 / np.sqrt(after) if after > NOTHING * NOTHING * before else 0.0
        for j in range(width):
            row[j] *= factor


def leading_directions(table: Singles) -> Singles:
    """The directions (columns, columns) in which the rows of a table are longest, as columns.

    The longest comes first; these are the right singular vectors.
    """
    square = product(table.T, table).astype(np.float64)
    vectors = np.eye(len(square))
    _rotate(square, vectors)
    order = np.argsort(-square.diagonal(), kind="stable")
    return np.ascontiguousarray(vectors[order].T.astype(np.float32))


@compiled
def _rotate(square: Floats, vectors: Floats) -> None:
    """Make a symmetric matrix diagonal by Jacobi's rotations; its directions become `vectors`."""
    size = len(square)
    for _ in range(SWEEPS):
        largest = 0.0
        for p in range(size - 1):
            for q in range(p + 1, size):
                off = square[p, q]
                largest = max(largest, abs(off))
                if off == 0.0:
                    continue
                half = (square[q, q] - square[p, p]) / (2.0 * off)
                side = 1.0 if half >= 0.0 else -1.0
                tangent = side / (abs(half) + np.sqrt(half * half + 1.0))
                cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
                sine = tangent * cosine
                for j in range(size):
                    one, two = square[p, j], square[q, j]
                    square[p, j] = cosine * one - sine * two
                    square[q, j] = sine * one + cosine * two
                    one, two = vectors[p, j], vectors[q, j]
                    vectors[p, j] = cosine * one - sine * two
                    vectors[q, j] = sine * one + cosine * two
                for j in range(size):
                    one, two = square[j, p], square[j, q]
                    square[j, p] = cosine * one - sine * two
                    square[j, q] = sine * one + cosine * two
        if largest == 0.0:
            break
