"""Groups the rows of a grid for checks that run once per group, and reports faults per row."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from service.deals.coded_grid import CodedGrid, Positions, RowKinds
from service.deals.form import Fault, Form
from service.deals.product_sets import ReportFault

AlikeRows: TypeAlias = tuple[dict[str, Any], ReportFault, int]
"""For one group of alike rows: their values by column, how to report their faults, and the place of
the first of them among the positions given."""


class RowFaults:
    """Adds the faults of a grid's rows to its form; `faulty` marks the rows that have any."""

    def __init__(self, form: Form, grid: CodedGrid) -> None:
        self._form = form
        self._grid = grid
        self._columns = form.tables[grid.table].columns
        self.faulty = ~grid.faultless

    def reporter(self, positions: Positions) -> ReportFault:
        """A function that reports a fault for some rows."""
        return partial(self._report, lambda: positions)

    def group_rows(
        self, positions: Positions, names: Sequence[str], more: Positions | None = None
    ) -> tuple[list[AlikeRows], Positions]:
        """Rows grouped by columns (and `more`, a number per row), and the group of each row."""
        kinds = self._grid.group_rows(positions, names, more)
        rows = _Members(kinds, positions)
        found: list[AlikeRows] = [
            (
                self._grid.values(int(positions[place]), names),
                partial(self._report, partial(rows.of, number)),
                place,
            )
            for number, place in enumerate(kinds.first.tolist())
        ]
        return found, kinds.of

    def _report(self, find_positions: Any, column: str, detail: str, remedy: str) -> None:
        positions = find_positions()
        self.faulty[positions] = True
        place = self._columns.get(column)
        self._form.faults.extend(
            Fault(self._grid.table, row, place, column, detail, remedy)
            for row in self._grid.rows[positions].tolist()
        )


class _Members:
    """The rows of each group, computed on first use."""

    def __init__(self, kinds: RowKinds, positions: Positions) -> None:
        self._kinds = kinds
        self._positions = positions
        self._found: Sequence[Positions] | None = None

    def of(self, number: int) -> Positions:
        if self._found is None:
            self._found = self._kinds.members()
        return self._positions[np.asarray(self._found[number])]
