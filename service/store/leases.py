"""When a lease is over, so that somebody else may take what it was on."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_

_LONGEST = timedelta(minutes=20)
"""No lease lasts longer (`LARDER_LEASE_SECONDS`), with what clocks may differ."""


def too_late(now: datetime) -> datetime:
    """The end that no lease has which is held; one later was taken by a clock set back since."""
    return now + _LONGEST


def is_over(claimed_until: Any, *, now: datetime) -> ColumnElement[bool]:
    """Whether a lease ran out, or ends `too_late`."""
    return or_(claimed_until < now, claimed_until > too_late(now))
