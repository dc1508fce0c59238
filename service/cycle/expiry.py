"""Close lists whose last day is over and give back what they held of the budgets."""

from datetime import UTC, date, datetime

from sqlmodel import Session

from service.engine.ledger import EntryKind, release
from service.store import ledger, lists
from service.store.session import Database

_LISTS_AT_ONCE = 1000
_BUSY = "Tills use the lists that expired; the sweep goes on the next time."


def expire_lists(database: Database, *, before: date) -> int:
    """Expire every issued list that was valid until a day before `before`; their number.

    Each thousand is one transaction, so a killed sweep goes on where it stopped.
    """
    total = 0
    while True:
        closed = database.settle(lambda session: _expire_some(session, before), busy=_BUSY)
        total += closed
        if closed < _LISTS_AT_ONCE:
            return total


def _expire_some(session: Session, before: date) -> int:
    now = datetime.now(UTC)
    closed = lists.expire(session, before=before, limit=_LISTS_AT_ONCE)
    if not closed:
        return 0
    held = lists.open_reservations(session, closed)
    name = f"expiry-{before.isoformat()}-{closed[0]}"
    ledger.post_by_offer(session, name, EntryKind.EXPIRY, held, release, at=now)
    return len(closed)
