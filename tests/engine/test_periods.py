"""Periods of a report, and the same ones a year before."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.engine.periods import Each, Period, periods, year_before

DAYS = st.dates(date(1990, 1, 1), date(2050, 12, 31))


def test_months_quarters_and_years_are_cut_to_the_days_asked_for() -> None:
    first, last = date(2024, 2, 10), date(2025, 1, 3)
    assert periods(first, date(2024, 3, 2), Each.MONTH) == [
        Period(first, date(2024, 2, 29)), Period(date(2024, 3, 1), date(2024, 3, 2))
    ]  # fmt: skip
    assert [each.first for each in periods(first, last, Each.QUARTER)] == [
        first, date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1)
    ]  # fmt: skip
    assert periods(first, last, Each.YEAR) == [
        Period(first, date(2024, 12, 31)), Period(date(2025, 1, 1), last)
    ]  # fmt: skip
    # The 10th is a Saturday.
    assert [each.days for each in periods(first, date(2024, 2, 20), Each.WEEK)] == [2, 7, 2]


def test_a_year_before_is_the_same_dates_or_the_same_weekdays() -> None:
    february = Period(date(2024, 2, 1), date(2024, 2, 29))
    assert year_before(february, Each.MONTH) == Period(date(2023, 2, 1), date(2023, 2, 28))
    leap = Period(date(2025, 2, 1), date(2025, 2, 28))
    assert year_before(leap, Each.MONTH) == Period(date(2024, 2, 1), date(2024, 2, 29))
    cut = Period(date(2024, 2, 1), date(2024, 2, 28))
    assert year_before(cut, Each.MONTH) == Period(date(2023, 2, 1), date(2023, 2, 28))
    day = Period(date(2024, 2, 29), date(2024, 2, 29))
    assert year_before(day, Each.MONTH) == Period(date(2023, 2, 28), date(2023, 2, 28))
    before = year_before(day, Each.DAY)
    assert before.first.weekday() == day.first.weekday()
    assert (day.first - before.first).days == 364


@given(DAYS, st.integers(0, 900), st.sampled_from(Each))
def test_every_day_is_in_one_period(first: date, length: int, each: Each) -> None:
    last = first + timedelta(days=length)
    found = periods(first, last, each)
    assert all(year_before(part, each).days >= 1 for part in found)
    days = [part.first + timedelta(days=n) for part in found for n in range(part.days)]
    assert days == [first + timedelta(days=n) for n in range(length + 1)]
