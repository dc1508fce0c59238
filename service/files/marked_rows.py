"""Rows of a sheet that may not be meant: struck through, greyed out, on a ground of their own."""

from collections.abc import Collection, Iterator

from service.files.cell_marks import Place
from service.files.workbook import Sheet

# Grey rows beside which there are not twice as many others are only striped.
_STRIPED = 3


def marked_rows(sheet: Sheet, rows: Collection[int]) -> Iterator[tuple[set[int], str]]:
    """Those of the rows, counted from 0, that are marked as if they did not count, and how.

    A row counts as struck through with any such cell, and as grey or coloured with half of those
    that are filled; so many coloured rows that they are a pattern are none, but one of several is.
    """
    marks = sheet.marks
    coloured = _mostly(sheet, marks.coloured, rows)
    if _STRIPED * len(coloured) > len(rows) and not len(coloured) == 1 < len(rows):
        coloured = set()
    for found, text in (
        ({row for row, _ in marks.struck if row in rows}, "struck through"),
        (_mostly(sheet, marks.grey, rows), "written in grey"),
        (coloured, "on a grey or red ground"),
    ):
        if found:
            yield found, text


def _mostly(sheet: Sheet, places: Collection[Place], rows: Collection[int]) -> set[int]:
    """The rows of which at least half of the filled cells are among the places."""
    by_row: dict[int, int] = {}
    for row, column in places:
        if row in rows and column < sheet.frame.width:
            by_row[row] = by_row.get(row, 0) + (sheet.frame.item(row, column) is not None)
    return {
        row
        for row, count in by_row.items()
        if 2 * count >= sum(cell is not None for cell in sheet.frame.row(row))
    }
