"""A time of day where the stores are: one slot a day, also when clocks change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import given
from hypothesis import strategies as st

from service.jobs.slots import LocalTime

FIRST = date(2024, 1, 1)
moments = st.timedeltas(timedelta(days=31), timedelta(days=5000)).map(
    lambda passed: datetime(2024, 1, 1, tzinfo=UTC) + passed
)


def slots(trigger: BaseTrigger, now: datetime) -> Iterator[datetime]:
    """The slots of a trigger from a moment on."""
    slot = trigger.get_next_fire_time(None, now)
    while slot is not None:
        yield slot
        slot = trigger.get_next_fire_time(slot, slot + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("zone", "at", "first", "moments"),
    [
        # 02:45 is skipped on 8 March: an hour later by the clock.
        ("America/Los_Angeles", time(2, 45), "2026-03-07", ["07 10:45", "08 10:45", "09 09:45"]),
        # 01:45 is twice on 1 November: the first of them.
        ("America/Los_Angeles", time(1, 45), "2026-10-31", ["31 08:45", "01 08:45", "02 09:45"]),
        # The same east of UTC, where the slot lies on the day before in UTC.
        ("Pacific/Auckland", time(2, 30), "2026-09-26", ["25 14:30", "26 14:30", "27 13:30"]),
        ("Pacific/Auckland", time(2, 30), "2026-04-04", ["03 13:30", "04 13:30", "05 14:30"]),
        # There was no 30 December 2011: its slot is that of the next day.
        ("Pacific/Apia", time(3), "2011-12-29", ["29 13:00", "30 13:00", "31 13:00"]),
    ],
)
def test_a_slot_that_is_skipped_or_twice_happens_once(
    zone: str, at: time, first: str, moments: list[str]
) -> None:
    trigger = LocalTime(at, zone=ZoneInfo(zone), first=date(2000, 1, 1))
    midnight = datetime.combine(date.fromisoformat(first), time(), ZoneInfo(zone))
    found = list(islice(slots(trigger, midnight.astimezone(UTC)), len(moments)))
    assert [f"{slot.astimezone(UTC):%d %H:%M}" for slot in found] == moments


@given(
    moments,
    st.sampled_from(["America/Los_Angeles", "Pacific/Auckland", "America/Havana", "Asia/Beirut"]),
    st.integers(0, 23),
    st.sampled_from([0, 5, 15, 45]),
)
def test_every_local_day_has_one_slot_in_order(
    now: datetime, zone: str, hour: int, minute: int
) -> None:
    trigger = LocalTime(time(hour, minute), zone=ZoneInfo(zone), first=FIRST)
    found = list(islice(slots(trigger, now), 400))
    assert now <= found[0].astimezone(UTC) < now + timedelta(hours=26)
    for one, next_one in pairwise(found):
        assert one.astimezone(UTC) < next_one.astimezone(UTC)
        assert next_one.date() - one.date() == timedelta(days=1)


@given(moments, st.integers(0, 23), st.integers(1, 6))
def test_in_utc_the_slots_are_those_of_earlier_versions(
    now: datetime, hour: int, weeks: int
) -> None:
    """What was claimed before an upgrade is claimed after it."""
    utc = ZoneInfo("UTC")
    pairs = [
        (
            LocalTime(time(hour, 15), zone=utc, first=FIRST),
            CronTrigger(hour=hour, minute=15, timezone=UTC),
        ),
        (
            LocalTime(time(hour, 45), zone=utc, first=FIRST, days=7 * weeks),
            IntervalTrigger(
                weeks=weeks, start_date=datetime(2024, 1, 1, hour, 45, tzinfo=UTC), timezone=UTC
            ),
        ),
    ]
    for trigger, earlier in pairs:
        assert list(islice(slots(trigger, now), 3)) == list(islice(slots(earlier, now), 3))
