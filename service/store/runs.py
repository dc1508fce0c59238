"""Queries on runs: long work that a client requests and polls."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from service.store.keyset import Turned, turn
from service.store.leases import is_over
from service.store.tables.cycle import Run, RunProblem, RunState
from service.store.tables.types import JsonObject


class RunPlace(NamedTuple):
    """Where a run is among all, the newest first: several may be requested at one moment."""

    created_at: datetime
    run_id: str


def place_of(run: Run) -> RunPlace:
    """Where a run is among all."""
    return RunPlace(run.created_at, run.id)


def add(session: Session, run: Run) -> None:
    """Queue a run."""
    session.add(run)
    session.flush()


def get(session: Session, run_id: str) -> Run | None:
    """One run."""
    return session.get(Run, run_id)


def newest(session: Session, kinds: Sequence[str], *, limit: int) -> Sequence[Run]:
    """The newest runs of some kinds; their results are read when they are asked for."""
    statement = (
        select(Run)
        .where(col(Run.kind).in_(kinds))
        .order_by(col(Run.created_at).desc(), col(Run.id).desc())
        .limit(limit)
        .options(defer(col(Run.result)))  # type: ignore[arg-type]
    )
    return session.exec(statement).all()


def lease(session: Session, *, now: datetime, until: datetime) -> Run | None:
    """Lease the oldest run that is queued, or whose lease is over, until `until`."""
    is_free = is_over(col(Run.claimed_until), now=now)
    free = or_(
        col(Run.state) == RunState.QUEUED,
        and_(col(Run.state) == RunState.RUNNING, is_free),
    )
    run = session.exec(
        select(Run)
        .where(free)
        .order_by(col(Run.created_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if run is not None:
        run.state = RunState.RUNNING
        run.claimed_until = until
        run.attempts += 1
        session.add(run)
        session.flush()
    return run


def fail_abandoned(
    session: Session, *, attempts: int, problem: RunProblem, now: datetime
) -> list[str]:
    """Fail the runs whose process died in each of so many `attempts`; their ids."""
    failed = session.execute(
        update(Run)
        .where(
            col(Run.state) == RunState.RUNNING,
            is_over(col(Run.claimed_until), now=now),
            col(Run.attempts) >= attempts,
        )
        .values(state=RunState.FAILED, problem=problem, finished_at=now, claimed_until=None)
        .returning(Run.id)  # type: ignore[call-overload]
    )
    return [run_id for (run_id,) in failed]


def release(session: Session, run_id: str, *, at: datetime) -> None:
    """End the lease on a run, so that another worker can take it up at once."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.state) == RunState.RUNNING)
        .values(claimed_until=at)
    )


def hand_back(session: Session, run_id: str) -> None:
    """Queue a run again that its worker leaves because it is to stop: no attempt is counted."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.state) == RunState.RUNNING)
        .values(state=RunState.QUEUED, claimed_until=None, attempts=col(Run.attempts) - 1)
    )


def advance(session: Session, run_id: str, *, stage: str, done: int, total: int) -> bool:
    """Record the progress of a run; False where somebody ended it."""
    found = session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.state) == RunState.RUNNING)
        .values(stage=stage, done=done, total=total)
        .returning(Run.id)  # type: ignore[call-overload]
    )
    return found.first() is not None


def renew(session: Session, run_id: str, *, until: datetime) -> None:
    """Extend the lease on a run that is being worked on."""
    session.execute(update(Run).where(col(Run.id) == run_id).values(claimed_until=until))


def pending(session: Session, kind: str, arguments: JsonObject) -> Run | None:
    """A run of this kind and these arguments that is queued or running."""
    statement = select(Run).where(
        Run.kind == kind,
        Run.arguments == arguments,
        col(Run.state).in_([RunState.QUEUED, RunState.RUNNING]),
    )
    return session.exec(statement).first()


def newest_of(session: Session, kind: str, arguments: JsonObject) -> Run | None:
    """The run of this kind and these arguments that was requested last."""
    statement = select(Run).where(Run.kind == kind, Run.arguments == arguments)
    return session.exec(statement.order_by(col(Run.created_at).desc()).limit(1)).first()


def listed(
    session: Session,
    *,
    states: Sequence[str],
    after: RunPlace | None,
    before: RunPlace | None,
    limit: int,
) -> Turned[Run]:
    """A page of the runs in these states (all where none is named), the newest first.

    `after` and `before` are the places of the runs at the page's edges. Their results are read
    when they are asked for.
    """
    statement = select(Run).options(defer(col(Run.result)))  # type: ignore[arg-type]
    if states:
        statement = statement.where(col(Run.state).in_(states))
    key = (col(Run.created_at), col(Run.id))
    return turn(session, statement, key, after=after, before=before, limit=limit)


def give_up(
    session: Session,
    run_id: str,
    *,
    stopped: Collection[str],
    until: str,
    problem: RunProblem,
    now: datetime,
) -> bool:
    """Fail a run that no worker works on; False when one does, or it has ended.

    Of the kinds that can be `stopped` one that a worker works on fails too, up to a stage.
    """
    may_be_stopped = and_(col(Run.kind).in_(stopped), col(Run.stage) != until)
    free = or_(
        col(Run.state) == RunState.QUEUED,
        and_(
            col(Run.state) == RunState.RUNNING,
            or_(col(Run.claimed_until) < now, may_be_stopped),
        ),
    )
    found = session.execute(
        update(Run)
        .where(col(Run.id) == run_id, free)
        .values(state=RunState.FAILED, problem=problem, finished_at=now, claimed_until=None)
        .returning(Run.id)  # type: ignore[call-overload]
    )
    return found.first() is not None


def finish(
    session: Session,
    run_id: str,
    *,
    state: RunState,
    result: JsonObject | None,
    problem: RunProblem | None,
    at: datetime,
) -> None:
    """Record how a run ended; a run that has ended already does not change."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.state) == RunState.RUNNING)
        .values(state=state, result=result, problem=problem, finished_at=at, claimed_until=None)
    )
