"""Matrix products added up in one order, whatever the processor.

A library of matrix products chooses its loops by the processor, and with them the order of the
additions, so that its sums differ in their last digits. Here each element of a product is added up
from the first term to the last, each rounded: the compiler may treat neighbouring columns together,
but it may neither change this order nor round a product and its sum at once. Tiles that stay in the
nearest cache keep the loop near the speed of a library.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
from numba import types
from numba.np.numpy_support import from_dtype
from numpy.typing import NDArray

from service.engine.loops.compiled import compiled

DEPTH, WIDTH, UNROLLED = 32, 256, 4
"""Rows and columns of a tile, and rows taken at a time."""

Reals = NDArray[np.floating[Any]]


def product(left: Reals, right: Reals) -> NDArray[Any]:
    """The matrix product of two tables of one type, float32 or float64."""
    if left.shape[1] == 1:
        return np.asarray(left * right)
    if right.shape[1] == 1:
        # NumPy's own loop, which is not one of those that it chooses by the processor.
        return np.asarray(np.einsum("nk,k->n", left, right[:, 0])[:, None])
    out = np.zeros((left.shape[0], right.shape[1]), left.dtype)
    add_product(left, right, out)
    return out


def add_product(
    left: Reals, right: Reals, out: Reals, *, corner: int = 0, upper: bool = False
) -> None:
    """Add the matrix product of two tables to `out` from row and column `corner` on.

    All have one type, float32 or float64. `left` and `right` may have any order in memory, the rows
    of `out` follow each other; what is added to must not overlap them. With `upper` the product is
    added on and above the diagonal, and what is below becomes anything.
    """
    tile = np.empty(DEPTH * WIDTH, out.dtype)
    _loop(out.dtype)(left, right, out, corner, tile, upper)


@cache
def _loop(dtype: np.dtype[Any]) -> Callable[..., None]:
    """The machine code for a type. One serves every order in memory; else each had its own."""
    number = from_dtype(dtype)
    table = types.Array(number, 2, "A")
    out, tile = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    signature = (table, table, out, types.int64, tile, types.boolean)
    return cast("Callable[..., None]", _add.compile(signature))  # type: ignore[attr-defined]


@compiled
def _add(left: Reals, right: Reals, out: Reals, corner: int, tile: Reals, upper: bool) -> None:
    """See `add_product`. `tile` has room for a tile of `right`."""
    rows, depth = left.shape
    width = right.shape[1]
    for first in range(0, depth, DEPTH):
        deep = min(DEPTH, depth - first)
        whole = deep // UNROLLED * UNROLLED
        for start in range(0, width, WIDTH):
            wide = min(WIDTH, width - start)
            for k in range(deep):
                for j in range(wide):
                    tile[k * WIDTH + j] = right[first + k, start + j]
            last = min(rows, start + wide) if upper else rows
            place = corner + start
            for i in range(0, last - 1, 2):
                one = out[corner + i, place : place + wide]
                two = out[corner + i + 1, place : place + wide]
                for k in range(0, whole, UNROLLED):
                    at, term = k * WIDTH, first + k
                    a, b = left[i, term], left[i, term + 1]
                    c, d = left[i, term + 2], left[i, term + 3]
                    e, f = left[i + 1, term], left[i + 1, term + 1]
                    g, h = left[i + 1, term + 2], left[i + 1, term + 3]
                    for j in range(wide):
                        w, x = tile[at + j], tile[at + WIDTH + j]
                        y, z = tile[at + 2 * WIDTH + j], tile[at + 3 * WIDTH + j]
                        one[j] = one[j] + a * w + b * x + c * y + d * z
                        two[j] = two[j] + e * w + f * x + g * y + h * z
                for k in range(whole, deep):
                    at, a, e = k * WIDTH, left[i, first + k], left[i + 1, first + k]
                    for j in range(wide):
                        one[j] += a * tile[at + j]
                        two[j] += e * tile[at + j]
            if last % 2:
                one = out[corner + last - 1, place : place + wide]
                for k in range(deep):
                    at, a = k * WIDTH, left[last - 1, first + k]
                    for j in range(wide):
                        one[j] += a * tile[at + j]
