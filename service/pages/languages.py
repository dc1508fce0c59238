"""The languages of pages: their texts, and how numbers, days and moments are written.

Texts are the msgids of gettext catalogues in `locale/`, compiled when a language is first used.
"""

import gettext
import io
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, negotiate_locale, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from service.engine.money import format_money

LANGUAGES = {"en": "English", "de": "Deutsch", "zh": "中文"}
"""The languages and what each calls itself."""

SOURCE = "en"
"""The language that the texts are written in."""

CATALOGUES = Path(__file__).with_name("locale")


def mark(text: str) -> str:
    """The same text: marks it for the catalogues where it is translated only when it is shown."""
    return text


@dataclass(frozen=True)
class Language:
    """One language of pages."""

    tag: str
    texts: gettext.NullTranslations

    @property
    def locale(self) -> Locale:
        """How this language writes numbers and days."""
        return Locale.parse(self.tag)

    def text(self, message: str, **values: Any) -> str:
        """A text with `%(name)s` filled in."""
        found = self.texts.gettext(message)
        return found % values if values else found

    def count(self, one: str, many: str, number: int, **values: Any) -> str:
        """A text about so many things; `%(number)s` is the number as this language writes it."""
        found = self.texts.ngettext(one, many, number)
        return found % {"number": self.number(number), **values}

    def number(self, value: float) -> str:
        """A number with separators; at most one decimal."""
        return numbers.format_decimal(value, format="#,##0.#", locale=self.locale)

    def percent(self, share: float) -> str:
        """A share as per cent, with one decimal below ten."""
        digits = "#,##0.#%" if abs(share) < 0.1 else "#,##0%"
        return numbers.format_percent(share, format=digits, locale=self.locale)

    def money(self, cents: int, currency: str) -> str:
        """An amount, as customers read it."""
        return format_money(cents, currency, self.tag)

    def day(self, value: date, *, year: bool = True) -> str:
        """A day: 25 Nov 2017, or without the year."""
        if year:
            return dates.format_date(value, format="medium", locale=self.locale)
        return dates.format_skeleton("MMMd", value, locale=self.locale)

    def weekday(self, value: date) -> str:
        """A day with its weekday."""
        return dates.format_date(value, format="full", locale=self.locale)

    def moment(self, value: datetime, zone: tzinfo) -> str:
        """A moment in a time zone, to the minute."""
        local = value.astimezone(zone)
        day = dates.format_date(local, format="medium", locale=self.locale)
        return f"{day} {dates.format_time(local, format='short', locale=self.locale)}"


def language_of(tag: str) -> Language:
    """The language with a tag, or the language the texts are written in."""
    return _load(tag if tag in LANGUAGES else SOURCE)


def negotiate(header: str) -> str:
    """The best language for the `Accept-Language` of a request."""
    wanted = sorted(map(_weighed, header.split(",")), key=lambda each: -each[1])
    tags = [tag.strip().replace("-", "_") for tag, weight in wanted if weight > 0 and tag.strip()]
    plain = [part for tag in tags for part in (tag, tag.partition("_")[0])]
    return negotiate_locale(plain, list(LANGUAGES)) or SOURCE


def _weighed(part: str) -> tuple[str, float]:
    tag, _, weight = part.partition(";q=")
    try:
        return tag, float(weight or 1)
    except ValueError:
        return tag, 0.0


@lru_cache(maxsize=len(LANGUAGES))
def _load(tag: str) -> Language:
    if tag == SOURCE:
        return Language(tag, gettext.NullTranslations())
    compiled = io.BytesIO()
    with (CATALOGUES / f"{tag}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag))
    compiled.seek(0)
    return Language(tag, gettext.GNUTranslations(compiled))
