"""How offers are arranged in rows without holes, and how high the rows are."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from service.engine.render.elements import GridRows, LayoutCell, OfferGrid
from service.engine.render.parts import MM

_STEP_PT = 8.0
"""Rows that stretch do so in steps, because each step is a cell of its own to be set."""
_SLACK = 0.01


class GridRow(NamedTuple):
    """A row of a grid with so many offers."""

    rows: GridRows
    offers: int

    @property
    def cell(self) -> LayoutCell:
        """The cell of its offers."""
        return self.rows.cells[self.offers - 1]


class PlacedRow(NamedTuple):
    """The height of a row, the space above it, and what its cells gain, in points."""

    height: float
    above: float
    gain: float


@lru_cache(maxsize=1024)
def arrangements(grid: OfferGrid, count: int) -> tuple[tuple[GridRow, ...], ...]:
    """Ways to arrange so many offers, the best first."""
    return tuple(_arrangements(grid, count))


def _arrangements(grid: OfferGrid, count: int) -> Iterator[tuple[GridRow, ...]]:
    lead = grid.lead
    if lead is not None:
        first = _lead_counts(count, lead.columns)
        led = tuple(GridRow(lead, number) for number in first)
        for rows in (grid.rest, grid.dense):
            if rows is not None:
                yield (*led, *_even_rows(rows, count - sum(first)))
    else:
        yield _even_rows(grid.rest, count)
    if grid.dense is not None:
        yield _even_rows(grid.dense, count)


@lru_cache(maxsize=1024)
def batches(arrangement: tuple[GridRow, ...]) -> tuple[tuple[LayoutCell, Sequence[int], int], ...]:
    """The cells of an arrangement, each with the numbers of offers of its consecutive rows, and
    how many these are together."""
    made: list[tuple[LayoutCell, list[int]]] = []
    for row in arrangement:
        if not made or made[-1][0] is not row.cell:
            made.append((row.cell, []))
        made[-1][1].append(row.offers)
    return tuple((cell, counts, sum(counts)) for cell, counts in made)


@lru_cache(maxsize=4096)
def natural_height(arrangement: tuple[GridRow, ...], heights: tuple[float, ...]) -> float:
    """How high rows of these heights are together, with the gaps between them, in points."""
    return sum(heights) + sum(_gaps(arrangement))


def _gaps(arrangement: Sequence[GridRow]) -> Sequence[float]:
    """The space above each row in points: the wider one where kinds of rows meet."""
    own = [row.rows.row_gap * MM for row in arrangement]
    return [0.0, *(max(pair) for pair in pairwise(own))][: len(own)]


def lead_count(grid: OfferGrid, arrangement: Sequence[GridRow]) -> int:
    """How many offers lead."""
    return sum(row.offers for row in arrangement if row.rows is grid.lead)


@lru_cache(maxsize=4096)
def place_rows(
    arrangement: tuple[GridRow, ...], heights: tuple[float, ...], *, room: float
) -> tuple[PlacedRow, ...] | None:
    """Place rows of these heights in points, growing into `room`; None if they do not fit.

    Rows of fixed cells grow first; then those that stretch, by whole steps.
    """
    gaps = _gaps(arrangement)
    spare = room - sum(heights) - sum(gaps)
    if spare < -_SLACK:
        return None
    grown = [*heights]
    for stretches in (False, True):
        places = [n for n, row in enumerate(arrangement) if row.cell.stretches is stretches]
        wanted = {n: max(0.0, arrangement[n].rows.row_max * MM - heights[n]) for n in places}
        share = min(1.0, spare / sum(wanted.values())) if any(wanted.values()) else 0.0
        for n, most in wanted.items():
            gain = max(0.0, most * share)
            if stretches:
                gain = int(gain / _STEP_PT) * _STEP_PT
            grown[n] += gain
            spare -= gain
    return tuple(
        PlacedRow(round(high, 1), gap, high - least if row.cell.stretches else 0.0)
        for row, high, gap, least in zip(arrangement, grown, gaps, heights, strict=True)
    )


def _lead_counts(count: int, columns: int) -> Sequence[int]:
    """The strongest offers in one row; one more than fits makes two even rows."""
    if count == 0:
        return []
    return _even(count, columns) if count <= columns + 1 else [columns]


def _even_rows(rows: GridRows, count: int) -> tuple[GridRow, ...]:
    return tuple(GridRow(rows, number) for number in _even(count, rows.columns))


def _even(count: int, columns: int) -> Sequence[int]:
    """So many in rows of at most `columns`, as even as can be, the fuller rows first."""
    rows = -(-count // columns)
    if not rows:
        return []
    least, more = divmod(count, rows)
    return [least + 1] * more + [least] * (rows - more)
