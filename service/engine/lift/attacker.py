"""What somebody finds out of sums of cells: the least and the most that each can be.

Cells are never negative. Two linear programs give the bounds of a sum (Fischetti and Salazar 2001
audit tables so); one model serves all of them, each solved from where the last one ended. Every
solution is a table that agrees with all that is known, so that it bounds all other sums too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

_MOST = 1e7
"""No cell has more households; a sum that may have as many has no bound."""
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Known:
    """What an attacker knows: that a sum of cells, less that of others, is between two values."""

    cells: frozenset[str]
    low: float
    high: float
    less: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a sum of cells can be."""

    low: float
    high: float


class Attacker:
    """Somebody who knows some sums, and is after the targets: sums that were not told.

    Raises ValueError when the knowledge contradicts itself.
    """

    def __init__(self, knowledge: Sequence[Known], targets: Sequence[frozenset[str]]) -> None:
        cells = sorted(frozenset().union(*targets, *(each.cells | each.less for each in knowledge)))
        place = {cell: n for n, cell in enumerate(cells)}
        self._sums = _matrix([(place, each.cells, each.less) for each in knowledge], len(cells))
        self._aims = _matrix([(place, each, frozenset()) for each in targets], len(cells))
        self._least = np.full(len(targets), inf)
        self._most = np.full(len(targets), -inf)
        self._model = _model(self._sums, knowledge)
        self._binding: set[int] = set()

    def bounds(self, target: int) -> Bounds:
        """The bounds of a target."""
        aim = self._aims[target].toarray()[0]
        self._binding = set()
        least = self._solve(aim)
        most = -self._solve(-aim)
        return Bounds(least, inf if most > _MOST / 2 else most)

    def seen(self, target: int) -> Bounds:
        """Between which values a target was in the tables found so far; its bounds are wider."""
        return Bounds(float(self._least[target]), float(self._most[target]))

    def binding(self) -> Iterator[int]:
        """The places in the knowledge of what the last bounds rest on, in order."""
        yield from sorted(self._binding)

    def forget(self, place: int) -> None:
        """Know one thing less."""
        self._model.changeRowBounds(place, -highspy.kHighsInf, highspy.kHighsInf)

    def _solve(self, cost: NDArray[np.float64]) -> float:
        columns = np.arange(len(cost), dtype=np.int32)
        self._model.changeColsCost(len(cost), columns, cost)
        self._model.run()
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ValueError("what is known contradicts itself")
        solution = self._model.getSolution()
        duals = np.array(solution.row_dual)
        self._binding |= set(np.flatnonzero(np.abs(duals) > _ZERO).tolist())
        values = np.array(solution.col_value)
        found = self._aims @ values
        self._least = np.minimum(self._least, found)
        self._most = np.maximum(self._most, found)
        return float(cost @ values)


def _matrix(
    rows: Sequence[tuple[dict[str, int], frozenset[str], frozenset[str]]], width: int
) -> csr_matrix:
    """A row a sum, a column a cell: 1 where it is added, -1 where it is taken off."""
    starts, columns, values = [0], list[int](), list[float]()
    for place, cells, less in rows:
        columns += [place[cell] for cell in sorted(cells)] + [place[cell] for cell in sorted(less)]
        values += [1.0] * len(cells) + [-1.0] * len(less)
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(rows), width))


def _model(sums: csr_matrix, knowledge: Sequence[Known]) -> highspy.Highs:
    rows, width = sums.shape
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = width, rows
    program.col_cost_ = np.zeros(width)
    program.col_lower_, program.col_upper_ = np.zeros(width), np.full(width, _MOST)
    program.row_lower_ = np.array([each.low for each in knowledge])
    program.row_upper_ = np.array([each.high for each in knowledge])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = sums.indptr.astype(np.int32)
    program.a_matrix_.index_ = sums.indices.astype(np.int32)
    program.a_matrix_.value_ = sums.data.astype(np.float64)
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("presolve", "off")
    model.passModel(program)
    return model
