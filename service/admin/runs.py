"""Long work asked for over HTTP: queued here, done by a worker, polled by who asked."""

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from service.errors import Conflict, NotFound
from service.store import batches, cycles, runs
from service.store.session import Database
from service.store.tables.cycle import BatchState, Run, RunState

CYCLE = "cycle"
BATCH = "batch"
PLAN = "plan"

_BUSY = "This is being asked for right now; ask again."


def ask_cycle(database: Database, *, as_of: date, seed: int) -> Run:
    """Queue a cycle. Raises Conflict when that date has one."""

    def ask(session: Session) -> Run:
        if cycles.as_of(session, as_of) is not None:
            raise Conflict(f"There is a cycle as of {as_of} already.")
        return _queued(session, CYCLE, {"as_of": as_of.isoformat(), "seed": seed})

    return database.settle(ask, busy=_BUSY)


def ask_plan(
    database: Database, *, as_of: date, seed: int, fewer_than: int, most_households: int
) -> Run:
    """Queue a plan of what the cycle of a date would come to."""
    arguments = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "fewer_than": fewer_than,
        "most_households": most_households,
    }
    return database.settle(lambda session: _queued(session, PLAN, arguments), busy=_BUSY)


def ask_batch(database: Database, *, cycle_id: int, revise: bool = False) -> Run:
    """Queue the printing of a cycle, or of its next revision.

    Raises NotFound without it, Conflict when it is printed and shall not be revised, or voided.
    """

    def ask(session: Session) -> Run:
        if cycles.get(session, cycle_id) is None:
            raise NotFound(f"There is no cycle {cycle_id}.")
        batch = batches.of_cycle(session, cycle_id)
        if batch is not None and batch.state == BatchState.VOIDED:
            raise Conflict(f"Batch {batch.id} of cycle {cycle_id} was voided.")
        if batch is not None and batch.state == BatchState.READY and not revise:
            raise Conflict(f"Cycle {cycle_id} is published as batch {batch.id}.")
        revision = {"revise": True} if revise else {}
        return _queued(session, BATCH, {"cycle_id": cycle_id, **revision})

    return database.settle(ask, busy=_BUSY)


def ask_reprint(database: Database, *, batch_id: int) -> Run:
    """Queue a reprint of a batch's spoiled pieces. Raises NotFound without the batch."""

    def ask(session: Session) -> Run:
        if batches.get(session, batch_id) is None:
            raise NotFound("There is no such batch.")
        return _queued(session, BATCH, {"reprint_of": batch_id})

    return database.settle(ask, busy=_BUSY)


def _queued(session: Session, kind: str, arguments: dict[str, Any]) -> Run:
    """Queue a run; of two that ask at once the unique index lets one, and the other looks again."""
    waiting = runs.pending(session, kind, arguments)
    if waiting is not None:
        raise Conflict(f"This is asked for already: run {waiting.id}.")
    run = Run(
        id=uuid.uuid4().hex,
        kind=kind,
        state=RunState.QUEUED,
        arguments=arguments,
        created_at=datetime.now(UTC),
    )
    runs.add(session, run)
    return run


def get_run(database: Database, run_id: str) -> Run:
    """A run as it stands. Raises NotFound."""
    with database.read() as session:
        run = runs.get(session, run_id)
    if run is None:
        raise unknown_run()
    return run


def unknown_run() -> NotFound:
    """What is said of a run that is not there, or not for this caller."""
    return NotFound("There is no such run.")
