"""Finds the table of deals in a sheet by the one to three rows that name its columns."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.deals.columns import COLUMNS, REFUSED, REMARKS, column_named
from service.files.headers import plain
from service.files.package import column_letters
from service.files.workbook import Sheet

# A sheet is a table of deals when a row names at least this many known columns.
FEWEST = 3
_LOOKED_AT = 40
_HIGHEST = 3
_CLOSE = 0.84
_NAMES = tuple(plain(column.name) for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class DealTable:
    """A sheet with its columns found. `columns` are places by name.

    The header spans rows `first` to `last`. `faults` are (row, column, header, what is wrong,
    remedy); `ignored` are unknown headers; `headers` the texts by place; `hidden` those of hidden
    columns.
    """

    sheet: Sheet = field(repr=False)
    first: int
    last: int
    columns: Mapping[str, int]
    headers: Mapping[int, str]
    ignored: tuple[str, ...]
    faults: tuple[tuple[int, int, str, str, str], ...]
    hidden: tuple[str, ...] = ()


def find_table(sheet: Sheet) -> DealTable | None:
    """Find the table of a sheet; None when no row names at least `FEWEST` columns.

    A header may take several rows: `Mail window` over `from` and `to` is read as one name each, a
    merged cell belonging to all columns below it. Rows above it are skipped.
    """
    rows = [
        [(cell or "").strip() for cell in row] for row in sheet.frame.head(_LOOKED_AT).iter_rows()
    ]
    best: tuple[int, int, int] | None = None
    chosen: tuple[int, int, list[str]] | None = None
    for last in range(len(rows)):
        if last in sheet.hidden:
            continue
        for height in range(1, min(_HIGHEST, last + 1) + 1):
            names = _column_names(rows[last - height + 1 : last + 1])
            known = {column_named(name) for name in names} - {None}
            score = (len(known), -height, -last)
            if len(known) >= FEWEST and (best is None or score > best):
                best, chosen = score, (last - height + 1, last, names)
    if chosen is None:
        return None
    return _read_header(sheet, *chosen)


def count_known_columns(sheet: Sheet) -> int:
    """The most known columns that a row of a sheet names."""
    return max(
        (
            len({column_named(cell or "") for cell in row} - {None})
            for row in sheet.frame.head(_LOOKED_AT).iter_rows()
        ),
        default=0,
    )


def _column_names(band: Sequence[Sequence[str]]) -> list[str]:
    """One name per column: the lowest text if it is known, else all texts joined, else any text."""
    upper = [_spread(row) for row in band[:-1]]
    names = []
    for place, low in enumerate(band[-1]):
        above = [row[place] for row in upper]
        own = [row[place] for row in band[:-1] if row[place]]
        together = " ".join(part for part in (*above, low) if part)
        tried = (low, together, *([own[-1]] if own and not low else []))
        found = next((name for name in tried if column_named(name)), None)
        names.append(found or low or (own[-1] if own else ""))
    return names


def _spread(row: Sequence[str]) -> list[str]:
    """A row of a header with each text repeated in the empty cells after it."""
    spread: list[str] = []
    for cell in row:
        spread.append(cell or (spread[-1] if spread else ""))
    return spread


def _read_header(sheet: Sheet, first: int, last: int, names: Sequence[str]) -> DealTable:
    places: dict[str, int] = {}
    ignored: list[str] = []
    faults: list[tuple[int, int, str, str, str]] = []
    # A column with the exact name takes precedence over one with another name for it.
    exact = {column_named(name) for name in names if plain(name) in _NAMES}
    for place, name in enumerate(names):
        if not name or name.startswith(REMARKS) or place in sheet.hidden_columns:
            continue
        column = column_named(name)
        if plain(name) in REFUSED:
            faults.append((last, place, name, REFUSED[plain(name)], "remove the column"))
        elif column is None:
            close = difflib.get_close_matches(plain(name), _NAMES, n=1, cutoff=_CLOSE)
            if close:
                meant = close[0].replace(" ", "_")
                remedy = f"call it {meant}, or remove it if it is something else"
                faults.append((last, place, name, f"{name!r} is not known", remedy))
            else:
                ignored.append(name)
        elif column in exact and plain(name) != plain(column):
            ignored.append(name)
        elif column in places:
            detail = f"{name!r} and column {column_letters(places[column])} are both {column}"
            faults.append((last, place, column, detail, "keep one of them"))
        else:
            places[column] = place
    headers = {place: name for place, name in enumerate(names) if name}
    hidden = tuple(names[place] for place in sorted(sheet.hidden_columns)
                   if place < len(names) and names[place])  # fmt: skip
    return DealTable(sheet, first, last, places, headers, tuple(ignored), tuple(faults), hidden)
