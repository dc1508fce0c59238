"""Sums, squares and cross products of households' outcomes: all that an estimate needs.

Sums of any two groups add up, so that a report for a cell, a region or a year needs no household
and no basket again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Sums over groups of households.

    `count` is how many households each of G groups has, (G,); `total` the sum of each of K
    variables, (G, K); `product` the sum of each pair's products, (G, K, K), symmetric.
    """

    count: Floats
    total: Floats
    product: Floats

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.count)

    @property
    def mean(self) -> Floats:
        """The mean of each variable in each group, (G, K); 0 in a group without households."""
        return self.total / np.maximum(self.count, 1)[:, None]

    @property
    def scatter(self) -> Floats:
        """The sums of products of deviations from the group's means, (G, K, K)."""
        return self.product - self.total[:, :, None] * self.mean[:, None, :]

    def at(self, groups: ArrayLike) -> "Moments":
        """Some of the groups, in the order of the indices or by a mask."""
        index = np.asarray(groups)
        return Moments(self.count[index], self.total[index], self.product[index])

    def of(self, variables: Sequence[int]) -> "Moments":
        """Some of the variables."""
        index = np.asarray(variables, dtype=int)
        return Moments(
            self.count, self.total[:, index], self.product[:, index[:, None], index[None, :]]
        )

    def mixed(self, mix: ArrayLike) -> "Moments":
        """The sums of linear combinations: a row of `mix`, (J, K), for each new variable."""
        weights = np.asarray(mix, dtype=np.float64)
        product = weights @ self.product @ weights.T
        return Moments(self.count, self.total @ weights.T, product)

    def merged(self, into: ArrayLike, groups: int) -> "Moments":
        """The sums by other groups: group `i` is added to `into[i]` of `groups`."""
        index = np.asarray(into, dtype=int)
        size = self.total.shape[1]
        count, total = np.zeros(groups), np.zeros((groups, size))
        product = np.zeros((groups, size, size))
        np.add.at(count, index, self.count)
        np.add.at(total, index, self.total)
        np.add.at(product, index, self.product)
        return Moments(count, total, product)


def moments(values: ArrayLike, group: ArrayLike, groups: int) -> Moments:
    """The sums of households' values.

    `values` has a row per household and a column per variable, (N, K); `group` the group of each
    household, (N,), from 0 to `groups` - 1. Raises ValueError when they differ in length.
    """
    table = np.asarray(values, dtype=np.float64)
    of = np.asarray(group, dtype=np.int64)
    if table.ndim != 2 or len(table) != len(of):
        raise ValueError("every row of values needs its group")
    size = table.shape[1]
    count = np.bincount(of, minlength=groups).astype(np.float64)
    total = np.empty((groups, size))
    product = np.empty((groups, size, size))
    for k in range(size):
        total[:, k] = np.bincount(of, table[:, k], minlength=groups)
        for j in range(k + 1):
            product[:, k, j] = product[:, j, k] = np.bincount(
                of, table[:, k] * table[:, j], minlength=groups
            )
    return Moments(count, total, product)
