"""Rows that may not be meant as deals: struck through, greyed out, commented, or called cancelled.

Nobody is told in the file whether such a row counts, so a person is asked.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from service.deals.coded_grid import CodedGrid, GridColumn, Positions
from service.deals.deal_table import DealTable
from service.deals.form import MOST_NOTES, Form
from service.deals.status_words import is_status, is_status_header, says_off
from service.files.marked_rows import marked_rows

_TITLED_OFF = re.compile(
    r"(?i)^\W*(?:cancell?ed|storniert|annul[eé]e?|cancelad[oa]|on hold|void)\b"
)


def ask_about_rows(
    form: Form, table: DealTable, grid: CodedGrid, parts: Mapping[int, Sequence[int]]
) -> None:
    """Ask about the rows of a table that may not count. `parts` are the rows of joined deals, by
    the first of them, counted from the header."""
    if parts:
        _note_joined(form, table, grid, parts)
    _move_states(form, table, grid)
    first = table.last + 1
    rows = {int(row): int(row) for row in grid.rows}
    for start, others in parts.items():
        rows |= dict.fromkeys((first + each for each in others), first + start)
    for marked, text in marked_rows(table.sheet, rows):
        _ask(form, grid, {rows[row] for row in marked}, text)
    for (row, column), comment in sorted(table.sheet.marks.comments.items()):
        if row in rows:
            address = table.sheet.address(row, column)
            form.ask(f"{address}: the cell has a comment: {comment[:200]!r}")
    for place, header in table.unused.items():
        as_status = is_status_header(header)
        found = _said(table, place, rows, partial(says_off, as_status=as_status))
        _ask_by_text(form, grid, found, header)
    if "title" in grid.columns:
        off = grid.columns["title"].matches(
            lambda title: title is not None and _TITLED_OFF.match(title) is not None
        )
        _ask(form, grid, set(grid.rows[off].tolist()), "with a title that says it is off")


def _said(
    table: DealTable, place: int, rows: Mapping[int, int], wanted: Callable[..., bool]
) -> dict[str, set[int]]:
    """The wanted texts of an unused column, and the deals' rows where they are."""
    first = table.last + 1
    cells = table.sheet.frame.to_series(place).slice(first, table.end - first)
    texts = [text for text in cells.drop_nulls().unique(maintain_order=True) if wanted(text)]
    found: dict[str, set[int]] = {}
    if texts:
        for at in cells.is_in(texts).fill_null(False).arg_true().to_list():
            if first + at in rows:
                found.setdefault(cells[at].strip(), set()).add(rows[first + at])
    return found


def _ask_by_text(form: Form, grid: CodedGrid, found: Mapping[str, set[int]], header: str) -> None:
    for text, at in list(found.items())[:MOST_NOTES]:
        _ask(form, grid, at, f"with {header} {text[:40]!r}")
    more = set().union(*list(found.values())[MOST_NOTES:])
    _ask(form, grid, more, f"with a {header} like these")


def _ask(form: Form, grid: CodedGrid, rows: set[int], text: str) -> None:
    """Ask whether rows are meant that are `text`."""
    if not rows:
        return
    positions = np.flatnonzero(np.isin(grid.rows, sorted(rows)))
    form.ask_of(name_deals(grid, positions), f"{text}, and read all the same")


def name_deals(grid: CodedGrid, positions: Positions) -> list[str]:
    """What the deals in some rows are called; by the row where one has no name."""
    ids = grid.columns.get("deal_id")
    return [
        str(ids.values[ids.codes[each]])
        if ids is not None and ids.codes[each] >= 0
        else f"row {int(grid.rows[each]) + 1}"
        for each in positions.tolist()
    ]


def _note_joined(
    form: Form, table: DealTable, grid: CodedGrid, parts: Mapping[int, Sequence[int]]
) -> None:
    first = table.last + 1
    starts = {first + start: len(rows) for start, rows in parts.items()}
    positions = np.flatnonzero(np.isin(grid.rows, sorted(starts)))
    named = [
        f"{name} ({starts[int(grid.rows[position])]} rows)"
        for name, position in zip(name_deals(grid, positions), positions.tolist(), strict=True)
    ]
    form.note_of(named, "rows that differ only in their products are one deal")


def _move_states(form: Form, table: DealTable, grid: CodedGrid) -> None:
    """Take a column called state for that of a status where all it says is one."""
    name = "target_regions"
    if name not in grid.columns or table.names_itself(name) or not grid.height:
        return
    cells = grid.columns[name]
    said = {text for names in cells.values for text in names or ()}
    header = table.headers[table.columns[name]]
    if not said or not all(map(is_status, said)):
        return
    form.note(f"{table.where}{header} is read as a status, not as regions")
    grid.columns[name] = GridColumn(cells.values, np.full(grid.height, -1, np.int64))
    for text in sorted(said):
        if says_off(text, as_status=True):
            at = cells.matches(partial(_names, text))
            _ask(form, grid, set(grid.rows[at].tolist()), f"with {header} {text!r}")


def _names(text: str, names: Sequence[str] | None) -> bool:
    return text in (names or ())
