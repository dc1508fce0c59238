"""How the text of a cell is read, by the kind of its column."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from service.deals import dates, gtins, numbers
from service.deals.cell import Cell, wrong
from service.deals.columns import Column, Kind, expected, plain
from service.deals.dates import Order
from service.engine.redeem import BENEFITS

_CHOICES = {
    **{name: kind for kind, benefit in BENEFITS.items() for name in benefit.also},
    "service": "partner", "slot": "partner", "goods": "product", "piece": "each",
    "pieces": "each", "ea": "each", "pc": "each", "stk": "each", "kilo": "kg", "litre": "l",
    "liter": "l",
}  # fmt: skip


class Number(NamedTuple):
    """A number with its sign: whether a per cent was written decides what it means."""

    amount: Decimal
    is_percent: bool


Reader = Callable[[Column, str], Cell]


def readers_of(order: Order, decimals: numbers.Decimals) -> dict[Kind, Reader]:
    """The readers of a file's cells; their values can be hashed."""

    def within(read: Callable[..., Cell], column: Column, text: str) -> Cell:
        return read(text, decimals, low=column.low, high=column.high)

    numbers_of = gtins.Gtins()
    return {
        Kind.TEXT: lambda _, text: _text(text),
        Kind.NAMES: lambda _, text: _names(text),
        Kind.GTINS: lambda _, text: numbers_of.read(text),
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
    return Cell(tuple([part for part in found if part]))


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
    return Cell(tuple(found))
