"""How a household buys an item, said so that its own purchases do not contradict it."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from service.engine.records import Due
from service.engine.redeem import Wording
from service.engine.wishes import ABOUT_US, GENERAL, WishAct

_SAID = {
    WishAct.SOONER: "said_sooner",
    WishAct.FAVOURITE: "said_favourite",
    ABOUT_US: "said_about_us",
    GENERAL: "general",
}
"""The phrases for what put an item on a list beside what its household bought."""
_WEEK_DAYS = 7
_MONTH_DAYS = 30.44
_MOST_DAYS = 365
# A household has not bought an item for a while after so many days, and so many of its intervals.
_LAPSED_DAYS = 28
_LAPSED_INTERVALS = 2.0
# A date without its year is clear for so long.
_CLEAR_DAYS = 300


@dataclass(frozen=True, slots=True)
class Habit:
    """When a household bought an item, and when it is expected to buy it again.

    `interval_days` is None after a single purchase. `issued_on` is the day after what is known of
    it, `begins_on` the first day on which it holds the list.
    """

    last_bought_on: date
    interval_days: float | None
    expected_on: date
    issued_on: date
    begins_on: date

    @property
    def is_lapsed(self) -> bool:
        """Whether the last purchase is so long ago that no day is promised."""
        usual = _LAPSED_INTERVALS * (self.interval_days or 0.0)
        return (self.issued_on - self.last_bought_on).days > max(_LAPSED_DAYS, usual)


class _Often(NamedTuple):
    """A phrase for an interval, the number in it, and the days it stands for."""

    key: str
    number: int
    days: float

    @property
    def longest_days(self) -> float:
        """So long after a purchase the phrase is still believed."""
        return 1.25 * self.days + 1.0


def due(habit: Habit | None, said: str | None = None) -> Due:
    """When an item is needed; None is an item that the household never bought.

    `said` is what the household said of it, or None.
    """
    if said == WishAct.SOONER:
        return Due.NOW
    if habit is None or habit.is_lapsed:
        return Due.OPEN
    days = (habit.expected_on - habit.begins_on).days
    if days < _WEEK_DAYS:
        return Due.NOW
    return Due.NEXT_WEEK if days < 2 * _WEEK_DAYS else Due.LATER


def reason(habit: Habit | None, wording: Wording, said: str | None = None) -> str:
    """Why an item is on the list: because the household said so (`said`, see `Said.scored`), or
    else how often it is bought, and when it was last.

    An interval is said only if neither the last purchase nor the day expected is against it.
    """
    if said is not None:
        return wording.say(_SAID[said])
    if habit is None:
        return wording.say("discovery")
    day = wording.days.short(habit.last_bought_on)
    if habit.interval_days is None:
        return wording.say("once_only" if habit.is_lapsed else "once", day=day)
    if habit.is_lapsed:
        return wording.say("lapsed")
    is_clear = (habit.begins_on - habit.last_bought_on).days <= _CLEAR_DAYS
    often = _often(habit.interval_days)
    if often is None or not _is_believed(habit, often):
        return wording.say("last" if is_clear else "lapsed", day=day)
    said = wording.say(often.key, count=often.number)
    if is_clear and (habit.expected_on - habit.last_bought_on).days <= often.longest_days:
        return wording.say("often_last", often=said, day=day)
    return said


def _is_believed(habit: Habit, often: _Often) -> bool:
    """Whether the last purchase and the day expected go with an interval.

    Between the last purchase and the first day of the list there may have been others.
    """
    since_days = (habit.issued_on - habit.last_bought_on).days
    until_days = (habit.expected_on - habit.last_bought_on).days
    wait_days = (habit.expected_on - max(habit.last_bought_on, habit.begins_on)).days
    return (
        since_days <= often.longest_days
        and wait_days <= often.longest_days
        and 2 * until_days >= often.days
    )


def _often(interval_days: float) -> _Often | None:
    """The phrase nearest to an interval; None for one of more than a year."""
    if interval_days < 1.5:
        return _Often("every_day", 1, 1)
    if interval_days < 10.5:
        days = round(interval_days)
        if days == _WEEK_DAYS:
            return _Often("every_week", 1, days)
        return _Often("every_days", days, days)
    if interval_days < 24.5:
        weeks = round(interval_days / _WEEK_DAYS)
        return _Often("every_weeks", weeks, weeks * _WEEK_DAYS)
    if interval_days > _MOST_DAYS:
        return None
    months = max(1, round(interval_days / _MONTH_DAYS))
    if months == 1:
        return _Often("every_month", 1, _MONTH_DAYS)
    return _Often("every_months", months, months * _MONTH_DAYS)
