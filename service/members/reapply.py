"""Erase again whom a restored backup brought back."""

from dataclasses import dataclass
from pathlib import Path

from service.digests import ref_digest
from service.members import erasure_log
from service.members.erase import erase_again
from service.secret_key import both
from service.settings import Settings
from service.store import erasures, households
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Reapplied:
    """How many were erased again, were known as erased already, and are not there.

    The `unknown` came after the backup, and stay out too. `damaged` are the numbers of lines of the
    log that are no entries.
    """

    erased: int
    known: int
    unknown: int
    damaged: tuple[int, ...]


def reapply_erasures(
    database: Database, settings: Settings, path: Path, *, by: Actor = SERVICE
) -> Reapplied:
    """Erase whom the log at `path` names, after a restore and before anything is served.

    Under the same references as before; safe to repeat. It knows them by LARDER_SECRET_KEY, which
    or the one before it must be that of then. Raises NotFound when there is no such log.
    """
    entries, damaged = erasure_log.read(path)
    with database.read() as session:
        gone = erasures.references(session)
        known_refs = households.ids_by_ref(session)
        refs = {
            ref_digest(key, ref): ref for ref in known_refs for key in both(settings.secret_key)
        }
    erased, known = 0, 0
    for entry in entries:
        if entry.reference in gone:
            known += 1
        elif entry.ref_digest in refs:
            erase_again(database, settings, entry, refs[entry.ref_digest], by=by)
            erased += 1
        else:
            _keep_out(database, settings, entry, by=by)
    return Reapplied(erased, known, len(entries) - erased - known, tuple(damaged))


def _keep_out(
    database: Database, settings: Settings, entry: erasure_log.Entry, *, by: Actor
) -> None:
    """Keep out whom the backup does not know, so that no file brings it back."""
    with database.write() as session:
        households.ensure(session, [entry.reference], language=settings.language)
        found = households.by_ref(session, entry.reference)
        assert found is not None
        row = erasures.add(
            session,
            Erasure(
                household_id=found.id,
                reference=entry.reference,
                ref_digest=entry.ref_digest,
                erased_at=entry.at,
                actor=by.name,
                person_id=by.person_id,
                finished_at=entry.at,
            ),
        )
        erasures.keep_cards(session, row.id, entry.cards)
        erasures.forget(session, row)
