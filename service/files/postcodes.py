"""Postcodes by country, after the patterns of Google's address data."""

import re
from functools import lru_cache
from typing import NamedTuple

from service.files.postal import country_facts, postcode_prefix

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
    if not text or pattern is None or any(_fits(each, pattern) for each in _spelt(text, country)):
        return ReadPostcode(text)
    digits = re.sub(r"\.0+$", "", text)
    if digits.isascii() and digits.isdigit():
        for length in range(len(digits), _MOST_DIGITS + 1):
            if pattern.fullmatch(digits.zfill(length)):
                return ReadPostcode(digits.zfill(length), repaired=True)
    return ReadPostcode(text, fault=f"{text[:20]!r} is no postcode of {country}")


def _spelt(text: str, country: str) -> tuple[str, ...]:
    """The code as written, without the country's prefix, and with it: `LV-1010` is `1010`."""
    prefix = postcode_prefix(country)
    if not prefix:
        return (text,)
    bare = text.upper().removeprefix(prefix).removeprefix(prefix.strip("- ")).strip("- ")
    return (text, bare, f"{prefix}{bare}")


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
    pattern = country_facts(country).get("zip")
    return re.compile(pattern) if pattern else None
