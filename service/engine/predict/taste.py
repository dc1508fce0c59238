"""What households alike in taste buy: a low-rank picture of who buys what.

Every household is the vector of its discounted purchase counts, w = log(1 + 2 s) by item. The
leading directions V of these vectors (Halko, Martinsson and Tropp 2011, subspace iteration) give
the items bought together; the affinity of household h to item i is (sum_j w_hj V_j) . V_i, its
picture in what the base has in common. It knows that who buys diapers buys wipes, and speaks for
items never bought as for those bought once.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.fixed_point import rounded
from service.engine.predict.pairs import Pairs

WIDTH = 32
SPARE = 8
ROUNDS = 4
BLOCK = 16_384
MAX_HOUSEHOLDS = 10_000
LONG, SHORT = 3, 0
# Sums of 32 such products stay below 2^53. A direction has length one, and a picture beyond the
# bound would take a household of thousands of items.
PICTURE_UNIT, MOST_PICTURE = 2.0**17, 2.0**12
VECTOR_UNIT = 2.0**18
# An affinity is kept to a 4096th: less than that is what rounding leaves of nothing.
LIKING_UNIT = 2.0**12


def weight(pairs: Pairs, k: int = LONG) -> Floats:
    """How much each pair says about its household's taste, at half-life k."""
    return np.asarray(np.log1p(2.0 * pairs.counts[:, k]))


def directions(pairs: Pairs, rows: Ints, items: int, *, seed: int) -> Singles:
    """The leading directions (items + 1, WIDTH); the last row, of every item unknown, is 0.

    `rows` gives each pair's item, `items` if it is unknown. Households count alike.
    """
    homes = len(pairs.homes.trips)
    chosen = (rows < items) & (pairs.household < MAX_HOUSEHOLDS)
    table = np.zeros((min(homes, MAX_HOUSEHOLDS), items), dtype=np.float32)
    table[pairs.household[chosen], rows[chosen]] = weight(pairs)[chosen]
    table /= np.linalg.norm(table, axis=1, keepdims=True) + np.float32(1e-3)
    width = min(WIDTH, *table.shape)
    found = np.zeros((items + 1, WIDTH), dtype=np.float32)
    if not width:
        return found
    random = np.random.default_rng(seed)
    start = random.standard_normal((items, min(width + SPARE, items))).astype(np.float32)
    basis = np.linalg.qr(start)[0]
    for _ in range(ROUNDS):
        basis = np.linalg.qr(table.T @ (table @ basis))[0]
    turned = np.linalg.svd(table @ basis, full_matrices=False)[2]
    best = (basis @ turned.T)[:, :width]
    found[:items, : best.shape[1]] = best
    return found


def affinity(pairs: Pairs, rows: Ints, vectors: Singles, weights: Floats) -> Floats:
    """Each household's affinity to each item it has bought. `rows` as in `directions`."""
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
        home = pairs.household[part] - pairs.household[start]
        own, row, sums = weights[part], rows[part], total[part]
        for column in columns:
            each = column[row]
            sums += np.bincount(home, own * each)[home] * each
        start = stop
    return total


def pictures(pairs: Pairs, rows: Ints, vectors: Singles) -> Floats:
    """Each household's picture (households, WIDTH): its affinity to an item is its product."""
    size = len(pairs.homes.trips)
    known = weight(pairs)
    columns = [
        np.bincount(pairs.household, known * column[rows], minlength=size)
        for column in vectors.T.astype(np.float64)
    ]
    return np.stack(columns, axis=1)


def likings(picture: Floats, vectors: Singles) -> Floats:
    """Each household's affinity to each item: (households, items), the same bits alone or not."""
    return _in_steps(_whole_picture(picture) @ _whole_vectors(vectors).T)


def likings_of(picture: Floats, vectors: Singles) -> Floats:
    """The affinity of each row's household to each row's item, as in `likings`."""
    return _in_steps(np.einsum("nk,nk->n", _whole_picture(picture), _whole_vectors(vectors)))


def _whole_picture(picture: Floats) -> Floats:
    return rounded(picture, unit=PICTURE_UNIT, most=MOST_PICTURE)


def _whole_vectors(vectors: Singles) -> Floats:
    return rounded(vectors, unit=VECTOR_UNIT, most=1.0)


def _in_steps(products: Floats) -> Floats:
    steps = np.rint(products * (LIKING_UNIT / (PICTURE_UNIT * VECTOR_UNIT)))
    return np.asarray(steps / LIKING_UNIT)
