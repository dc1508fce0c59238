"""Finds the tables of deals in a sheet by the one to three rows that name their columns."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from service.deals.columns import COLUMNS, LIMITS, REFUSED, REMARKS, column_named
from service.deals.header_smells import limit_meant
from service.files.headers import plain
from service.files.package import column_letters
from service.files.workbook import Sheet

# A sheet is a table of deals when a row names at least this many known columns.
FEWEST = 3
_LOOKED_AT = 40
_HIGHEST = 3
_CLOSE = 0.84
_NAMES = tuple(plain(column.name) for column in COLUMNS)
# No cell of these is without a digit, unless it is the name of the column.
_WITH_DIGITS = ("mail_from", "mail_to", "redeem_from", "redeem_to", "value", "budget")

HeaderFault = tuple[int, int, str, str, str]
"""Row, column, header, what is wrong, remedy."""

_Header = tuple[int, int, list[str]]
"""First and last row of a header, and the name of each column."""


@dataclass(frozen=True, slots=True)
class DealTable:
    """A table of a sheet with its columns found. `columns` are places by name.

    The header spans rows `first` to `last`, the deals end before `end`; `start` is the row after
    the table above. `repeats` are rows that repeat the header. `unused` are unknown headers by
    place, `headers` the texts by place; `hidden` are headers of hidden columns, `withheld` those
    of them that the form knows and that are filled in.
    """

    sheet: Sheet = field(repr=False)
    first: int
    last: int
    end: int
    columns: Mapping[str, int]
    headers: Mapping[int, str]
    unused: Mapping[int, str]
    faults: tuple[HeaderFault, ...]
    hidden: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    start: int = 0
    repeats: frozenset[int] = frozenset()

    @property
    def where(self) -> str:
        """`sheet Deals: `, and from which row if it is not the first; empty for a text's first."""
        rows = f"from row {self.first + 1}" if self.start else ""
        named = f"sheet {self.sheet.name}" if self.sheet.name else ""
        place = ", ".join(part for part in (named, rows) if part)
        return f"{place}: " if place else ""

    def names_itself(self, column: str) -> bool:
        """Whether a column has the form's own name for it, not one of its other names."""
        header = plain(self.headers.get(self.columns[column], ""))
        return header.startswith(("eligible ", "excluded ")) or header == plain(column)


def find_tables(sheet: Sheet) -> list[DealTable]:
    """Find the tables of a sheet, from the top; none when no row names `FEWEST` columns.

    A header may take several rows: `Mail window` over `from` and `to` is read as one name each, a
    merged cell belonging to all columns below it. Rows above it are skipped. A further row of
    names ends a table and begins the next, unless it only repeats the names above.
    """
    chosen = _first_header(sheet)
    if chosen is None:
        return []
    headers = [chosen]
    repeats: set[int] = set()
    for later in _later_headers(sheet, chosen):
        if _places(later[2]) == _places(headers[-1][2]):
            repeats.update(range(later[0], later[1] + 1))
        else:
            headers.append(later)
    ends = [_end_above(sheet, header[0]) for header in headers[1:]] + [sheet.frame.height]
    starts = [0, *ends[:-1]]
    return [
        _read_header(sheet, header, start=start, end=end, repeats=frozenset(repeats))
        for header, start, end in zip(headers, starts, ends, strict=True)
    ]


def count_known_columns(sheet: Sheet) -> int:
    """The most known columns that a row of a sheet names."""
    return max(
        (
            len({column_named(cell or "") for cell in row} - {None})
            for row in sheet.frame.head(_LOOKED_AT).iter_rows()
        ),
        default=0,
    )


def _first_header(sheet: Sheet) -> _Header | None:
    rows = [_stripped(row) for row in sheet.frame.head(_LOOKED_AT).iter_rows()]
    best: tuple[int, int, int] | None = None
    chosen: _Header | None = None
    for last in range(len(rows)):
        if last in sheet.hidden:
            continue
        for height in range(1, min(_HIGHEST, last + 1) + 1):
            names = _column_names(rows[last - height + 1 : last + 1])
            known = _places(names)
            score = (len(known), -height, -last)
            # A later row of as many names, or more, is a table of its own.
            if chosen and _is_deal_between(rows, chosen[1] + 1, last - height + 1):
                continue
            if len(known) >= FEWEST and (best is None or score > best):
                best, chosen = score, (last - height + 1, last, names)
    return chosen


def _is_deal_between(rows: Sequence[Sequence[str]], first: int, end: int) -> bool:
    """Whether rows between two headers hold several filled cells with digits, as deals do."""
    return any(
        sum(any(letter.isdigit() for letter in cell) for cell in row) >= FEWEST
        for row in rows[first:end]
    )


def _later_headers(sheet: Sheet, header: _Header) -> list[_Header]:
    """Rows of names below a first one: no cell of theirs has a digit where all deals have one."""
    _, last, names = header
    places = _places(names)
    looked_at = [places[name] for name in _WITH_DIGITS if name in places]
    if not looked_at:
        return []
    below = sheet.frame.slice(last + 1)
    no_digit = pl.all_horizontal(
        ~pl.col(below.columns[place]).fill_null("").str.contains(r"\d") for place in looked_at
    )
    found: list[_Header] = []
    for row in below.select(no_digit).to_series().arg_true().to_list():
        here = last + 1 + row
        texts = _stripped(sheet.frame.row(here))
        above = found[-1][1] if found else last
        tall = range(1, min(_HIGHEST, here - above) + 1) if any(texts) else ()
        bands = [
            _column_names(
                [_stripped(sheet.frame.row(at)) for at in range(here - high + 1, here + 1)]
            )
            for high in tall
        ]
        known = [len(_places(band)) for band in bands]
        if known and max(known) >= FEWEST and here not in sheet.hidden:
            high = known.index(max(known))
            found.append((here - high, here, bands[high]))
    return found


def _end_above(sheet: Sheet, header: int) -> int:
    """Where the deals above a further header end: before its titles, which fill one cell each."""
    while sum(bool(cell) for cell in _stripped(sheet.frame.row(header - 1))) <= 1:
        header -= 1
    return header


def _stripped(row: Sequence[str | None]) -> list[str]:
    return [(cell or "").strip() for cell in row]


def _places(names: Sequence[str]) -> dict[str, int]:
    """Where each known column is named first."""
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        column = column_named(name)
        if column is not None:
            found.setdefault(column, place)
    return found


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


def _read_header(
    sheet: Sheet, header: _Header, *, start: int, end: int, repeats: frozenset[int]
) -> DealTable:
    first, last, names = header
    body = sheet.frame.slice(last + 1, end - last - 1)
    places: dict[str, int] = {}
    unused: dict[int, str] = {}
    withheld: list[str] = []
    faults: list[HeaderFault] = []
    # A column with the exact name takes precedence over one with another name for it.
    exact = {column_named(name) for name in names if plain(name) in _NAMES}
    for place, name in enumerate(names):
        if not name or name.startswith(REMARKS):
            continue
        column = column_named(name)
        is_filled = _is_filled(body, place)
        is_hidden = place in sheet.hidden_columns
        is_second = column in exact and plain(name) != plain(column or "")
        fault = _refuse(name, column, is_filled=is_filled, is_hidden=is_hidden, second=is_second)
        if fault is not None:
            faults.append((last, place, name, *fault))
        elif is_hidden:
            if column is not None and is_filled:
                withheld.append(name)
        elif column is None or is_second:
            unused[place] = name
        elif column in places:
            detail = f"{name!r} and column {column_letters(places[column])} are both {column}"
            faults.append((last, place, column, detail, "keep one of them"))
        else:
            places[column] = place
    headers = {place: name for place, name in enumerate(names) if name}
    hidden = tuple(names[place] for place in sorted(sheet.hidden_columns)
                   if place < len(names) and names[place])  # fmt: skip
    return DealTable(
        sheet, first, last, end, places, headers, unused, tuple(faults), hidden, tuple(withheld),
        start, repeats,
    )  # fmt: skip


def _refuse(
    name: str, column: str | None, *, is_filled: bool, is_hidden: bool, second: bool
) -> tuple[str, str] | None:
    """What is wrong with a header, and the remedy: a limit that would be lost, above all."""
    if plain(name) in REFUSED:
        return (REFUSED[plain(name)], "remove the column") if is_filled or not is_hidden else None
    if column is None and not is_hidden:
        close = difflib.get_close_matches(plain(name), _NAMES, n=1, cutoff=_CLOSE)
        if close:
            meant = close[0].replace(" ", "_")
            return (
                f"{name!r} is not known",
                f"call it {meant}, or remove it if it is something else",
            )
    if not is_filled:
        return None
    smell = limit_meant(name) if column is None else ""
    if is_hidden and (smell or column in LIMITS):
        return f"{name!r} is hidden, and its limit would be lost", "show the column, or remove it"
    if second and column in LIMITS:
        return f"{name!r} is another column of {column}", "keep one of them"
    if smell:
        detail = f"{name!r} is not known, and a limit in it would be lost"
        return detail, f"call it {smell}, or remove it if it is something else"
    return None


def _is_filled(body: pl.DataFrame, place: int) -> bool:
    """Whether a column has a cell with something in it."""
    cells = body.to_series(place).drop_nulls()
    return bool(cells.str.strip_chars().ne("").any())
