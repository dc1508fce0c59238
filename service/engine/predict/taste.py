"""Household tastes: a low-rank model of which items the same households buy.

Each household is a vector of weights w = log(1 + 2 s) by item, where s is its discounted count of
purchases. The leading directions V of these vectors (Halko, Martinsson and Tropp 2011, subspace
iteration) are groups of items bought together. The taste of household h is sum_j w_hj V_j, and its
affinity to item i is that taste times V_i. So a household that buys diapers has an affinity to
wipes, whether it has bought them or not.
"""

from __future__ import annotations

import numpy as np

from service.engine.loops.directions import leading_directions, orthonormal
from service.engine.loops.products import product
from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.fixed_point import round_to_unit
from service.engine.predict.pairs import PairSummaries

WIDTH = 32
EXTRA_WIDTH = 8
ROUNDS = 4
BLOCK = 16_384
MAX_HOUSEHOLDS = 10_000
LONG, SHORT = 3, 0
# Sums of 32 such products stay below 2^53. A direction has length one, and only a household with
# thousands of items could have a taste beyond the bound.
TASTE_UNIT, MAX_TASTE = 2.0**17, 2.0**12
VECTOR_UNIT = 2.0**18
# An affinity is rounded to a 4096th; anything smaller would be rounding error.
AFFINITY_UNIT = 2.0**12


def purchase_weights(pairs: PairSummaries, k: int = LONG) -> Floats:
    """The weight of each pair in its household's taste, at half-life k."""
    return np.asarray(np.log1p(2.0 * pairs.counts[:, k]))


def directions(pairs: PairSummaries, rows: Ints, items: int, *, seed: int) -> Singles:
    """The leading directions (items + 1, WIDTH); the last row is 0, for items without a direction.

    `rows` is the row of each pair's item, or `items` for an item without a direction. All
    households have the same weight.
    """
    households = len(pairs.households.trips)
    chosen = (rows < items) & (pairs.household < MAX_HOUSEHOLDS)
    table = np.zeros((min(households, MAX_HOUSEHOLDS), items), dtype=np.float32)
    table[pairs.household[chosen], rows[chosen]] = purchase_weights(pairs)[chosen]
    table /= np.linalg.norm(table, axis=1, keepdims=True) + np.float32(1e-3)
    width = min(WIDTH, *table.shape)
    found = np.zeros((items + 1, WIDTH), dtype=np.float32)
    if not width:
        return found
    random = np.random.default_rng(seed)
    start = random.standard_normal((items, min(width + EXTRA_WIDTH, items))).astype(np.float32)
    basis = orthonormal(start)
    for _ in range(ROUNDS):
        basis = orthonormal(product(table.T, product(table, basis)))
    rotation = leading_directions(product(table, basis))
    best = product(basis, rotation[:, :width])
    found[:items, : best.shape[1]] = best
    return found


def affinity(pairs: PairSummaries, rows: Ints, vectors: Singles, weights: Floats) -> Floats:
    """The affinity of each pair's household to its item. `rows` is as in `directions`."""
    total = np.zeros(pairs.rows)
    if pairs.rows < len(vectors):
        vectors, rows = vectors[rows], np.arange(pairs.rows)
    columns = np.ascontiguousarray(vectors.T, dtype=np.float64)
    start = 0
    while start < pairs.rows:
        stop = min(start + BLOCK, pairs.rows)
        last = pairs.household[stop - 1]
        stop = int(np.searchsorted(pairs.household, last, side="right"))
        part = slice(start, stop)
        household_row = pairs.household[part] - pairs.household[start]
        own, row, sums = weights[part], rows[part], total[part]
        for column in columns:
            each = column[row]
            sums += np.bincount(household_row, own * each)[household_row] * each
        start = stop
    return total


def household_tastes(pairs: PairSummaries, rows: Ints, vectors: Singles) -> Floats:
    """The taste of each household (households, WIDTH); times an item's direction, its affinity."""
    size = len(pairs.households.trips)
    known = purchase_weights(pairs)
    columns = [
        np.bincount(pairs.household, known * column[rows], minlength=size)
        for column in vectors.T.astype(np.float64)
    ]
    return np.stack(columns, axis=1)


def affinities(taste: Floats, vectors: Singles) -> Floats:
    """The affinity of each household to each item: (households, items).

    A household gets the same bits alone as among others.
    """
    return _round_to_steps(_whole_tastes(taste) @ _whole_vectors(vectors).T)


def row_affinities(taste: Floats, vectors: Singles) -> Floats:
    """The affinity of each row's household to the same row's item, as `affinities` gives it."""
    return _round_to_steps(np.einsum("nk,nk->n", _whole_tastes(taste), _whole_vectors(vectors)))


def _whole_tastes(taste: Floats) -> Floats:
    return round_to_unit(taste, unit=TASTE_UNIT, most=MAX_TASTE)


def _whole_vectors(vectors: Singles) -> Floats:
    return round_to_unit(vectors, unit=VECTOR_UNIT, most=1.0)


def _round_to_steps(products: Floats) -> Floats:
    steps = np.rint(products * (AFFINITY_UNIT / (TASTE_UNIT * VECTOR_UNIT)))
    return np.asarray(steps / AFFINITY_UNIT)
