"""Periods of a report: days, weeks, months, quarters and years, and the same ones a year before."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.errors import InvalidInput

_QUARTER = 3
_DECEMBER = 12
_LEAP_DAY = (2, 29)


class Each(StrEnum):
    """How long a period of a report is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both in it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def require_order(first: date, last: date) -> None:
    """Raise InvalidInput for days that end before they begin."""
    if last < first:
        raise InvalidInput("The last day is before the first.")


def periods(first: date, last: date, each: Each) -> list[Period]:
    """The periods that touch the days from `first` to `last`, cut to these; weeks begin Monday."""
    found = []
    start = first
    while start <= last:
        after = _after(start, each)
        found.append(Period(start, min(last, after - timedelta(days=1))))
        start = after
    return found


def year_before(period: Period, each: Each) -> Period:
    """The same period of the year before: its dates, or 52 weeks before for days and weeks.

    52 weeks before, so that a Saturday is beside a Saturday. A period that was cut short has the
    same days of the year before.
    """
    if each in (Each.DAY, Each.WEEK):
        back = timedelta(days=364)
        return Period(period.first - back, period.last - back)
    after = period.last + timedelta(days=1)
    first = _year_back(period.first, leap=28)
    return Period(first, max(first, _year_back(after, leap=29) - timedelta(days=1)))


def _after(start: date, each: Each) -> date:
    """The first day of the period after that of a day."""
    match each:
        case Each.DAY:
            return start + timedelta(days=1)
        case Each.WEEK:
            return start + timedelta(days=7 - start.weekday())
        case Each.MONTH:
            months = start.month
        case Each.QUARTER:
            months = (start.month + _QUARTER - 1) // _QUARTER * _QUARTER
        case Each.YEAR:
            months = _DECEMBER
    return date(start.year + months // _DECEMBER, months % _DECEMBER + 1, 1)


def _year_back(day: date, *, leap: int) -> date:
    """The same date a year before; `leap` is the day of February that the 29th has, 29 for March 1.

    Every other year has no such day.
    """
    if (day.month, day.day) != _LEAP_DAY:
        return day.replace(year=day.year - 1)
    return date(day.year - 1, 2, 1) + timedelta(days=leap - 1)
