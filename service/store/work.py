"""Queries on pending work: households that are due, and slots of planned jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from service.store.bulk import is_sqlite
from service.store.leases import is_over, too_late
from service.store.tables.types import UtcMoment
from service.store.tables.work import Due, JobSlot


def mark_due(session: Session, household_id: int, *, at: datetime) -> None:
    """Mark that a household's next list must be written; a lease on an older mark ends."""
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    new = make(Due).values(household_id=household_id, marked_at=at, claimed_until=None)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["household_id"],
            set_={"marked_at": new.excluded.marked_at, "claimed_until": None},
        )
    )


def lease_due(
    session: Session, *, limit: int, now: datetime, until: datetime
) -> list[tuple[int, datetime]]:
    """Lease up to `limit` due households, longest waiting first: (household, its mark).

    A lease is over when it ran out, or ends `too_late`.
    """
    skip = "" if is_sqlite(session) else "FOR UPDATE SKIP LOCKED"
    statement = text(
        f"""UPDATE due SET claimed_until = :until WHERE household_id IN (
                SELECT household_id FROM due WHERE claimed_until IS NULL OR claimed_until < :now
                    OR claimed_until > :too_late
                ORDER BY marked_at, household_id LIMIT :limit {skip})
            RETURNING household_id, marked_at"""
    ).bindparams()
    typed = statement.columns(Due.household_id, Due.marked_at)  # type: ignore[arg-type]
    moment = UtcMoment()
    dialect = session.get_bind().dialect
    rows = session.execute(
        typed,
        {
            "until": moment.process_bind_param(until, dialect),
            "now": moment.process_bind_param(now, dialect),
            "too_late": moment.process_bind_param(too_late(now), dialect),
            "limit": limit,
        },
    )
    return sorted((household_id, marked_at) for household_id, marked_at in rows)


def clear_due(session: Session, household_id: int, marked_at: datetime) -> None:
    """Remove a mark once the list is written; a newer mark stays.

    It is one statement, so that no mark is lost.
    """
    session.execute(
        delete(Due).where(col(Due.household_id) == household_id, col(Due.marked_at) == marked_at)
    )


def still_due(session: Session, household_id: int) -> bool:
    """Whether a household waits for its list; its mark is locked until the transaction ends."""
    statement = select(Due.household_id).where(Due.household_id == household_id)
    return session.exec(statement.with_for_update()).first() is not None


def count_due(session: Session) -> int:
    """How many households wait for their next list."""
    return session.exec(select(func.count()).select_from(Due)).one()


@dataclass(frozen=True, slots=True)
class Queue:
    """The households that are due: how many, how many of them a worker has, the longest waiting.

    Counts end at the most that was asked for.
    """

    due: int
    leased: int
    oldest: datetime | None


def queue(session: Session, *, now: datetime, most: int) -> Queue:
    """The queue of due households; nothing is counted beyond `most`."""

    def count(*where: Any) -> int:
        found = select(Due.household_id).where(*where).limit(most).subquery()
        return session.exec(select(func.count()).select_from(found)).one()

    oldest = session.exec(select(func.min(Due.marked_at))).one()
    return Queue(count(), count(col(Due.claimed_until) >= now), oldest)


def newest_slots(session: Session, *, limit: int) -> Sequence[JobSlot]:
    """The planned moments that came last, the newest first."""
    return session.exec(select(JobSlot).order_by(col(JobSlot.slot).desc()).limit(limit)).all()


def lease_slot(
    session: Session, job: str, slot: datetime, *, now: datetime, until: datetime
) -> bool:
    """Lease a planned moment of a job; False when another process has it or it is done.

    A slot whose lease ran out before it was finished can be leased again, and one whose lease ends
    `too_late`.
    """
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    new = make(JobSlot).values(job=job, slot=slot, claimed_until=until)
    taken = session.execute(
        new.on_conflict_do_update(
            index_elements=["job", "slot"],
            set_={"claimed_until": new.excluded.claimed_until},
            where=col(JobSlot.finished_at).is_(None) & is_over(col(JobSlot.claimed_until), now=now),
        ).returning(JobSlot.job)  # type: ignore[call-overload]
    )
    return taken.first() is not None


def renew_slot(session: Session, job: str, slot: datetime, *, until: datetime) -> None:
    """Extend the lease on a slot while its job runs."""
    session.execute(
        update(JobSlot)
        .where(col(JobSlot.job) == job, col(JobSlot.slot) == slot)
        .values(claimed_until=until)
    )


def finish_slot(session: Session, job: str, slot: datetime, *, at: datetime) -> None:
    """Record that the job of this slot is done."""
    session.execute(
        update(JobSlot)
        .where(col(JobSlot.job) == job, col(JobSlot.slot) == slot)
        .values(finished_at=at)
    )


def newest_finished(session: Session) -> datetime | None:
    """When the planned job ended that ended last."""
    return session.exec(select(func.max(JobSlot.finished_at))).one()


def count_unfinished(session: Session, *, before: datetime) -> int:
    """Jobs whose newest slot was begun, is not done, and is nobody's since then."""
    later = aliased(JobSlot)
    statement = (
        select(func.count())
        .select_from(JobSlot)
        .where(
            col(JobSlot.finished_at).is_(None),
            col(JobSlot.claimed_until) < before,
            ~exists().where(col(later.job) == JobSlot.job, col(later.slot) > JobSlot.slot),
        )
    )
    return session.exec(statement).one()
