"""Purge: the files of a batch, and the personal data in them, go after a set time."""

from datetime import datetime, timedelta

from service.publish.answers import ANSWERS, REPORT, SFTP
from service.publish.depot import depot
from service.settings import Settings
from service.store import batches, mailing
from service.store.session import Database


def purge(database: Database, settings: Settings, *, now: datetime) -> int:
    """Remove the files of batches older than the settings allow, and of those that ended.

    Their records stay: numbers, digests and what became of every piece. The number of batches
    purged; a killed purge goes on where it stopped.
    """
    before = now - timedelta(days=settings.purge_days)
    store = depot(settings)
    with database.read() as session:
        found = batches.to_purge(session, before)
        answers = mailing.received_before(session, before, source=SFTP)
    for batch in found:
        store.clear(batch.name)
        with database.write() as session:
            batches.mark_purged(session, batch.id, at=now)
    left = store.files(ANSWERS) if answers else {}
    for name in answers:
        for each in (name, f"{name}{REPORT}"):
            if each in left:
                store.remove(ANSWERS, each)
    return len(found)
