"""Stores that used to send sales and stopped are named."""

from datetime import date, timedelta

from service.engine.lift.silence import Silence, silences

FIRST = date(2026, 3, 2)
UNTIL = date(2026, 3, 16)


def days(first: int, last: int, *, without: tuple[int, ...] = ()) -> list[date]:
    """Days from the first of the window; `without` are weekdays left out."""
    every = (FIRST + timedelta(days=n) for n in range(first, last))
    return [day for day in every if day.weekday() not in without]


def found(sent: list[date]) -> tuple[Silence, ...]:
    return silences({"0042": sent}, first_day=FIRST, until=UNTIL)


def test_a_store_that_sends_on_is_not_silent() -> None:
    assert found(days(-56, 14)) == ()
    assert found(days(-56, 14, without=(5, 6))) == ()


def test_a_store_that_stops_or_pauses_is_named_with_its_days() -> None:
    stopped = Silence("0042", FIRST + timedelta(days=6), FIRST + timedelta(days=13))
    paused = Silence("0042", FIRST - timedelta(days=3), FIRST + timedelta(days=3))

    assert found(days(-56, 6)) == (stopped,)
    assert found(days(-56, -3) + days(4, 14)) == (paused,)
    assert str(stopped) == "store 0042 from 2026-03-08 to 2026-03-15"


def test_a_pause_must_be_longer_than_any_before_by_more_than_three_days() -> None:
    """A store that is closed for a week now and then is not silent when it is again."""
    with_pause = days(-56, -40) + days(-33, 4)

    assert found(days(-56, 14 - 3)) == ()
    assert found(with_pause + days(13, 14)) == ()
    assert found(days(-56, 4) + days(13, 14)) != ()


def test_a_store_that_closed_weeks_ago_or_opened_lately_is_not_awaited() -> None:
    assert found(days(-56, -28)) == ()
    assert found(days(-3, 0)) == ()
    assert found([]) == ()
