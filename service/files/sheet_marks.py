"""Asks about rows and columns of a sheet that a person may not have meant to be read."""

from collections.abc import Mapping, Sequence

from service.files.marked_rows import marked_rows
from service.files.notes import Note, shown_rows
from service.files.workbook import Sheet

_MOST_COMMENTS = 5
_SHOWN = 10


def ask_about_marks(
    sheet: Sheet, numbers: Sequence[int], places: Mapping[str, int]
) -> tuple[Note, ...]:
    """The notes on rows and columns that are hidden, struck through, greyed out or commented.

    They are read all the same. `numbers` are the rows that are read, counted from 1, and `places`
    the columns.
    """
    rows = {number - 1 for number in numbers}
    texts = []
    hidden = sheet.hidden & rows
    if hidden:
        by_filter = " by a filter" if sheet.is_filtered else ""
        texts.append(f"{_named(hidden)}: hidden{by_filter}, and read all the same")
    columns = [name for name, place in places.items() if place in sheet.hidden_columns]
    if columns:
        texts.append(f"hidden columns are read as well: {', '.join(columns)}")
    texts += [
        f"{_named(found)}: {text}, and read all the same"
        for found, text in marked_rows(sheet, rows)
    ]
    comments = sorted(each for each in sheet.marks.comments.items() if each[0][0] in rows)
    texts += [
        f"{sheet.address(*place)}: the cell has a comment: {comment[:200]!r}"
        for place, comment in comments[:_MOST_COMMENTS]
    ]
    if len(comments) > _MOST_COMMENTS:
        texts.append(f"{len(comments) - _MOST_COMMENTS:,} more cells have comments")
    return tuple(Note(text, asks=True) for text in texts)


def _named(rows: set[int] | frozenset[int]) -> str:
    return shown_rows(sorted(row + 1 for row in rows), most=_SHOWN)
