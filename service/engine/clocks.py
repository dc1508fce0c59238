"""What a till says of its clock, bounded by the day it books on and by the clock of the service."""

from datetime import UTC, date, datetime, time, timedelta

DAYS_AHEAD = 2
"""So many days a business date may be ahead of the service's clock."""
DAYS_APART = 2
"""So many days a moment may be from its business date: zones, nights and late closings."""
MINUTES_AHEAD = timedelta(minutes=10)
"""So much a till's clock may be ahead without anybody saying so."""


def is_ahead(business_date: date, *, today: date) -> bool:
    """Whether a day is too far ahead to be booked on."""
    return (business_date - today).days > DAYS_AHEAD


def is_odd(at: datetime, business_date: date, *, now: datetime) -> bool:
    """Whether a moment cannot be that of a transaction booked on this day."""
    apart = at.astimezone(UTC).date().toordinal() - business_date.toordinal()
    return abs(apart) > DAYS_APART or at > now + MINUTES_AHEAD


def taken_as(at: datetime, business_date: date, *, now: datetime) -> datetime:
    """The moment a transaction counts with: never after `now`, an odd one in its business day.

    A moment too late counts as the last of the day, one too early as the first, in UTC.
    """
    if not is_odd(at, business_date, now=now):
        return min(at, now)
    first = datetime.combine(business_date, time.min, UTC)
    if at < first:
        return min(first, now)
    return min(datetime.combine(business_date, time.max, UTC), now)
