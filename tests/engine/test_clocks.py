"""Moments by clocks that may be wrong, and the days they are booked on."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.clocks import is_ahead, is_odd, taken_as

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("at", "day", "taken"),
    [
        (NOW, TODAY, None),
        (NOW - timedelta(days=1), TODAY, None),
        (datetime(2017, 11, 26, 17, tzinfo=UTC), date(2017, 11, 26), None),
        (datetime(2026, 3, 6, 1, tzinfo=timezone(timedelta(hours=14))), date(2026, 3, 6), None),
        (datetime(2099, 1, 1, tzinfo=UTC), TODAY, NOW),
        (datetime(2099, 1, 1, tzinfo=UTC), date(2026, 3, 1),
         datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)),
        (datetime(1980, 1, 1, tzinfo=UTC), TODAY, datetime(2026, 3, 5, tzinfo=UTC)),
        (datetime(1980, 1, 1, tzinfo=UTC), date(2026, 3, 7), NOW),
        (NOW + timedelta(minutes=11), TODAY, NOW),
    ],
)  # fmt: skip
def test_an_odd_moment_counts_within_its_day_and_never_after_now(
    at: datetime, day: date, taken: datetime | None
) -> None:
    assert is_odd(at, day, now=NOW) == (taken is not None)
    assert taken_as(at, day, now=NOW) == (taken or at)


def test_a_clock_some_minutes_ahead_is_not_odd_and_counts_as_now() -> None:
    assert not is_odd(NOW + timedelta(minutes=9), TODAY, now=NOW)
    assert taken_as(NOW + timedelta(minutes=9), TODAY, now=NOW) == NOW


def test_two_days_ahead_is_as_far_as_it_goes() -> None:
    assert [is_ahead(TODAY + timedelta(days=n), today=TODAY) for n in (-4000, 2, 3)] == [
        False, False, True
    ]  # fmt: skip


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.dates(),
)
def test_no_moment_counts_after_now_or_far_from_its_day(at: datetime, day: date) -> None:
    taken = taken_as(at.replace(tzinfo=UTC), day, now=NOW)
    assert taken <= NOW
    assert taken == NOW or abs((taken.date() - day).days) <= 2
