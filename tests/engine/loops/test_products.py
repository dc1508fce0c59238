"""Products in one order: right for any shape, and each sum as if added up term by term."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.loops.products import DEPTH, WIDTH, add_product, product

SIZES = st.sampled_from([0, 1, 2, 3, 5, DEPTH, DEPTH + 1]) | st.integers(0, 70)
WIDTHS = SIZES | st.sampled_from([WIDTH - 1, WIDTH, WIDTH + 3])


def tables(
    rows: int, depth: int, width: int, dtype: type, *, turned: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Two tables of whole numbers, of which every sum is exact."""
    random = np.random.default_rng(rows + 100 * depth + 10_000 * width)
    left: np.ndarray = random.integers(-9, 10, (rows, depth)).astype(dtype)
    right: np.ndarray = random.integers(-9, 10, (depth, width)).astype(dtype)
    return (np.asfortranarray(left), right[:, ::-1]) if turned else (left, right)


@given(
    rows=SIZES,
    depth=SIZES,
    width=WIDTHS,
    dtype=st.sampled_from([np.float32, np.float64]),
    turned=st.booleans(),
)
def test_a_product_of_whole_numbers_is_exact(
    rows: int, depth: int, width: int, dtype: type, *, turned: bool
) -> None:
    left, right = tables(rows, depth, width, dtype, turned=turned)
    found = product(left, right)
    assert found.dtype == dtype
    assert np.array_equal(found, left @ right)


@given(
    rows=st.integers(1, 40),
    depth=st.integers(1, 70),
    width=WIDTHS,
    corner=st.integers(0, 3),
    upper=st.booleans(),
)
def test_a_product_is_added_from_its_corner_on(
    rows: int, depth: int, width: int, corner: int, *, upper: bool
) -> None:
    left, right = tables(rows, depth, width, np.float64, turned=False)
    out = np.ones((rows + corner, width + corner))
    add_product(left, right, out, corner=corner, upper=upper)
    wanted = 1.0 + left @ right
    part = out[corner:, corner:]
    assert np.array_equal(np.triu(part), np.triu(wanted)) if upper else np.array_equal(part, wanted)
    assert (out[:corner] == 1.0).all()
    assert (out[:, :corner] == 1.0).all()


@pytest.mark.parametrize("shape", [(2, 100, 300), (3, 37, 5), (1, 64, 48)])
def test_a_sum_is_added_term_by_term(shape: tuple[int, int, int]) -> None:
    rows, depth, width = shape
    random = np.random.default_rng(1)
    left = random.standard_normal((rows, depth)).astype(np.float32)
    right = random.standard_normal((depth, width)).astype(np.float32)
    wanted = np.zeros((rows, width), np.float32)
    for k in range(depth):
        wanted += left[:, [k]] * right[[k]]
    assert np.array_equal(product(left, right), wanted)
