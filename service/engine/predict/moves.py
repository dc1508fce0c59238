"""Item-to-item moves: which purchases speak for which other items.

The moves B are the ridge regression of each item's weight on the weights of all other items over
all households, with no item speaking for itself: B_ji = -P_ji / P_ii for j != i, where P is the
inverse of X'X + RIDGE and the rows of X are the households' weights, scaled to length one (EASE,
Steck 2019). Of each item the `LINKS` strongest moves are kept, in whole numbers: a sum of them is
the same for one household alone as among others, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.loops.compiled import compiled
from service.engine.loops.products import product
from service.engine.loops.symmetric import inverse
from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.fixed_point import round_to_unit
from service.engine.predict.pairs import PairSummaries
from service.engine.predict.taste import LONG, SHORT, purchase_weights

LINKS = 64
HOUSEHOLDS_AT_ONCE = 256
MOST_ITEMS = 1500
MOST_HOUSEHOLDS = 10_000
RIDGE = 5.0
# Sums of four thousand products of a weight and a move stay below 2^53.
MOVE_UNIT, MAX_MOVE = 2.0**15, 2.0
WEIGHT_UNIT, MAX_WEIGHT = 2.0**12, 2.0**5


@dataclass(frozen=True, slots=True)
class Moves:
    """The strongest moves from each item: `targets` and `strengths`, (items, links).
    `strengths` are whole multiples of 1/MOVE_UNIT; an item with fewer moves is filled up with 0.
    """

    targets: Ints
    strengths: Floats

    def sums(self, household: Ints, item: Ints, weights: Floats, households: int) -> Floats:
        """What the items of each household speak for: (households, items).

        `household`, `item` and `weights` are the pairs; `household` is below `households`.
        """
        total = np.zeros((households, len(self.targets)))
        whole = round_to_unit(weights, unit=WEIGHT_UNIT, most=MAX_WEIGHT)
        _add_moves(household, item, whole, self.targets, self.strengths, total)
        total /= MOVE_UNIT * WEIGHT_UNIT
        return total

    def of_pairs(self, pairs: PairSummaries, rows: Ints, k: int) -> Floats:
        """What the other items of each pair's household speak for its item.

        The weights of a household, at half-life k, are scaled to length one. `rows` is as in
        `taste.directions`; an item without a row gets 0.
        """
        known = rows < len(self.targets)
        household, row = pairs.household[known], rows[known]
        weights = purchase_weights(pairs, k)[known]
        count = len(pairs.households.trips)
        found = np.zeros(len(row))
        for start in range(0, count, HOUSEHOLDS_AT_ONCE):
            size = min(HOUSEHOLDS_AT_ONCE, count - start)
            part = slice(*np.searchsorted(household, [start, start + size]).tolist())
            owner = household[part] - start
            sums = self.sums(owner, row[part], weights[part], size)
            sums /= lengths(owner, weights[part], size)
            found[part] = sums[owner, row[part]]
        total = np.zeros(pairs.rows)
        total[known] = found
        return total


@compiled
def _add_moves(
    household: Ints, item: Ints, weights: Floats, targets: Ints, strengths: Floats, total: Floats
) -> None:
    """Add to `total` what each pair's item speaks for, times the pair's weight."""
    for p in range(len(household)):
        row = total[household[p]]
        target, strength = targets[item[p]], strengths[item[p]]
        for link in range(len(target)):
            row[target[link]] += weights[p] * strength[link]


def no_moves() -> Moves:
    """The moves before any data: between no items."""
    return Moves(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)))


def lengths(household: Ints, weights: Floats, size: int) -> Floats:
    """The length of each household's weights, as a column; never 0."""
    return np.sqrt(np.bincount(household, weights * weights, minlength=size))[:, None] + 1e-3


def pair_moves(moves: Moves, pairs: PairSummaries, rows: Ints) -> tuple[Floats, Floats]:
    """`Moves.of_pairs` from all purchases and from recent ones."""
    return moves.of_pairs(pairs, rows, LONG), moves.of_pairs(pairs, rows, SHORT)


def learn_moves(pairs: PairSummaries, rows: Ints, items: int) -> Moves:
    """Learn the moves between the most bought items. `rows` is as in `taste.directions`."""
    known = (rows < items) & (pairs.household < MOST_HOUSEHOLDS)
    weights = purchase_weights(pairs)
    volume = np.bincount(rows[known], weights[known], minlength=items)
    chosen = np.sort(np.argsort(-volume, kind="stable")[:MOST_ITEMS])
    column = np.full(items + 1, -1)
    column[chosen] = np.arange(len(chosen))
    known &= column[rows] >= 0
    table = np.zeros((min(len(pairs.households.trips), MOST_HOUSEHOLDS), len(chosen)), np.float32)
    table[pairs.household[known], column[rows[known]]] = weights[known]
    table /= np.linalg.norm(table, axis=1, keepdims=True) + np.float32(1e-3)
    gram = product(table.T, table)
    gram[np.diag_indices(len(gram))] += np.float32(RIDGE)
    moves = inverse(gram)
    moves /= -moves.diagonal()[None, :]
    np.fill_diagonal(moves, 0.0)
    links = min(LINKS, len(chosen))
    strongest = _largest(np.abs(moves), links)
    targets = np.zeros((items, links), dtype=np.int64)
    strengths = np.zeros((items, links))
    targets[chosen] = chosen[strongest]
    found = np.take_along_axis(moves, strongest, axis=1)
    strengths[chosen] = round_to_unit(found, unit=MOVE_UNIT, most=MAX_MOVE)
    return Moves(targets, strengths)


def _largest(sizes: Singles, count: int) -> Ints:
    """The columns of the `count` largest numbers of each row, in rising order.

    Of equal ones the first columns. They are not sorted by size, which would take ten times longer.
    """
    if not count:
        return np.zeros((len(sizes), 0), dtype=np.int64)
    least = np.partition(sizes, -count, axis=1)[:, [-count]]
    above = sizes > least
    equal = sizes == least
    equal &= np.cumsum(equal, axis=1) <= count - above.sum(axis=1, keepdims=True)
    return np.nonzero(above | equal)[1].reshape(len(sizes), count)
