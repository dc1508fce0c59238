"""The rows of a file that have faults, with their cells, so that they can be corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.deals.form import Fault, Form


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with one cell; `column` is None for a fault of the whole row."""

    column: int | None
    name: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell of a row: its place, the header above it, the form's name of its column, its text."""

    column: int
    address: str
    header: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row with faults; `row` counts from 0 in its sheet, `is_header` if it names columns."""

    sheet: str
    row: int
    place: str
    is_header: bool
    supplier: str
    deal_id: str
    faults: tuple[CellFault, ...]
    cells: tuple[RowCell, ...] = field(repr=False)

    @property
    def faulty(self) -> Sequence[RowCell]:
        """The cells that have a fault of their own."""
        places = {fault.column for fault in self.faults}
        return [cell for cell in self.cells if cell.column in places]

    @property
    def of_row(self) -> Sequence[CellFault]:
        """The faults that no cell of the row can be blamed for."""
        places = {cell.column for cell in self.cells}
        return [fault for fault in self.faults if fault.column not in places]

    def faults_of(self, cell: RowCell) -> Sequence[CellFault]:
        """The faults of a cell."""
        return [fault for fault in self.faults if fault.column == cell.column]


def rows_with_faults(form: Form, *, most: int) -> tuple[FaultyRow, ...]:
    """The first rows that have faults, in the order of the file."""
    by_row: dict[tuple[int, int], list[Fault]] = {}
    for fault in form.faults:
        by_row.setdefault((fault.table, fault.row), []).append(fault)
    return tuple(_row(form, *key, by_row[key]) for key in sorted(by_row)[:most])


def _row(form: Form, number: int, row: int, faults: Sequence[Fault]) -> FaultyRow:
    table = form.tables[number]
    sheet = table.sheet
    texts = sheet.frame.row(row) if row < sheet.frame.height else ()
    names = {place: name for name, place in table.columns.items()}
    places = {*table.headers, *(fault.column for fault in faults if fault.column is not None)}
    cells = tuple(
        RowCell(
            column,
            sheet.address(row, column).rpartition("!")[2],
            table.headers.get(column, ""),
            names.get(column, ""),
            texts[column] or "",
        )
        for column in sorted(places)
        if column < len(texts)
    )
    by_name = {cell.name: cell.text.strip() for cell in cells}
    is_header = row <= table.last
    return FaultyRow(
        sheet=sheet.name,
        row=row,
        place=f"{sheet.name}!{row + 1}" if sheet.name else str(row + 1),
        is_header=is_header,
        supplier="" if is_header else by_name.get("supplier", ""),
        deal_id="" if is_header else by_name.get("deal_id", ""),
        faults=tuple(
            CellFault(each.column, each.column_name, each.detail, each.remedy) for each in faults
        ),
        cells=cells,
    )
