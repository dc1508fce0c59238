"""The moments that jobs are planned for: a time of day where the stores are."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

_INSTANT = timedelta(microseconds=1)


class LocalTime(BaseTrigger):  # type: ignore[misc]
    """A time of day in a zone, every so many days from the first of them.

    Every such day has one slot, also when clocks change: a time that is twice is the first of the
    two, and one that is skipped comes as much later as the clocks go forward.
    """

    __slots__ = ("at", "days", "first", "zone")

    def __init__(self, at: time, *, zone: ZoneInfo, first: date, days: int = 1) -> None:
        self.at, self.zone, self.first, self.days = at, zone, first, days

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The first slot after the previous one; without one, the first that is not before now."""
        after = now.astimezone(UTC)
        if previous_fire_time is not None:
            after = previous_fire_time.astimezone(UTC) + _INSTANT
        # A slot that was skipped may lie on the next day.
        day = max(self.first, after.astimezone(self.zone).date() - timedelta(days=1))
        day += timedelta(days=-(day - self.first).days % self.days)
        while (slot := self._slot(day)) < after:
            day += timedelta(days=self.days)
        return slot

    def _slot(self, day: date) -> datetime:
        # By way of UTC, so that a time which clocks skip becomes one that they show.
        local = datetime.combine(day, self.at, self.zone)
        return datetime.fromtimestamp(local.timestamp(), self.zone)
