"""The tables of a file as typed rows: every cell read, every fault with its place."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

import polars as pl

from service.deals import dates, gtins, numbers
from service.deals.cell import Cell, wrong
from service.deals.columns import (
    COLUMNS,
    Asked,
    Column,
    Kind,
    column_of,
    expected,
    plain,
)
from service.deals.dates import Order
from service.deals.heading import Table, find_table, most_known
from service.deals.sheets import Document
from service.engine.records import DealKind
from service.errors import InvalidInput, Problem

_NUMERIC = (Kind.MONEY, Kind.NUMBER, Kind.COUNT, Kind.SHARE)
_INVISIBLE = r"[\u200b-\u200f\u2060\ufeff\u00ad]"
_MOST_NOTES = 5
EXAMPLE = "EXAMPLE"
"""A row whose deal_id begins so shows how to fill in the form, and is passed over."""
_CHOICES = {
    "off": "amount_off", "money off": "amount_off", "cents off": "amount_off",
    "dollars off": "amount_off", "amount": "amount_off", "scan back": "amount_off",
    "percent": "percent_off", "% off": "percent_off", "%": "percent_off",
    "percentage off": "percent_off", "fixed": "fixed_price", "special price": "fixed_price",
    "bundle": "bundle_price", "multibuy": "bundle_price", "bogo": "buy_get",
    "buy one get one": "buy_get", "buy x get y": "buy_get", "free": "free_item",
    "free product": "free_item", "loyalty points": "points", "service": "partner",
    "slot": "partner", "goods": "product", "piece": "each", "pieces": "each", "ea": "each",
    "pc": "each", "stk": "each", "kilo": "kg", "litre": "l", "liter": "l",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of a table: row and column count from 0 in its sheet."""

    table: int
    row: int
    column: int | None
    named: str
    detail: str
    remedy: str = ""


class Number(NamedTuple):
    """A number with its sign: whether a per cent was written decides what it means."""

    amount: Decimal
    is_percent: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One deal as read: where it stands, and its values by column; what is empty is not there.

    Values can be hashed; cells with the same text share one.
    """

    table: int
    row: int
    values: Mapping[str, Any]
    is_whole: bool


@dataclass(slots=True)
class Form:
    """All that a file says: rows in order, faults, and notes on how it was read."""

    document: Document
    tables: Sequence[Table]
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def where(self, fault: Fault) -> str:
        """`deals.xlsx, Deals!C7, column budget`."""
        sheet = self.tables[fault.table].sheet
        place = f"{self.document.name}, {sheet.address(fault.row, fault.column or 0)}"
        if fault.column is None:
            named = f"{sheet.name}!" if sheet.name else ""
            place = f"{self.document.name}, {named}row {fault.row + 1}"
        return f"{place}, column {fault.named}" if fault.named else place

    def problem(self, fault: Fault) -> Problem:
        """The fault as it is told."""
        return Problem(self.where(fault), fault.detail, fault.remedy)


def read_form(document: Document, *, dates_when_unclear: Order) -> Form:
    """Read every table of a file. Raises InvalidInput when no sheet has one."""
    tables = [table for sheet in document.sheets if (table := find_table(sheet)) is not None]
    if not tables:
        raise _no_table(document)
    form = Form(document, tables, notes=list(document.notes))
    _note_sheets(form)
    for number, table in enumerate(tables):
        _note_table(form, number, table)
    cells = [_cells(table) for table in tables]
    order = dates.order_of(_all(cells, (Kind.DAY,)), otherwise=dates_when_unclear)
    if order.because:
        said = {Order.ASK: "day and month are not guessed"}.get(order.order, order.order.value)
        form.notes.append(f"dates: {said.replace('_', ' ')}; {order.because}")
    decimals = numbers.decimals_of(_all(cells, _NUMERIC), as_numbers=document.cells_are_numbers)
    if "," in decimals.seen:
        form.notes.append("numbers with a comma before their last digits have a decimal comma")
    for number, (table, texts) in enumerate(zip(tables, cells, strict=True)):
        _read_table(form, number, table, texts, readers=_readers(order.order, decimals))
    form.faults.sort(key=lambda fault: (fault.table, fault.row, fault.column or 0))
    return form


def _no_table(document: Document) -> InvalidInput:
    name = document.name
    sheets = document.sheets
    if not any(sheet.frame.height for sheet in sheets):
        return InvalidInput(f"{name} is empty; a row must name the columns.")
    if max(most_known(sheet) for sheet in sheets) == 0:
        said = "no row names columns of a deal"
    else:
        said = "no row names three columns of a deal or more"
    remedy = "begin with a row of names such as deal_id, supplier, title; see the template"
    return InvalidInput(f"{name} has not all the columns it needs.", [Problem(name, said, remedy)])


def _note_sheets(form: Form) -> None:
    with_table = {table.sheet.name for table in form.tables}
    for sheet in form.document.sheets:
        if sheet.name not in with_table:
            form.notes.append(f"sheet {sheet.name} has no deals and was passed over")


def _note_table(form: Form, number: int, table: Table) -> None:
    sheet = table.sheet
    here = f"sheet {sheet.name}: " if sheet.name else ""
    if table.first:
        above = "row 1" if table.first == 1 else f"rows 1 to {table.first}"
        form.notes.append(f"{here}{above} above the column names passed over")
    if table.ignored:
        form.notes.append(f"{here}columns not used: {', '.join(table.ignored)}")
    if sheet.hidden_columns:
        form.notes.append(f"{here}{len(sheet.hidden_columns)} hidden columns were not read")
    form.faults.extend(Fault(number, *fault) for fault in table.faults)
    partners = "kind" in table.columns
    for column in COLUMNS:
        needed = column.asked is Asked.ALL or (column.asked is Asked.PRODUCTS and not partners)
        if column.name == "funding_share_percent" and "funding_cap" in table.columns:
            needed = False
        if needed and column.name not in table.columns:
            detail, remedy = f"column {column.name} is missing", f"add it: {column.meaning}"
            form.faults.append(Fault(number, table.last, None, column.name, detail, remedy))


def _cells(table: Table) -> dict[str, pl.Series]:
    """The texts of each known column below the header, clean; null where there is nothing."""
    below = table.sheet.frame.slice(table.last + 1)
    columns = []
    for name, place in table.columns.items():
        text = pl.col(below.columns[place]).str.replace_all(_INVISIBLE, "")
        if column_of(name).kind is not Kind.GTINS:
            text = text.str.replace_all(r"[\x00-\x1f\x7f\u00a0\s]+", " ")
        columns.append(
            text.str.replace_all("\x00", "", literal=True).str.strip_chars()
            .replace("", None).alias(name)
        )  # fmt: skip
    return {series.name: series for series in below.select(columns).get_columns()}


def _all(cells: Sequence[Mapping[str, pl.Series]], kinds: tuple[Kind, ...]) -> Iterable[str]:
    for table in cells:
        for name, texts in table.items():
            if column_of(name).kind in kinds:
                yield from texts.drop_nulls().unique(maintain_order=True)


Reader = Callable[[Column, str], Cell]


def _readers(order: Order, decimals: numbers.Decimals) -> dict[Kind, Reader]:
    def within(read: Callable[..., Cell], column: Column, text: str) -> Cell:
        return read(text, decimals, low=column.low, high=column.high)

    return {
        Kind.TEXT: lambda _, text: _text(text),
        Kind.NAMES: lambda _, text: _names(text),
        Kind.GTINS: lambda _, text: gtins.gtins(text),
        Kind.MONEY: partial(within, numbers.money),
        Kind.COUNT: partial(within, numbers.count),
        Kind.SHARE: partial(within, numbers.share),
        Kind.NUMBER: lambda _, text: _number(text, decimals),
        Kind.DAY: lambda _, text: dates.day(text, order),
        Kind.CHOICE: _choice,
        Kind.CHOICES: _choices,
    }


def _text(text: str) -> Cell:
    if len(text) > 2000:
        return wrong(text, f"has {len(text)} characters", "at most 2,000")
    return Cell(text)


def _names(text: str) -> Cell:
    found = [part.strip() for part in text.replace("\n", ";").split(";")]
    return Cell([part for part in found if part])


def _number(text: str, decimals: numbers.Decimals) -> Cell:
    cell = numbers.number(text, decimals)
    # The sign tells what the number means, so it stays with it.
    if cell.detail:
        return cell
    return cell._replace(value=Number(cell.value, text.rstrip()[-1:] == "%"))


def _choice(column: Column, text: str) -> Cell:
    word = plain(text)
    for choice in column.choices:
        if word == plain(choice):
            return Cell(choice)
    meant = _CHOICES.get(word)
    if meant in column.choices:
        return Cell(meant)
    return wrong(text, f"is not {expected(column)}")


def _choices(column: Column, text: str) -> Cell:
    found = []
    for part in text.replace(",", ";").split(";"):
        if part.strip():
            cell = _choice(column, part)
            if cell.detail:
                return cell
            found.append(cell.value)
    return Cell(found)


def _fixed(cell: Cell) -> Cell:
    """A cell whose value can be hashed."""
    return cell._replace(value=tuple(cell.value)) if isinstance(cell.value, list) else cell


def _read_table(
    form: Form,
    number: int,
    table: Table,
    cells: Mapping[str, pl.Series],
    *,
    readers: Mapping[Kind, Reader],
) -> None:
    first = table.last + 1
    places = _deals(form, table, cells)
    values: list[dict[str, Any]] = [{} for _ in places]
    bad: dict[int, set[str]] = {}
    for name, texts in cells.items():
        column, place = column_of(name), table.columns[name]
        read = readers[column.kind]
        known: dict[str, Cell] = {}
        notes: list[str] = []
        for spot, text in enumerate(texts.gather(places).to_list()):
            if text is None:
                continue
            cell = known.get(text)
            if cell is None:
                cell = known[text] = _fixed(read(column, text))
                if cell.note:
                    address = table.sheet.address(first + places[spot], place)
                    notes.append(f"{address}: {cell.note}")
            if cell.detail:
                bad.setdefault(spot, set()).add(name)
                row = first + places[spot]
                form.faults.append(Fault(number, row, place, name, cell.detail, cell.remedy))
            else:
                values[spot][name] = cell.value
        form.notes.extend(notes[:_MOST_NOTES])
        if len(notes) > _MOST_NOTES:
            form.notes.append(f"column {name}: {len(notes) - _MOST_NOTES} more cells like these")
    _place_faults(form, number, table, {first + row: spot for spot, row in enumerate(places)}, bad)
    for spot, row in enumerate(places):
        missing = _missing(number, table, first + row, values[spot], bad.get(spot, ()))
        form.faults.extend(missing)
        asked = _asked(values[spot])
        whole = not missing and spot not in bad and values[spot].keys() >= asked.keys()
        form.rows.append(Row(number, first + row, values[spot], whole))


def _deals(form: Form, table: Table, cells: Mapping[str, pl.Series]) -> list[int]:
    """The rows below the header that are deals; not empty ones, hidden ones or the header again."""
    first = table.last + 1
    filled = pl.select(pl.any_horizontal(texts.is_not_null() for texts in cells.values()))
    places = filled.to_series().arg_true().to_list()
    here = f"sheet {table.sheet.name}: " if table.sheet.name else ""
    hidden = [row for row in places if first + row in table.sheet.hidden]
    if hidden:
        shown = ", ".join(str(first + row + 1) for row in hidden[:10])
        more = f" and {len(hidden) - 10} more" if len(hidden) > 10 else ""
        form.notes.append(f"{here}hidden rows were not read: {shown}{more}")
        places = [row for row in places if first + row not in table.sheet.hidden]
    if "deal_id" in cells:
        ids = cells["deal_id"].to_list()
        again = plain(table.headers[table.columns["deal_id"]])
        places = [row for row in places if ids[row] is None or plain(ids[row]) != again]
        own = [row for row in places if not (ids[row] or "").upper().startswith(EXAMPLE)]
        if len(own) < len(places):
            count = len(places) - len(own)
            form.notes.append(f"{here}{count} rows called {EXAMPLE} ... were passed over")
        places = own
    return places


def _asked(values: Mapping[str, Any]) -> Mapping[str, None]:
    """The columns that a row must have filled in, as far as it is known what it is."""
    return _asked_of(values.get("kind") == DealKind.PARTNER, "funding_cap" in values)


@lru_cache
def _asked_of(is_partner: bool, has_cap: bool) -> Mapping[str, None]:
    asked = [
        column.name
        for column in COLUMNS
        if column.asked is Asked.ALL or (column.asked is Asked.PRODUCTS and not is_partner)
    ]
    return {name: None for name in asked if not (has_cap and name == "funding_share_percent")}


def _missing(
    number: int, table: Table, row: int, values: Mapping[str, Any], bad: Collection[str]
) -> list[Fault]:
    """Faults of cells that must be filled in; one fault for a row that has hardly anything."""
    if len(values) == 1 and not bad and len(table.columns) > 2:
        (name,) = values
        said = f"the row has only its {name}"
        remedy = "remove the row, or fill it in"
        return [Fault(number, row, table.columns[name], name, said, remedy)]
    faults: list[Fault] = []
    asked = _asked(values)
    if values.keys() >= asked.keys():
        return faults
    for name in asked:
        if name in table.columns and name not in values and name not in bad:
            remedy = f"give {expected(column_of(name))}"
            faults.append(Fault(number, row, table.columns[name], name, "is empty", remedy))
    return faults


def _place_faults(
    form: Form, number: int, table: Table, spots: Mapping[int, int], bad: dict[int, set[str]]
) -> None:
    """Faults of cells that hold an error, or stand where no column is."""
    named = {place: name for name, place in table.columns.items()}
    for row, column in sorted(table.sheet.broken):
        if row in spots and column in named:
            said = "is an error of the spreadsheet, such as #REF!"
            form.faults.append(Fault(number, row, column, named[column], said, "mend its formula"))
            bad.setdefault(spots[row], set()).add(named[column])
    if form.document.cells_are_numbers:
        return
    width = max(table.headers, default=0) + 1
    for place in range(width, table.sheet.frame.width):
        beyond = table.sheet.frame.to_series(place)
        for row in beyond.fill_null("").str.strip_chars().ne("").arg_true().to_list():
            if row in spots:
                said = "stands beyond the last column"
                remedy = "put quotes round a cell that has the separator in it"
                form.faults.append(Fault(number, row, place, "", said, remedy))
                bad.setdefault(spots[row], set())
