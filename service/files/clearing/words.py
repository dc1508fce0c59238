"""The words of documents for suppliers, and how their language writes amounts and dates."""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel import Locale

from service.engine.clearing.claim import Address
from service.engine.day_words import DayWords
from service.engine.money import decimal_mark, format_money, format_number
from service.errors import InvalidInput
from service.files import layouts

FALLBACK = "en"
_FILES = ("clearing.json", "results.json")
"""Claims' texts, and those of results; no name is in both."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of documents in a language, with amounts in a currency."""

    language: str
    currency: str
    texts: dict[str, str]
    days: DayWords

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def say(self, name: str, **values: object) -> str:
        """A text with its values."""
        return self.texts[name].format(**values)

    def money(self, cents: int) -> str:
        """An amount with its currency."""
        return format_money(cents, self.currency, self.language).replace("-", "−")

    def number(self, cents: int) -> str:
        """An amount in a table of one currency."""
        return format_number(cents, self.currency, self.language).replace("-", "−")

    def count(self, number: int) -> str:
        """A whole number."""
        shown = format_number(number, "JPY", self.language)
        return shown.replace("-", "−")

    def percent(self, basis_points: int | None) -> str:
        """A share with two decimals; nothing of None."""
        if basis_points is None:
            return ""
        whole, part = divmod(basis_points, 100)
        return f"{whole}{decimal_mark(self.language)}{part:02}\u00a0%"

    def day(self, day: date | None) -> str:
        """A date in words; a dash where there is none."""
        return "–" if day is None else self.days.long(day)


@lru_cache(maxsize=256)
def words_of(language: str, currency: str) -> Words:
    """The words for a language tag: its own, its language's, or English."""
    known = _texts()
    for tag in (language, language.replace("_", "-").split("-")[0], FALLBACK):
        try:
            decimal_mark(tag)
        except InvalidInput:
            continue
        base = tag.split("-")[0]
        wordings = layouts.wordings()
        if base in known and base in wordings:
            days = wordings[tag if tag in wordings else base].days
            return Words(tag, currency, known[base], days)
    raise InvalidInput(f"no words of documents in {language!r}")


def languages() -> tuple[str, ...]:
    """The languages that documents are written in."""
    return tuple(_texts())


def address_lines(name: str, address: Address, *, home: str, language: str) -> list[str]:
    """A postal address as lines; its country is named in a language unless it is `home`."""
    place = " ".join(filter(None, (address.postcode, address.city, address.region)))
    if address.country in ("US", "CA", "AU", "GB", "IE", "NZ", "IN"):
        place = f"{address.city}, {address.region} {address.postcode}".replace(" ,", ",")
        place = " ".join(place.split()).removesuffix(",")
    country = ""
    if address.country != home:
        known = Locale.parse(language, sep="-").territories
        country = known.get(address.country, address.country).upper()
    return [*filter(None, (name, *address.street.splitlines(), place, country))]


@lru_cache(maxsize=1)
def _texts() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in _FILES:
        read: Any = json.loads((files("templates") / name).read_text(encoding="utf-8"))
        for language, texts in read.items():
            found.setdefault(language, {}).update(texts)
    return found
