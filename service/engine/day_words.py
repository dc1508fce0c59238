"""How a language writes dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class DayWords:
    """The names of months and the forms of dates in one language.

    `first` is how it writes the first day of a month, where that differs from the number;
    `years_before` how many years its calendar counts before ours (543 in the Buddhist era).
    """

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    long_date: str
    short_date: str
    first: str = "1"
    years_before: int = 0

    def long(self, day: date) -> str:
        """A long date, such as `3 December 2026`."""
        return self.long_date.format(
            day=self._number(day),
            month=self.months[day.month - 1],
            number=day.month,
            year=day.year + self.years_before,
        )

    def short(self, day: date) -> str:
        """A short date without the year, such as `3 Dec`."""
        return self.short_date.format(
            day=self._number(day), month=self.short_months[day.month - 1], number=day.month
        )

    def _number(self, day: date) -> str:
        return self.first if day.day == 1 else str(day.day)


def day_words_from(data: Mapping[str, Any]) -> DayWords:
    """The dates of a language, from its data in `phrases.json` merged into what it extends."""
    return DayWords(
        months=tuple(data["months"]),
        short_months=tuple(data["short_months"]),
        long_date=data["long_date"],
        short_date=data["short_date"],
        first=data.get("first", "1"),
        years_before=data.get("years_before", 0),
    )
