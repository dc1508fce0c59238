"""Amounts as people type them into a form."""

from service.currencies import minor_digits
from service.errors import InvalidInput


def read_cents(text: str, currency: str) -> int:
    """An amount as it was typed: digits, and at most one mark before the minor unit.

    Raises InvalidInput for anything that could be read in two ways.
    """
    digits = minor_digits(currency)
    whole, mark, minor = text.strip().replace(",", ".").partition(".")
    is_amount = whole.isascii() and whole.isdigit() and len(whole) <= 12
    is_minor = not mark or (minor.isascii() and minor.isdigit() and len(minor) == digits)
    if not is_amount or not is_minor:
        raise InvalidInput("Write an amount without separators of thousands: 1500.00")
    return int(whole + (minor if mark else "0" * digits))
