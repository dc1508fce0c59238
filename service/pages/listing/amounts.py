"""Amounts in tables: as people read them, and plain in files."""

from decimal import Decimal

from service.currencies import minor_digits
from service.pages.languages import Language
from service.pages.listing.cells import Cell, Kind


def amount(cents: int, currency: str, language: Language) -> Cell:
    """A cell with an amount of money."""
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=plain_amount(cents, currency))


def plain_amount(cents: int, currency: str) -> str:
    """An amount in a file: 1234.50, without separators and currency."""
    return str(Decimal(cents).scaleb(-minor_digits(currency)))
