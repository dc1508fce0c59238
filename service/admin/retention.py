"""Retention: what is older than it has to be kept goes, unless something still needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.settings import Settings
from service.store import audit, retention
from service.store.actor import SERVICE, Actor
from service.store.retention import Age, Count, Part
from service.store.session import Database
from service.store.tables.retention import Kind

AT_ONCE = 500
"""Rows that go in one transaction, so that no till waits for long."""
_BUSY = "Tills and jobs use what would go. What went stays gone; run it again for the rest."


@dataclass(frozen=True, slots=True)
class Old:
    """What of a kind is older than its `days`: `age` is None where it is kept for ever.

    `is_held` says that cycles whose outcomes are not counted need more than the days say.
    """

    kind: Kind
    days: int
    age: Age | None = None
    counts: Sequence[Count] = ()
    is_held: bool = False


def look(database: Database, settings: Settings, *, now: datetime) -> list[Old]:
    """What would go, and what is old and stays because something needs it; nothing is written."""
    found = []
    with database.read() as session:
        for kind in Kind:
            old = _age(session, settings, kind, now=now)
            if old.age is None:
                found.append(old)
                continue
            counts = [retention.count(session, part, old.age) for part in retention.PARTS[kind]]
            found.append(Old(kind, old.days, old.age, counts, old.is_held))
    return found


def remove(
    database: Database,
    settings: Settings,
    *,
    now: datetime,
    by: Actor = SERVICE,
    progress: Callable[[str, int], None] | None = None,
) -> dict[Kind, int]:
    """Remove what nothing needs, `AT_ONCE` rows a transaction; how many rows went, by kind.

    A pass that was killed goes on with the next. From when on all of a kind is there is recorded
    before anything goes, so that nothing is counted again of days that are not whole.
    """
    gone = {}
    for kind in Kind:
        with database.read() as session:
            old = _age(session, settings, kind, now=now)
        if old.age is None:
            continue
        with database.write() as session:
            retention.begin(session, kind, old.age, at=now)
        removed = 0
        for part in retention.PARTS[kind]:
            removed += _remove_part(database, part, old.age, progress)
        with database.write() as session:
            retention.finish(session, kind, removed=removed, at=datetime.now(UTC))
            if removed:
                detail = {"rows": removed, "before": old.age.before.isoformat()}
                audit.add(session, by, "remove", "retention", kind, at=now, detail=detail)
        gone[kind] = removed
    return gone


def _remove_part(
    database: Database, part: Part, age: Age, progress: Callable[[str, int], None] | None
) -> int:
    removed, last = 0, part.before_first
    while True:
        some = partial(retention.remove_some, part=part, age=age, after=last, limit=AT_ONCE)
        keys = database.settle(some, busy=_BUSY)
        removed += len(keys)
        if progress is not None:
            progress(part.table, removed)
        if len(keys) < AT_ONCE:
            return removed
        last = keys[-1]


def _age(session: Session, settings: Settings, kind: Kind, *, now: datetime) -> Old:
    """What counts as old of a kind."""
    days: int = getattr(settings, f"keep_{kind}_days")
    if not days:
        return Old(kind, days)
    zone = ZoneInfo(settings.timezone)
    today = now.astimezone(zone).date()
    before, is_held = today - timedelta(days=days), False
    if kind is Kind.BASKETS:
        needed = retention.needed_from(session)
        is_held = needed is not None and needed < before
        before = needed if needed is not None and is_held else before
    return Old(kind, days, Age(before, _midnight(before, zone), today), is_held=is_held)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
