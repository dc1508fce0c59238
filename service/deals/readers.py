"""Reads the text of a cell by the kind of its column."""

import difflib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from service.deals import gtins, numbers
from service.deals.columns import CellKind, SheetColumn, expected
from service.engine.redeem import BENEFITS
from service.files import dates
from service.files.cell import Cell, faulty_cell
from service.files.currency_signs import signs_in
from service.files.dates import Order
from service.files.headers import plain

_CHOICES = {
    **{name: kind for kind, benefit in BENEFITS.items() for name in benefit.also},
    "service": "partner", "slot": "partner", "goods": "product", "piece": "each",
    "pieces": "each", "ea": "each", "pc": "each", "stk": "each", "kilo": "kg", "litre": "l",
    "liter": "l",
}  # fmt: skip


FUNDING_SHARE = "funding_share_percent"


class Number(NamedTuple):
    """A number, and whether it was written as a per cent or as money: that decides its meaning."""

    amount: Decimal
    is_percent: bool
    is_money: bool = False


Reader = Callable[[SheetColumn, str], Cell]


def readers_of(
    order: Order, decimals: numbers.Decimals, *, first_day: date = dates.FROM_1900
) -> dict[CellKind, Reader]:
    """The readers of a file's cells; the values they return are hashable.

    `first_day` is day 0 of the dates that are stored as numbers.
    """

    def within(read: Callable[..., Cell], column: SheetColumn, text: str) -> Cell:
        return read(text, decimals, low=column.low, high=column.high)

    gtin_reader = gtins.GtinReader()
    return {
        CellKind.TEXT: lambda _, text: _read_text(text),
        CellKind.NAMES: lambda _, text: _read_names(text),
        CellKind.GTINS: lambda _, text: gtin_reader.read(text),
        CellKind.MONEY: partial(within, numbers.read_money),
        CellKind.COUNT: partial(within, numbers.read_count),
        CellKind.SHARE: lambda column, text: _read_share(column, text, decimals),
        CellKind.NUMBER: lambda column, text: _read_number(column, text, decimals),
        CellKind.DAY: lambda _, text: dates.read_day(text, order, first_day),
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
    # These signs decide what the number means, so they stay with the value.
    if cell.detail:
        return cell
    is_percent = numbers.is_per_cent(text)
    return cell._replace(value=Number(cell.value, is_percent, bool(signs_in(text))))


def _read_share(column: SheetColumn, text: str, decimals: numbers.Decimals) -> Cell:
    """A share of 1 is one per cent or the whole of it, unless it has a sign."""
    cell = numbers.read_share(text, decimals, low=column.low, high=column.high)
    if cell.value == 1 and column.name == FUNDING_SHARE and not numbers.is_per_cent(text):
        return cell._replace(note=f"{column.name} {text} was read as 1 %, not as 100 %", asks=True)
    return cell


def _read_choice(column: SheetColumn, text: str) -> Cell:
    word = plain(text)
    for choice in column.choices:
        if word == plain(choice):
            return Cell(choice)
    meant = _CHOICES.get(word)
    if meant in column.choices:
        return Cell(meant)
    near = difflib.get_close_matches(
        word, [plain(choice) for choice in column.choices], n=1, cutoff=0.75
    )
    remedy = f"did you mean {near[0].replace(' ', '_')}?" if near else ""
    return faulty_cell(text, f"is not {expected(column)}", remedy)


def _read_choices(column: SheetColumn, text: str) -> Cell:
    found = []
    for part in text.replace(",", ";").split(";"):
        if part.strip():
            cell = _read_choice(column, part)
            if cell.detail:
                return cell
            found.append(cell.value)
    return Cell(tuple(found))
