"""Numbers as people type them: currency and per cent signs, thousands, a decimal comma."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from service.currencies import minor_digits
from service.files.cell import Cell, faulty_cell
from service.files.currency_signs import foreign_sign, is_hundredths, signs_in, without_signs

_BLANKS = re.compile(r"[\s\u00a0\u202f\u2007\u2009'’]")
# Whole amounts as German and Swiss tills print them: 1.200,-
_DASHED = re.compile(r"(?<=\d)[.,][-–—]{1,2}$")
_MARKS = str.maketrans("٫٬，．", ".,,.")
_PER_CENT = re.compile(r"(?i)(?:%|percent|per cent|pct|prozent|pour cent|por ciento)$")
# A decimal mark with nothing before it.
_OPEN = re.compile(r"^([+-]?)([.,]\d)")
_PLAIN = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_GROUPED = {
    # Three by three, or as in India: 12,34,567.
    ",": re.compile(r"^[+-]?[1-9](?:\d{0,2}(?:,\d{3})+|\d?(?:,\d{2})+,\d{3})(?:\.\d+)?$"),
    ".": re.compile(r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$"),
}
_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_THREE = re.compile(r"^[+-]?[1-9]\d{0,2}([.,])\d{3}$")
_FLOAT = re.compile(r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}$")
# A binary fraction in a spreadsheet differs by less than this from what it shows.
_NOISE = Decimal("0.00000001")
_TOO_FINE = {
    0: ("has decimals", "write whole units, as 105"),
    2: ("has more than two decimals", "write whole cents, as 1.05"),
    3: ("has more than three decimals", "write at most three, as 1.050"),
    4: ("has more than four decimals", "write at most four, as 1.0500"),
}


@dataclass(frozen=True, slots=True)
class Decimals:
    """How a file writes numbers: `seen` are the marks that can only be decimal marks.

    `currency` is that of its amounts, which have so many decimals (`digits`); empty allows the
    signs of any.
    """

    seen: frozenset[str] = frozenset()
    currency: str = ""
    digits: int = 2


def bare_number(text: str) -> str:
    """A number without blanks, currency and per cent signs."""
    plain = _PER_CENT.sub("", without_signs(text.translate(_MARKS)).rstrip())
    number = _DASHED.sub("", _BLANKS.sub("", plain))
    return _OPEN.sub(r"\g<1>0\g<2>", number).removesuffix(".")


def decimals_of(texts: Iterable[str], *, currency: str = "") -> Decimals:
    """The decimal marks that the numbers of a file show, where they were written as text."""
    seen = set()
    for text in texts:
        number = bare_number(text)
        marks = [mark for mark in ".," if mark in number]
        if len(marks) == 2:
            seen.add(max(marks, key=number.rindex))
        elif len(marks) == 1 and number.count(marks[0]) == 1 and not _THREE.match(number):
            seen.add(marks[0])
    return Decimals(frozenset(seen), currency, minor_digits(currency) if currency else 2)


def is_per_cent(text: str) -> bool:
    """Whether a number is written as a per cent."""
    return _PER_CENT.search(text.rstrip()) is not None


def read_number(text: str, decimals: Decimals, *, digits: int = 2) -> Cell:
    """Read a number as a Decimal; 20 % is 20.

    A mark before three digits is a decimal mark where amounts have three decimals (`digits`).
    """
    if wrong := _wrong_currency(text, decimals.currency):
        return wrong
    plain = bare_number(text)
    three = _THREE.match(plain)
    if three:
        mark, other = three[1], "." if three[1] == "," else ","
        if digits == 3 and other not in decimals.seen:
            value = Decimal(plain.replace(",", "."))
            return Cell(value, note="" if mark in decimals.seen else f"{text} was read as {value}")
        if mark in decimals.seen:
            whole = plain.replace(mark, "")
            return faulty_cell(
                text, f"may be {whole} or {plain.replace(',', '.')}", "write it plainly"
            )
        # Nothing here has three decimals, so the mark groups thousands.
        note = "" if other in decimals.seen else f"{text} was read as {plain.replace(mark, '')}"
        # A point that groups is rarer than a price with three decimals: a person says which.
        return Cell(Decimal(plain.replace(mark, "")), note=note, asks=bool(note) and mark == ".")
    if _PLAIN.match(plain):
        return Cell(_without_noise(Decimal(plain), decimals))
    for mark, form in _GROUPED.items():
        if form.match(plain):
            return Cell(Decimal(plain.replace(mark, "").replace(",", ".")))
    if _COMMA.match(plain):
        return Cell(Decimal(plain.replace(",", ".")))
    if _FLOAT.match(plain):
        value = Decimal(plain)
        if abs(value) < Decimal(10) ** 15:
            return Cell(_without_noise(value, decimals))
    return faulty_cell(text, "is not a number", "write 1234.50")


def _wrong_currency(text: str, currency: str) -> Cell | None:
    """The fault of an amount in another currency, or in hundredths of one."""
    if not currency:
        return None
    if sign := foreign_sign(text, currency):
        detail = f"has the sign {sign}, and amounts are in {currency}"
        return faulty_cell(text, detail, f"write the amount in {currency}")
    if is_hundredths(text):
        return faulty_cell(text, "is in hundredths of the currency", "write 0.50")
    return None


def _without_noise(value: Decimal, decimals: Decimals) -> Decimal:
    if abs(value) >= Decimal(10) ** 15:
        return value
    plain = value.quantize(Decimal(1).scaleb(-max(2, decimals.digits)))
    return plain if plain != value and abs(value - plain) < _NOISE else value


def read_money(text: str, decimals: Decimals, *, low: float, high: float) -> Cell:
    """Read an amount as minor units of the currency.

    `low` and `high` are in units of a hundred of them, whatever the currency.
    """
    if is_per_cent(text):
        return faulty_cell(text, "is a per cent, not an amount of money", "write 1.00")
    cell = read_number(text, decimals, digits=decimals.digits)
    if cell.detail:
        return cell._replace(detail=cell.detail.replace("a number", "an amount of money"))
    digits = decimals.digits
    minor = cell.value.scaleb(digits)
    if minor != minor.to_integral_value():
        return faulty_cell(text, *_TOO_FINE[digits])
    least, most = (int(Decimal(str(limit)) * 100) for limit in (low, high))
    if not least <= minor <= most:
        shown = (f"{Decimal(limit).scaleb(-digits):,.{digits}f}" for limit in (least, most))
        return faulty_cell(text, f"is not from {' to '.join(shown)}")
    return cell._replace(value=int(minor))


def read_count(text: str, decimals: Decimals, *, low: float, high: float) -> Cell:
    """Read a whole number."""
    cell = read_number(text, decimals)
    if cell.detail:
        return cell
    if signs_in(text):
        return faulty_cell(text, "is an amount of money, not a number", "write a whole number")
    if cell.value != int(cell.value) or is_per_cent(text):
        return faulty_cell(text, "is not a whole number", f"write one from {low:g} to {high:,.0f}")
    if not low <= cell.value <= high:
        return faulty_cell(text, f"is not from {low:g} to {high:,.0f}")
    return cell._replace(value=int(cell.value))


def read_share(text: str, decimals: Decimals, *, low: float, high: float) -> Cell:
    """Read a whole per cent, with or without its sign."""
    cell = read_number(text, decimals)
    if cell.detail:
        return cell
    if signs_in(text):
        return faulty_cell(text, "is an amount of money, not a per cent", "write 50")
    if cell.value != int(cell.value):
        remedy = "write whole per cents, as 50"
        if 0 < cell.value < 1:
            remedy = f"write {cell.value * 100:f}".rstrip("0").rstrip(".") + " for per cent"
        return faulty_cell(text, "is not a whole per cent", remedy)
    if not low <= cell.value <= high:
        return faulty_cell(text, f"is not from {low:g} to {high:g} per cent")
    return cell._replace(value=int(cell.value))
