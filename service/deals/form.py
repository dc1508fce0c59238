"""A file as it was read: its tables as grids of values, faults with their places, and notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.deals.coded_grid import CodedGrid
from service.deals.deal_table import DealTable
from service.deals.sheets import Document
from service.errors import Problem
from service.files.notes import Note

MOST_NOTES = 5
"""This many places of a kind get a note each, or are named in one."""

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

    Amounts of money in it have so many decimals (`digits`). Where no `supplier` is written it is
    that one, if it is not empty.
    """

    document: Document
    tables: Sequence[DealTable]
    grids: list[CodedGrid] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    digits: int = 2
    supplier: str = ""

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

    def ask_of(self, deals: Sequence[str], text: str) -> None:
        """Ask one question about some deals, the first of which are named."""
        if deals:
            self.ask(f"{name_some(deals)}: {text}")

    def note_of(self, deals: Sequence[str], text: str) -> None:
        """Note one thing about some deals, the first of which are named."""
        if deals:
            self.note(f"{name_some(deals)}: {text}")

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


def name_some(names: Sequence[str]) -> str:
    """`A-1, A-2 and 7 more`."""
    more = len(names) - MOST_NOTES
    return ", ".join(names[:MOST_NOTES]) + (f" and {more:,} more" if more > 0 else "")
