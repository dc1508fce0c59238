"""Keeps the sums of deals and cycles near the newest rows, and counts them again."""

import time
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from service.notice import Notice
from service.store import recount, sums
from service.store.session import Database, is_conflict
from service.store.sums import Mark

ROWS_AT_ONCE = 20_000
"""So many rows of each kind are added in one transaction."""

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 5.0


def keep_sums(
    database: Database, *, rows_at_once: int = ROWS_AT_ONCE, patience: float = _PATIENCE_SECONDS
) -> bool:
    """Add to the sums all that was written before now; False when it has to be done again.

    Rows count when whoever may have written one before the newest that can be seen has ended: it is
    waited for `patience` seconds. A transaction that changes sums for long is not waited for.
    """
    upto = _settled(database, patience)
    if upto is None:
        return False
    while True:
        try:
            with database.write() as session:
                if sums.fold(session, upto, most=rows_at_once):
                    return True
        except DBAPIError as error:
            if not is_conflict(error):
                raise
            return False


def recount_sums(database: Database, *, now: datetime) -> int:
    """Count every sum again and put right what differs; how many sums differed.

    The counting holds nobody up. Sums that are wrong are locked while they are corrected.
    """
    with database.read() as session:
        wrong, wrong_cycles = recount.wrong_deals(session), recount.wrong_cycles(session)

    def write(session: Session) -> int:
        corrected = recount.correct(session, wrong)
        corrected += recount.correct_cycles(session, wrong_cycles)
        recount.note(session, corrected=corrected, at=now)
        return corrected

    return database.settle(
        write, busy=Notice("Sums are being changed; they are counted again later.")
    )


def _settled(database: Database, patience: float) -> Mark | None:
    """The newest rows below which nothing is still being written; None if it did not end in time.

    First what can be seen, then who is writing: in this order nobody can be missed.
    """
    with database.read() as session:
        upto, before = sums.newest(session), sums.read_mark(session)
        if all(new <= old for new, old in zip(upto, before, strict=True)):
            return before
        waited_for = sums.writers(session)
    give_up = time.monotonic() + patience
    while waited_for:
        if time.monotonic() > give_up:
            return None
        time.sleep(_POLL_SECONDS)
        with database.read() as session:
            waited_for &= sums.writers(session)
    return upto
