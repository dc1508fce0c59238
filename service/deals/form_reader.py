"""Reads the tables of a file as grids of values; every fault has its place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from service.currencies import minor_digits
from service.deals import numbers
from service.deals.coded_grid import CodedGrid, GridColumn, GridRow, Positions, encode_texts
from service.deals.columns import COLUMNS, CellKind, Required, column_of, expected
from service.deals.deal_table import DealTable, count_known_columns, find_tables
from service.deals.described import describing_columns, set_descriptions_apart
from service.deals.form import EXAMPLE, MOST_NOTES, Fault, Form, name_some
from service.deals.joined_rows import join_rows
from service.deals.leftover_sheets import ask_about_other_years, note_sheets
from service.deals.plausible_cells import ask_about_cells
from service.deals.readers import Reader, readers_of
from service.deals.row_status import ask_about_rows
from service.deals.sheets import Document
from service.deals.total_rows import find_totals
from service.engine.records import DealKind
from service.engine.texts import clean_column
from service.errors import InvalidInput, Problem
from service.files import dates
from service.files.cell import Cell
from service.files.dates import Order
from service.files.notes import Note

_NUMERIC = (CellKind.MONEY, CellKind.NUMBER, CellKind.COUNT, CellKind.SHARE)
MOST_IGNORED = 30


def read_form(
    document: Document, *, dates_when_unclear: Order, currency: str, supplier: str = ""
) -> Form:
    """Read every table of a file. Raises InvalidInput when no sheet has one.

    Amounts with the sign of another currency than `currency` are faults. Where no supplier is
    written it is `supplier`, if that is not empty.
    """
    found = {sheet.name: find_tables(sheet) for sheet in document.sheets}
    tables = [
        table for sheet in document.sheets if not sheet.is_hidden for table in found[sheet.name]
    ]
    if not tables:
        raise _no_table(document)
    form = Form(
        document,
        tables,
        notes=[Note(text) for text in document.notes],
        digits=minor_digits(currency),
        supplier=supplier,
    )
    note_sheets(form, found)
    for number, table in enumerate(tables):
        _note_table(form, number, table)
    cells = [_clean_texts(table) for table in tables]
    days = list(_texts_of_kinds(tables, cells, (CellKind.DAY,)))
    order = dates.find_order(days, otherwise=dates_when_unclear)
    if order.reason:
        detail = {Order.ASK: "day and month are not guessed"}.get(order.order, order.order.value)
        form.note(f"dates: {detail.replace('_', ' ')}; {order.reason}")
        _ask_about_swapped_days(form, cells, order.reason)
    decimals = numbers.decimals_of(_texts_of_kinds(tables, cells, _NUMERIC), currency=currency)
    if "," in decimals.seen:
        form.note("numbers with a comma before their last digits have a decimal comma")
    for number, (table, texts) in enumerate(zip(tables, cells, strict=True)):
        readers = readers_of(order.order, decimals, first_day=table.sheet.first_day)
        _read_table(form, number, table, texts, readers=readers, decimals=decimals)
    ask_about_other_years(form)
    form.faults.sort(key=lambda fault: (fault.table, fault.row, fault.column or 0))
    return form


def _no_table(document: Document) -> InvalidInput:
    name = document.name
    sheets = document.sheets
    if not any(sheet.frame.height for sheet in sheets):
        return InvalidInput("%(name)s is empty; a row must name the columns.", name=name)
    if max(count_known_columns(sheet) for sheet in sheets) == 0:
        detail = "no row names columns of a deal"
    else:
        detail = "no row names three columns of a deal or more"
    remedy = "begin with a row of names such as deal_id, supplier, title; see the template"
    return InvalidInput(
        "%(name)s has not all the columns it needs.", [Problem(name, detail, remedy)], name=name
    )


def _note_table(form: Form, number: int, table: DealTable) -> None:
    sheet = table.sheet
    here = table.where
    if table.start:
        form.note(f"{here}another row of column names begins a table of its own")
    elif table.first:
        above = "row 1" if table.first == 1 else f"rows 1 to {table.first}"
        form.note(f"{here}{above} above the column names passed over")
    if table.unused:
        unused = list(table.unused.values())
        more = len(unused) - MOST_IGNORED
        named = [*unused[:MOST_IGNORED], *([f"and {more} more"] if more > 0 else [])]
        form.note(f"{here}columns not used: {', '.join(named)}")
    if sheet.hidden_columns:
        shown = ", ".join(table.hidden) or f"{len(sheet.hidden_columns)}"
        tell = form.ask if table.withheld else form.note
        tell(f"{here}hidden columns were not read: {shown}")
    form.faults.extend(Fault(number, *fault) for fault in table.faults)
    partners = "kind" in table.columns
    for column in COLUMNS:
        needed = column.required is Required.ALL or (
            column.required is Required.PRODUCTS and not partners
        )
        if column.name == "funding_share_percent" and "funding_cap" in table.columns:
            needed = False
        if column.name == "supplier" and form.supplier:
            needed = False
        if needed and column.name not in table.columns:
            detail, remedy = f"column {column.name} is missing", f"add it: {column.meaning}"
            form.faults.append(Fault(number, table.last, None, column.name, detail, remedy))


def _clean_texts(table: DealTable) -> dict[str, pl.Series]:
    """The cleaned texts of each known column below the header; null where a cell is empty."""
    height = table.end - table.last - 1
    below = table.sheet.frame.slice(table.last + 1, height)
    columns = []
    for name, place in table.columns.items():
        texts = below.to_series(place)
        if column_of(name).kind is CellKind.GTINS:
            # What parts GTINs stays; nothing else that is not seen does.
            texts = texts.str.replace_all(r"[\r\n\t]+", ";")
        columns.append(clean_column(texts).alias(name))
    shown = pl.all().str.replace_all(r"\s+", " ").str.strip_chars().replace("", None)
    cleaned = {each.name: each for each in pl.DataFrame(columns).select(shown).get_columns()}
    return {name: _as_shown(table, name, texts) for name, texts in cleaned.items()}


def _typed(table: DealTable, name: str) -> pl.Series | None:
    """Which cells of a column hold a number or a date; None where all are text."""
    if table.sheet.typed is None:
        return None
    typed = table.sheet.typed.to_series(table.columns[name])
    return typed.slice(table.last + 1, table.end - table.last - 1).fill_null(False)


def _as_shown(table: DealTable, name: str, texts: pl.Series) -> pl.Series:
    """Numbers of cells with the currency they are shown in, and so that a point is decimal."""
    typed = _typed(table, name)
    if typed is None or column_of(name).kind not in _NUMERIC:
        return texts
    # A zero more, so that 1.125 is not taken for text with a point between thousands.
    decimal = texts.str.replace(r"^([+-]?[1-9]\d{0,2}\.\d{3})(%?)$", "${1}0${2}")
    shown = pl.select(pl.when(typed).then(decimal).otherwise(texts)).to_series()
    first, place = table.last + 1, table.columns[name]
    for sign, cells in table.sheet.marks.currencies.items():
        rows = [
            row - first for row, column in cells if column == place and first <= row < table.end
        ]
        if rows:
            marked = pl.Series([False]).new_from_index(0, len(texts)).scatter(rows, True) & typed
            shown = pl.select(
                pl.when(marked).then(pl.concat_str(pl.lit(f"{sign} "), shown)).otherwise(shown)
            ).to_series()
    return shown.alias(name)


def _texts_of_kinds(
    tables: Sequence[DealTable],
    cells: Sequence[Mapping[str, pl.Series]],
    kinds: tuple[CellKind, ...],
) -> Iterable[str]:
    """The distinct texts of columns of some kinds, without what the cells hold as numbers."""
    for table, columns in zip(tables, cells, strict=True):
        for name, texts in columns.items():
            if column_of(name).kind in kinds:
                typed = _typed(table, name)
                written = texts if typed is None else texts.filter(~typed)
                yield from written.drop_nulls().unique(maintain_order=True)


def _ask_about_swapped_days(
    form: Form, cells: Sequence[Mapping[str, pl.Series]], reason: str
) -> None:
    """Ask where real dates stand beside typed ones: a program may have swapped day and month.

    It makes dates of those texts that are one in its own order, and leaves the others as text.
    """
    found = []
    for table, columns in zip(form.tables, cells, strict=True):
        for name, texts in columns.items():
            typed = _typed(table, name) if column_of(name).kind is CellKind.DAY else None
            if typed is None:
                continue
            days = texts.str.extract(r"^\d{4}-\d\d-(0\d|1[0-2])\b")
            months = texts.str.extract(r"^\d{4}-(\d\d)-")
            for row in (typed & (days != months)).fill_null(False).arg_true().to_list()[:1]:
                place = table.sheet.address(table.last + 1 + row, table.columns[name])
                found.append(f"{place} {texts[row].split()[0]}")
    if found:
        form.ask(
            f"dates: {reason}, but others are dates of the spreadsheet: {name_some(found)}; "
            "day and month of those may have been swapped"
        )


def _read_table(
    form: Form,
    number: int,
    table: DealTable,
    cells: Mapping[str, pl.Series],
    *,
    readers: Mapping[CellKind, Reader],
    decimals: numbers.Decimals,
) -> None:
    first = table.last + 1
    all_places = _deal_rows(form, number, table, cells, decimals)
    describing = describing_columns(table)
    joined = join_rows(cells, all_places, describing=describing)
    places = np.array(joined.places, np.int64)
    grid = CodedGrid(number, first + places, {}, np.ones(len(places), np.bool_))
    bad: dict[int, set[str]] = {}
    for name, texts in _with_supplier(form, joined.texts).items():
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
    set_descriptions_apart(form, table, grid)
    ask_about_rows(form, table, grid, joined.parts)
    ask_about_cells(form, table, grid)
    _report_broken_cells(form, table, grid, bad)
    grid.faultless[list(bad)] = False
    for position in np.flatnonzero(_rows_lacking(grid)).tolist():
        grid.faultless[position] = False
        form.faults.extend(_missing_cells(table, grid.row(position), bad.get(position, ())))
    form.grids.append(grid)


def _with_supplier(form: Form, cells: Mapping[str, pl.Series]) -> Mapping[str, pl.Series]:
    """The cells, with the supplier whose file it is where none is written."""
    if not form.supplier or not cells:
        return cells
    some = next(iter(cells.values()))
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, len(some))
    written = cells.get("supplier", empty)
    return {**cells, "supplier": written.fill_null(form.supplier)}


def _note_cells(
    form: Form, grid: CodedGrid, name: str, found: Sequence[Cell], codes: Positions
) -> None:
    """Note the first repaired cells of a column, and how many more there are."""
    noted = [code for code, cell in enumerate(found) if cell.note]
    table = form.tables[grid.table]
    for code in noted[:MOST_NOTES]:
        row = int(grid.rows[np.argmax(codes == code)])
        address = table.sheet.address(row, table.columns[name])
        tell = form.ask if found[code].asks else form.note
        tell(f"{address}: {found[code].note}")
    if len(noted) > MOST_NOTES:
        tell = form.ask if any(found[code].asks for code in noted[MOST_NOTES:]) else form.note
        tell(f"column {name}: {len(noted) - MOST_NOTES} more cells like these")


def _deal_rows(
    form: Form,
    number: int,
    table: DealTable,
    cells: Mapping[str, pl.Series],
    decimals: numbers.Decimals,
) -> list[int]:
    """The rows below the header that are deals: not empty, not hidden, not the header repeated,
    and not a sum of the others, which is a fault."""
    first, sheet = table.last + 1, table.sheet
    filled = pl.select(pl.any_horizontal(texts.is_not_null() for texts in cells.values()))
    places = filled.to_series().arg_true().to_list()
    if table.repeats:
        places = [row for row in places if first + row not in table.repeats]
    if not places:
        form.note(f"{table.where}there are no deals below the names of the columns")
    hidden = [row for row in places if first + row in sheet.hidden]
    if hidden:
        shown = name_some([str(first + row + 1) for row in hidden])
        by_filter = " by a filter" if sheet.is_filtered else ""
        form.ask(f"{table.where}rows that are hidden{by_filter} were not read: {shown}")
        places = [row for row in places if first + row not in sheet.hidden]
    if "deal_id" in cells:
        example = cells["deal_id"].str.to_uppercase().str.starts_with(EXAMPLE).fill_null(False)
        own = [row for row in places if not example[row]] if example.any() else places
        if len(own) < len(places):
            count = len(places) - len(own)
            form.note(f"{table.where}{count} rows called {EXAMPLE} ... were passed over")
        places = own
    totals = find_totals(table, cells, places, decimals)
    for row in totals:
        detail = "adds up the rows above, and is no deal"
        form.faults.append(Fault(number, first + row, None, "", detail, "remove the row"))
    return [row for row in places if row not in totals] if totals else places


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
    if not form.document.is_text:
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
