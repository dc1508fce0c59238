"""Reads the text of a cell by the kind of its column."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from service.deals import gtins, numbers
from service.deals.columns import CellKind, SheetColumn, expected
from service.engine.redeem import BENEFITS
from service.files import dates
from service.files.cell import Cell, faulty_cell
from service.files.dates import Order
from service.files.headers import plain

_CHOICES = {
    **{name: kind for kind, benefit in BENEFITS.items() for name in benefit.also},
    "service": "partner", "slot": "partner", "goods": "product", "piece": "each",
    "pieces": "each", "ea": "each", "pc": "each", "stk": "each", "kilo": "kg", "litre": "l",
    "liter": "l",
}  # fmt: skip


class Number(NamedTuple):
    """A number, and whether it was written as a per cent, which decides what it means."""

    amount: Decimal
    is_percent: bool


Reader = Callable[[SheetColumn, str], Cell]


def readers_of(order: Order, decimals: numbers.Decimals) -> dict[CellKind, Reader]:
    """The readers of a file's cells; the values they return are hashable."""

    def within(read: Callable[..., Cell], column: SheetColumn, text: str) -> Cell:
        return read(text, decimals, low=column.low, high=column.high)

    gtin_reader = gtins.GtinReader()
    return {
        CellKind.TEXT: lambda _, text: _read_text(text),
        CellKind.NAMES: lambda _, text: _read_names(text),
        CellKind.GTINS: lambda _, text: gtin_reader.read(text),
        CellKind.MONEY: partial(within, numbers.read_money),
        CellKind.COUNT: partial(within, numbers.read_count),
        CellKind.SHARE: partial(within, numbers.read_share),
        CellKind.NUMBER: lambda column, text: _read_number(column, text, decimals),
        CellKind.DAY: lambda _, text: dates.read_day(text, order),
        CellKind.CHOICE: _read_choice,
        CellKind.CHOICES: _read_choices,
    }


def _read_text(text: str) -> Cell:
    if len(text) > 2000:
        return faulty_cell(text, f"has {len(text)} characters", "at most 2,000")
    return Cell(text)


def _read_names(text: str) -> Cell:
    found = [part.strip() for part in text.replace("\n", ";").split(";")]
    return Cell(tuple([part for part in found if part]))


def _read_number(column: SheetColumn, text: str, decimals: numbers.Decimals) -> Cell:
    digits = decimals.digits if column.name == "value" else 2
    cell = numbers.read_number(text, decimals, digits=digits)
    # The per cent sign decides what the number means, so it stays with the value.
    if cell.detail:
        return cell
    return cell._replace(value=Number(cell.value, text.rstrip()[-1:] == "%"))


def _read_choice(column: SheetColumn, text: str) -> Cell:
    word = plain(text)
    for choice in column.choices:
        if word == plain(choice):
            return Cell(choice)
    meant = _CHOICES.get(word)
    if meant in column.choices:
        return Cell(meant)
    return faulty_cell(text, f"is not {expected(column)}")


def _read_choices(column: SheetColumn, text: str) -> Cell:
    found = []
    for part in text.replace(",", ";").split(";"):
        if part.strip():
            cell = _read_choice(column, part)
            if cell.detail:
                return cell
            found.append(cell.value)
    return Cell(tuple(found))
