"""The tables of a file as grids of values; every fault has its place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from service.currencies import minor_digits
from service.deals import numbers
from service.deals.coded_grid import CodedGrid, GridColumn, GridRow, Positions, encode_texts
from service.deals.columns import (
    COLUMNS,
    CellKind,
    Required,
    column_of,
    expected,
)
from service.deals.deal_table import DealTable, count_known_columns, find_table
from service.deals.readers import Reader, readers_of
from service.deals.sheets import Document
from service.engine.records import DealKind
from service.engine.texts import clean_column
from service.errors import InvalidInput, Problem
from service.files import dates
from service.files.cell import Cell
from service.files.dates import Order
from service.files.headers import plain
from service.files.notes import Note

_NUMERIC = (CellKind.MONEY, CellKind.NUMBER, CellKind.COUNT, CellKind.SHARE)
MOST_NOTES = 5
"""This many repaired cells of a column get a note each."""

MOST_IGNORED = 30
EXAMPLE = "EXAMPLE"
"""A row whose deal_id begins with this shows how to fill in the form, and is skipped."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of a table: row and column count from 0 in its sheet."""

    table: int
    row: int
    column: int | None
    column_name: str
    detail: str
    remedy: str = ""


@dataclass(slots=True)
class Form:
    """A file as it was read: one grid per table, faults, and notes on how it was read.

    Amounts of money in it have so many decimals (`digits`).
    """

    document: Document
    tables: Sequence[DealTable]
    grids: list[CodedGrid] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    digits: int = 2

    @property
    def height(self) -> int:
        """How many rows are deals."""
        return sum(grid.height for grid in self.grids)

    def note(self, text: str) -> None:
        """Note an assumption that changes nothing anybody would mind."""
        self.notes.append(Note(text))

    def ask(self, text: str) -> None:
        """Note an assumption that a person must accept before the file is loaded."""
        self.notes.append(Note(text, asks=True))

    def where(self, fault: Fault) -> str:
        """`deals.xlsx, Deals!C7, column budget`."""
        sheet = self.tables[fault.table].sheet
        place = f"{self.document.name}, {sheet.address(fault.row, fault.column or 0)}"
        if fault.column is None:
            named = f"{sheet.name}!" if sheet.name else ""
            place = f"{self.document.name}, {named}row {fault.row + 1}"
        return f"{place}, column {fault.column_name}" if fault.column_name else place

    def problem(self, fault: Fault) -> Problem:
        """The fault as users see it."""
        return Problem(self.where(fault), fault.detail, fault.remedy)


def read_form(document: Document, *, dates_when_unclear: Order, currency: str = "USD") -> Form:
    """Read every table of a file. Raises InvalidInput when no sheet has one."""
    tables = [table for sheet in document.sheets if (table := find_table(sheet)) is not None]
    if not tables:
        raise _no_table(document)
    form = Form(
        document,
        tables,
        notes=[Note(text) for text in document.notes],
        digits=minor_digits(currency),
    )
    _note_sheets(form)
    for number, table in enumerate(tables):
        _note_table(form, number, table)
    cells = [_clean_texts(table) for table in tables]
    order = dates.find_order(_texts_of_kinds(cells, (CellKind.DAY,)), otherwise=dates_when_unclear)
    if order.reason:
        detail = {Order.ASK: "day and month are not guessed"}.get(order.order, order.order.value)
        form.note(f"dates: {detail.replace('_', ' ')}; {order.reason}")
    decimals = numbers.decimals_of(
        _texts_of_kinds(cells, _NUMERIC), as_numbers=document.cells_are_numbers
    )
    decimals = replace(decimals, digits=form.digits)
    if "," in decimals.seen:
        form.note("numbers with a comma before their last digits have a decimal comma")
    for number, (table, texts) in enumerate(zip(tables, cells, strict=True)):
        _read_table(form, number, table, texts, readers=readers_of(order.order, decimals))
    form.faults.sort(key=lambda fault: (fault.table, fault.row, fault.column or 0))
    return form


def _no_table(document: Document) -> InvalidInput:
    name = document.name
    sheets = document.sheets
    if not any(sheet.frame.height for sheet in sheets):
        return InvalidInput(f"{name} is empty; a row must name the columns.")
    if max(count_known_columns(sheet) for sheet in sheets) == 0:
        detail = "no row names columns of a deal"
    else:
        detail = "no row names three columns of a deal or more"
    remedy = "begin with a row of names such as deal_id, supplier, title; see the template"
    return InvalidInput(
        f"{name} has not all the columns it needs.", [Problem(name, detail, remedy)]
    )


def _note_sheets(form: Form) -> None:
    with_table = {table.sheet.name for table in form.tables}
    for sheet in form.document.sheets:
        if sheet.name not in with_table:
            form.note(f"sheet {sheet.name} has no deals and was passed over")


def _note_table(form: Form, number: int, table: DealTable) -> None:
    sheet = table.sheet
    here = f"sheet {sheet.name}: " if sheet.name else ""
    if table.first:
        above = "row 1" if table.first == 1 else f"rows 1 to {table.first}"
        form.note(f"{here}{above} above the column names passed over")
    if table.ignored:
        more = len(table.ignored) - MOST_IGNORED
        named = [*table.ignored[:MOST_IGNORED], *([f"and {more} more"] if more > 0 else [])]
        form.note(f"{here}columns not used: {', '.join(named)}")
    if sheet.hidden_columns:
        shown = ", ".join(table.hidden) or f"{len(sheet.hidden_columns)}"
        form.note(f"{here}hidden columns were not read: {shown}")
    form.faults.extend(Fault(number, *fault) for fault in table.faults)
    partners = "kind" in table.columns
    for column in COLUMNS:
        needed = column.required is Required.ALL or (
            column.required is Required.PRODUCTS and not partners
        )
        if column.name == "funding_share_percent" and "funding_cap" in table.columns:
            needed = False
        if needed and column.name not in table.columns:
            detail, remedy = f"column {column.name} is missing", f"add it: {column.meaning}"
            form.faults.append(Fault(number, table.last, None, column.name, detail, remedy))


def _clean_texts(table: DealTable) -> dict[str, pl.Series]:
    """The cleaned texts of each known column below the header; null where a cell is empty."""
    below = table.sheet.frame.slice(table.last + 1)
    columns = []
    for name, place in table.columns.items():
        texts = below.to_series(place)
        if column_of(name).kind is CellKind.GTINS:
            # What parts GTINs stays; nothing else that is not seen does.
            texts = texts.str.replace_all(r"[\r\n\t]+", ";")
        columns.append(clean_column(texts).alias(name))
    shown = pl.all().str.replace_all(r"\s+", " ").str.strip_chars().replace("", None)
    return {series.name: series for series in pl.DataFrame(columns).select(shown).get_columns()}


def _texts_of_kinds(
    cells: Sequence[Mapping[str, pl.Series]], kinds: tuple[CellKind, ...]
) -> Iterable[str]:
    for table in cells:
        for name, texts in table.items():
            if column_of(name).kind in kinds:
                yield from texts.drop_nulls().unique(maintain_order=True)


def _read_table(
    form: Form,
    number: int,
    table: DealTable,
    cells: Mapping[str, pl.Series],
    *,
    readers: Mapping[CellKind, Reader],
) -> None:
    first = table.last + 1
    places = np.array(_deal_rows(form, table, cells), np.int64)
    grid = CodedGrid(number, first + places, {}, np.ones(len(places), np.bool_))
    bad: dict[int, set[str]] = {}
    for name, texts in cells.items():
        column = column_of(name)
        seen, codes = encode_texts(texts.gather(places))
        read = readers[column.kind]
        found = [read(column, text) for text in seen]
        _note_cells(form, grid, name, found, codes)
        is_wrong = np.array([*[bool(cell.detail) for cell in found], False])[codes]
        grid.columns[name] = GridColumn(
            [cell.value for cell in found], np.where(is_wrong, -1, codes)
        )
        for position in np.flatnonzero(is_wrong).tolist():
            bad.setdefault(position, set()).add(name)
            cell, row, place = found[codes[position]], int(grid.rows[position]), table.columns[name]
            form.faults.append(Fault(number, row, place, name, cell.detail, cell.remedy))
    _report_broken_cells(form, table, grid, bad)
    grid.faultless[list(bad)] = False
    for position in np.flatnonzero(_rows_lacking(grid)).tolist():
        grid.faultless[position] = False
        form.faults.extend(_missing_cells(table, grid.row(position), bad.get(position, ())))
    form.grids.append(grid)


def _note_cells(
    form: Form, grid: CodedGrid, name: str, found: Sequence[Cell], codes: Positions
) -> None:
    """Note the first repaired cells of a column, and how many more there are."""
    noted = [code for code, cell in enumerate(found) if cell.note]
    table = form.tables[grid.table]
    for code in noted[:MOST_NOTES]:
        row = int(grid.rows[np.argmax(codes == code)])
        address = table.sheet.address(row, table.columns[name])
        form.note(f"{address}: {found[code].note}")
    if len(noted) > MOST_NOTES:
        form.note(f"column {name}: {len(noted) - MOST_NOTES} more cells like these")


def _deal_rows(form: Form, table: DealTable, cells: Mapping[str, pl.Series]) -> list[int]:
    """The rows below the header that are deals: not empty, not hidden, not the header repeated."""
    first = table.last + 1
    filled = pl.select(pl.any_horizontal(texts.is_not_null() for texts in cells.values()))
    places = filled.to_series().arg_true().to_list()
    here = f"sheet {table.sheet.name}: " if table.sheet.name else ""
    if not places:
        form.note(f"{here}there are no deals below the names of the columns")
    hidden = [row for row in places if first + row in table.sheet.hidden]
    if hidden:
        shown = ", ".join(str(first + row + 1) for row in hidden[:10])
        more = f" and {len(hidden) - 10} more" if len(hidden) > 10 else ""
        form.note(f"{here}hidden rows were not read: {shown}{more}")
        places = [row for row in places if first + row not in table.sheet.hidden]
    if "deal_id" in cells:
        ids = cells["deal_id"].to_list()
        again = plain(table.headers[table.columns["deal_id"]])
        places = [row for row in places if ids[row] is None or plain(ids[row]) != again]
        own = [row for row in places if not (ids[row] or "").upper().startswith(EXAMPLE)]
        if len(own) < len(places):
            count = len(places) - len(own)
            form.note(f"{here}{count} rows called {EXAMPLE} ... were passed over")
        places = own
    return places


def _rows_lacking(grid: CodedGrid) -> Any:
    """Which rows lack a cell that must be filled in, as far as their kind is known."""
    products = np.ones(grid.height, np.bool_)
    if "kind" in grid.columns:
        products = ~grid.columns["kind"].matches(lambda kind: kind == DealKind.PARTNER)
    capped = grid.filled("funding_cap")
    lacking = np.zeros(grid.height, np.bool_)
    for column in COLUMNS:
        if column.required is Required.NONE:
            continue
        empty = ~grid.filled(column.name)
        if column.required is Required.PRODUCTS:
            empty &= products
        if column.name == "funding_share_percent":
            empty &= ~capped
        lacking |= empty
    return lacking


def _required(values: Mapping[str, Any]) -> Mapping[str, None]:
    """The columns that a row must have filled in, judged by the kind of deal where it is known."""
    return _required_columns(values.get("kind") == DealKind.PARTNER, "funding_cap" in values)


@lru_cache
def _required_columns(is_partner: bool, has_cap: bool) -> Mapping[str, None]:
    required = [
        column.name
        for column in COLUMNS
        if column.required is Required.ALL
        or (column.required is Required.PRODUCTS and not is_partner)
    ]
    return {name: None for name in required if not (has_cap and name == "funding_share_percent")}


def _missing_cells(table: DealTable, row: GridRow, bad: Collection[str]) -> list[Fault]:
    """Faults of cells that must be filled in; a row with a single cell gets one fault."""
    values = row.values
    if len(values) == 1 and not bad and len(table.columns) > 2:
        (name,) = values
        detail = f"the row has only its {name}"
        remedy = "remove the row, or fill it in"
        return [Fault(row.table, row.row, table.columns[name], name, detail, remedy)]
    faults: list[Fault] = []
    for name in _required(values):
        if name in table.columns and name not in values and name not in bad:
            remedy = f"give {expected(column_of(name))}"
            place = table.columns[name]
            faults.append(Fault(row.table, row.row, place, name, "is empty", remedy))
    return faults


def _report_broken_cells(
    form: Form, table: DealTable, grid: CodedGrid, bad: dict[int, set[str]]
) -> None:
    """Report cells that hold an error, or that lie beyond the last column."""
    width = max(table.headers, default=0) + 1
    beyond = range(width, table.sheet.frame.width)
    if form.document.cells_are_numbers:
        beyond = range(0)
    if not table.sheet.broken and not beyond:
        return
    named = {place: name for name, place in table.columns.items()}
    positions = {row: position for position, row in enumerate(grid.rows.tolist())}
    for row, column in sorted(table.sheet.broken):
        if row in positions and column in named:
            detail, remedy = "is an error of the spreadsheet, such as #REF!", "mend its formula"
            if (row, column) in table.sheet.uncalculated:
                detail = "is a formula whose value is not in the file"
                remedy = "open it in a spreadsheet program and save it"
            form.faults.append(Fault(grid.table, row, column, named[column], detail, remedy))
            bad.setdefault(positions[row], set()).add(named[column])
    for place in beyond:
        cells = table.sheet.frame.to_series(place)
        for row in cells.fill_null("").str.strip_chars().ne("").arg_true().to_list():
            if row in positions:
                detail = "is beyond the last column"
                remedy = "put quotes round a cell that has the separator in it"
                form.faults.append(Fault(grid.table, row, place, "", detail, remedy))
                bad.setdefault(positions[row], set())
