"""What is asked of the rows of a grid: once for each kind of row, and told of all of that kind."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from service.deals.form import Fault, Form
from service.deals.goods import Tell
from service.deals.grid import Grid, Kinds, Spots

Question: TypeAlias = tuple[dict[str, Any], Tell, int]
"""What stands in the columns asked for, what to tell faults by, and the first such row's place."""


class Asked:
    """Takes the faults of a grid's rows to its form; `bad` are the rows that have any."""

    def __init__(self, form: Form, grid: Grid) -> None:
        self._form = form
        self._grid = grid
        self._columns = form.tables[grid.table].columns
        self.bad = ~grid.whole

    def teller(self, spots: Spots) -> Tell:
        """Tells a fault of some rows."""
        return partial(self._tell, lambda: spots)

    def kinds(
        self, spots: Spots, names: Sequence[str], more: Spots | None = None
    ) -> tuple[list[Question], Spots]:
        """The kinds of some rows by columns (and `more`, a number a row), and each row's kind."""
        kinds = self._grid.kinds(spots, names, more)
        rows = _Members(kinds, spots)
        found: list[Question] = [
            (
                self._grid.values(int(spots[place]), names),
                partial(self._tell, partial(rows.of, number)),
                place,
            )
            for number, place in enumerate(kinds.first.tolist())
        ]
        return found, kinds.of

    def _tell(self, whose: Any, column: str, detail: str, remedy: str) -> None:
        spots = whose()
        self.bad[spots] = True
        place = self._columns.get(column)
        self._form.faults.extend(
            Fault(self._grid.table, row, place, column, detail, remedy)
            for row in self._grid.rows[spots].tolist()
        )


class _Members:
    """The rows of each kind, looked for when the first is asked for."""

    def __init__(self, kinds: Kinds, spots: Spots) -> None:
        self._kinds = kinds
        self._spots = spots
        self._found: Sequence[Spots] | None = None

    def of(self, number: int) -> Spots:
        if self._found is None:
            self._found = self._kinds.members()
        return self._spots[np.asarray(self._found[number])]
