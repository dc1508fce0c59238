"""Dates as people type them; the whole file decides whether the day or the month comes first."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.files.cell import Cell, faulty_cell

# Days as Excel counts them, which takes 1900 for a leap year: right from March 1900 on.
FROM_1900 = date(1899, 12, 30)
FROM_1904 = date(1904, 1, 1)
"""Day 0 of a workbook that counts from 1904, as early ones on a Mac did."""

_CENTURY = (date(2000, 1, 1), date(2100, 1, 1))
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
_COMPACT = re.compile(r"^(20\d\d)(\d\d)(\d\d)$")
_HAN = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日?$")
_SLASHED = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$")
_WORDED = (
    re.compile(
        r"^(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?[ -](?P<m>[a-z]{3,})\.?,?[ -](?P<y>\d{4}|\d{2})$"
    ),
    re.compile(r"^(?P<m>[a-z]{3,})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})$"),
)
_MIDNIGHT = re.compile(r"[T ]0?0:00(:00(\.0+)?)?( ?AM)?(Z|\+00:00)?$", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero ene", "feb february februar fevrier fev febrero",
            "mar march marz mrz mars marzo", "apr april avril avr abril abr", "may mai mayo",
            "jun june juni juin junio", "jul july juli juillet julio",
            "aug august aout agosto ago", "sep sept september septembre septiembre",
            "oct october oktober okt octobre octubre", "nov november novembre noviembre",
            "dec december dezember dez decembre diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


class Order(StrEnum):
    """Which comes first in 03/04/2026; `ask` refuses to guess."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """The order used, and the evidence for it (empty when no date needs it)."""

    order: Order
    reason: str = ""


def find_order(texts: Iterable[str], *, otherwise: Order) -> FoundOrder:
    """The order shown by the dates of a file; `otherwise` when they could be either.

    A part above 12 can only be a day; dates with points are written with the day first.
    """
    day_first = month_first = slashed = ""
    for text in texts:
        found = _SLASHED.match(_MIDNIGHT.sub("", text.strip()))
        if not found or found[2] == ".":
            continue
        slashed = slashed or text
        if int(found[1]) > 12:
            day_first = day_first or text
        elif int(found[3]) > 12:
            month_first = month_first or text
    if day_first and month_first:
        return FoundOrder(Order.ASK, f"{day_first} has the day first, {month_first} the month")
    if day_first:
        return FoundOrder(Order.DAY_FIRST, f"{day_first} can only have the day first")
    if month_first:
        return FoundOrder(Order.MONTH_FIRST, f"{month_first} can only have the month first")
    if not slashed:
        return FoundOrder(otherwise)
    explanation = "no date tells which comes first"
    return FoundOrder(
        otherwise, explanation if otherwise is Order.ASK else f"{explanation}; so it is set"
    )


def read_day(text: str, order: Order, first_day: date = FROM_1900) -> Cell:
    """The date a cell shows; `first_day` is day 0 where it is a number."""
    clean = _MIDNIGHT.sub("", text.strip())
    for form in (_ISO, _COMPACT, _HAN):
        if found := form.match(clean):
            return _checked_day(text, int(found[1]), int(found[2]), int(found[3]))
    if found := _SLASHED.match(clean):
        return _read_slashed(text, found, order)
    if re.match(r"^\d{5}(\.0+)?$", clean) and (
        _CENTURY[0] <= (value := first_day + timedelta(days=int(clean[:5]))) <= _CENTURY[1]
    ):
        return Cell(value, note=f"{text} was read as the spreadsheet's number of {value}")
    worded = _without_accents(clean)
    for form in _WORDED:
        if (found := form.match(worded)) and found["m"] in _MONTHS:
            return _checked_day(text, int(found["y"]), _MONTHS[found["m"]], int(found["d"]))
    return faulty_cell(text, "is not a date", "write 2026-04-01")


def _read_slashed(text: str, found: re.Match[str], order: Order) -> Cell:
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12:
        return _checked_day(text, year, second, first)
    if second > 12:
        return _checked_day(text, year, first, second)
    if order is Order.ASK and first != second:
        both = f"may be day {first} of month {second} or day {second} of month {first}"
        return faulty_cell(text, both, "write 2026-04-01, or say which with --dates")
    if order is Order.MONTH_FIRST:
        return _checked_day(text, year, first, second)
    return _checked_day(text, year, second, first)


def _checked_day(text: str, year: int, month: int, number: int) -> Cell:
    try:
        value = date(year + 2000 if year < 100 else year, month, number)
    except ValueError:
        return faulty_cell(text, "is not a day of any month", "write 2026-04-01")
    if not 2000 <= value.year <= 2100:
        return faulty_cell(text, "is not a date of this century", "write 2026-04-01")
    return Cell(value)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
