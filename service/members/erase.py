"""Erase a household: who it was is gone; what was bought, paid and owed stays, of nobody.

First one transaction: contact, identities, consents, feedback and notes go, the household is called
by a random reference, and its open lists are voided with what they reserved. Then the files:
packages with its name are removed at once, and printed again without it where nobody has them yet.
A killed erasure is finished by `finish_erasures`, which may run at any time.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.digests import ref_digest
from service.engine.ledger import EntryKind, release
from service.members import erased_files, erasure_log
from service.members.erased_files import Removed
from service.members.finding import member
from service.notice import Notice
from service.settings import Settings
from service.store import audit, erasures, households, ledger, lists
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.erasure import Erasure
from service.store.tables.household import Household

SUBJECT = "household"
_BUSY = Notice("Tills or the press use this household; nothing was erased. Try again.")
_REFERENCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """An erased household: its reference, the lists that were withdrawn, what budgets got back.

    `files` is what became of the packages that had its name.
    """

    reference: str
    lists: int
    released_cents: int
    files: Removed


def erase(
    database: Database, settings: Settings, ref: str, *, by: Actor, now: datetime
) -> ErasureReport:
    """Erase the household with the retailer's number `ref`; nothing brings it back.

    By its reference, what people wrote on it since is taken out again. Raises NotFound, also for
    the number of one that was erased before: nobody is known by it.
    """
    with database.read() as session:
        found = households.by_ref(session, ref)
        before = None if found is None else erasures.of_household(session, found.id)
    if before is not None:
        return _forget_again(database, settings, before, by=by, now=now)
    reference = f"erased-{secrets.token_hex(_REFERENCE_BYTES)}"
    return _erase(database, settings, ref, reference, by=by, now=now)


def erase_again(
    database: Database, settings: Settings, entry: erasure_log.Entry, ref: str, *, by: Actor
) -> ErasureReport:
    """Erase a household that a backup brought back, under the reference that it had."""
    return _erase(database, settings, ref, entry.reference, by=by, now=entry.at, logged=True)


def finish_erasures(database: Database, settings: Settings, *, now: datetime) -> int:
    """Remove what erased households left in files; how many are not finished yet.

    There is something to remove where a process died in between, and where a mailing house was
    fetching a package, which it has by now. Safe to repeat.
    """
    with database.read() as session:
        left = erasures.unfinished(session)
    removed = [erased_files.remove(database, settings, row, now=now) for row in left]
    return sum(bool(each.waiting) for each in removed)


def _erase(
    database: Database,
    settings: Settings,
    ref: str,
    reference: str,
    *,
    by: Actor,
    now: datetime,
    logged: bool = False,
) -> ErasureReport:
    def write(session: Session) -> tuple[Erasure, int, int]:
        erasures.overwrite_deleted(session, is_on=True)
        household = member(session, ref)
        row = _row(settings, household, reference, by=by, now=now)
        ids = lists.lock_open_of(session, household.id)
        lists.void(session, ids)
        held = lists.open_reservations(session, ids)
        ledger.post_by_offer(session, reference, EntryKind.ERASURE, held, release, at=now)
        erasures.add(session, row)
        cards = erasures.cards_of(session, household.id)
        erasures.keep_cards(session, row.id, cards)
        erasures.forget(session, row)
        lists.forget_codes(session, household.id)
        erasures.forget_in_plans(session, ref)
        erasures.overwrite_deleted(session, is_on=False)
        audit.add(session, by, "erase", SUBJECT, household.id, at=now)
        session.flush()
        if not logged:
            # Last before the end: whoever is in the log is erased again after a restore.
            erasure_log.append(settings.erasure_log, erasure_log.Entry.of(row, cards))
        return row, len(ids), sum(cents for _, cents in held)

    row, count, released = database.settle(write, busy=_BUSY)
    files = erased_files.remove(database, settings, row, now=now)
    return ErasureReport(reference, count, released, files)


def _forget_again(
    database: Database, settings: Settings, row: Erasure, *, by: Actor, now: datetime
) -> ErasureReport:
    """Take out what was written on an erased household since."""
    with database.write() as session:
        erasures.overwrite_deleted(session, is_on=True)
        erasures.forget(session, row)
        audit.add(session, by, "erase", SUBJECT, row.household_id, at=now)
        session.flush()
        erasures.overwrite_deleted(session, is_on=False)
    files = erased_files.remove(database, settings, row, now=now)
    return ErasureReport(row.reference, 0, 0, files)


def _row(
    settings: Settings, household: Household, reference: str, *, by: Actor, now: datetime
) -> Erasure:
    return Erasure(
        household_id=household.id,
        reference=reference,
        ref_digest=ref_digest(settings.secret_key, household.ref),
        erased_at=now,
        actor=by.name,
        person_id=by.person_id,
    )
