"""Close lists whose last day is over and give back what they held of the budgets."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.engine.ledger import EntryKind, release
from service.notice import Notice
from service.settings import Settings
from service.store import catalogue, ledger, lists
from service.store.session import Database

_BUSY = Notice(
    "Tills use lists that ended. What was closed stays closed; run it again for the others."
)


class Expired(NamedTuple):
    """What was closed: how many lists, and the cents of deals' budgets that they gave back."""

    lists: int
    released_cents: int


def stores_day(session: Session, settings: Settings, *, now: datetime) -> date:
    """The day of a moment where the stores are; of several time zones, the one furthest behind.

    A list is good in every store, so its last day is over when it is over in all of them.
    """
    zones = {settings.timezone, *catalogue.zones(session)}
    return min(now.astimezone(ZoneInfo(zone)).date() for zone in zones)


def closing_day(
    session: Session, settings: Settings, *, as_of: date, now: datetime | None = None
) -> date:
    """The day before which lists ended, for a cycle of a date: that date, but never after today.

    So a cycle of a past date keeps what was valid then, and one made ahead what is valid today.
    `now` is the clock's when left out.
    """
    return min(as_of, stores_day(session, settings, now=now or datetime.now(UTC)))


class Ending(NamedTuple):
    """What closing would do: lists that ended before a day, and the cents they give back."""

    before: date
    lists: int
    released_cents: int


def look_ahead(database: Database, settings: Settings, *, now: datetime) -> Ending:
    """What closing the lists that have ended by now would do; nothing is written."""
    with database.read() as session:
        before = stores_day(session, settings, now=now)
        found = lists.count_ended(session, before=before)
        cents = lists.reserved_by_ended(session, before=before) if found else 0
    return Ending(before, found, cents)


def expire_lists(
    database: Database,
    *,
    before: date,
    at_once: int = 1000,
    progress: Callable[[str, int, int], None] | None = None,
) -> Expired:
    """Expire every issued list that was valid until a day before `before`.

    Each `at_once` of them are one transaction, so a killed sweep goes on where it stopped.
    """
    with database.read() as session:
        found = lists.count_ended(session, before=before)
    closed, cents, last = 0, 0, 0
    # Where nothing ended, nobody who writes is waited for.
    while found:
        some = partial(_expire_some, before=before, after=last, limit=at_once)
        ids, gave = database.settle(some, busy=_BUSY)
        closed, cents = closed + len(ids), cents + gave
        if progress is not None:
            progress("expiry", closed, max(closed, found))
        if len(ids) < at_once:
            break
        last = ids[-1]
    return Expired(closed, cents)


def _expire_some(
    session: Session, *, before: date, after: int, limit: int
) -> tuple[list[int], int]:
    """Close the next lists; their ids, and the cents that they gave back."""
    now = datetime.now(UTC)
    closed = lists.expire(session, before=before, limit=limit, after=after)
    if not closed:
        return [], 0
    held = lists.open_reservations(session, closed)
    name = f"expiry-{before.isoformat()}-{closed[0]}"
    ledger.post_by_offer(session, name, EntryKind.EXPIRY, held, release, at=now)
    return closed, sum(cents for _, cents in held)
