"""Long work requested over HTTP: queued here, done by a worker, polled by the client."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from service.errors import Conflict, NotFound
from service.notice import Notice
from service.store import audit, batches, cycles, runs
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.cycle import BatchState, Run, RunProblem, RunState

CYCLE = "cycle"
BATCH = "batch"
CHECK = "check"
PLAN = "plan"
RECOMPOSE = "recompose"
EXPIRY = "expiry"
CLAIMS = "claims"
BOOKS = "books"

OF_CYCLES = (CYCLE, PLAN, RECOMPOSE, EXPIRY)
"""The kinds of runs that make or end lists."""
_STOPPED, _ISSUED = (CYCLE, PLAN), "issue"
"""What can be ended while a worker is at it, and the stage from which it cannot."""

_RECENT = 100
_BUSY = Notice("This is being requested right now; try again.")
_REMOVED = Notice("purged")


def request_cycle(database: Database, *, as_of: date, seed: int, by: Actor = SERVICE) -> Run:
    """Queue a cycle. Raises Conflict when the date has a cycle or the same run is queued."""

    def queue(session: Session) -> Run:
        if cycles.as_of(session, as_of) is not None:
            raise Conflict("There is a cycle as of %(as_of)s already.", as_of=as_of)
        return _queue_run(session, CYCLE, {"as_of": as_of.isoformat(), "seed": seed}, by)

    return database.settle(queue, busy=_BUSY)


def request_planned(database: Database, *, plan_id: str, by: Actor = SERVICE) -> Run:
    """Queue the cycle of a plan, to be issued only if it still comes to just that.

    Raises NotFound when there is no such run, Conflict when it is no plan of all households that
    has ended, or the date has a cycle.
    """

    def queue(session: Session) -> Run:
        plan = runs.get(session, plan_id)
        if plan is None:
            raise unknown_run()
        if plan.kind != PLAN or plan.result is None or not plan.result.get("digests"):
            raise Conflict(
                "Only a plan of all households, with the budgets there are, can be issued; plan "
                "again so."
            )
        as_of = date.fromisoformat(plan.arguments["as_of"])
        if cycles.as_of(session, as_of) is not None:
            raise Conflict("There is a cycle as of %(as_of)s already.", as_of=as_of)
        kept = ("as_of", "seed", "supposed")
        arguments = {key: plan.arguments[key] for key in kept if key in plan.arguments}
        return _queue_run(session, CYCLE, {**arguments, "plan": plan_id}, by)

    return database.settle(queue, busy=_BUSY)


def request_plan(
    database: Database,
    *,
    as_of: date,
    seed: int,
    fewer_than: int,
    most_households: int,
    supposed: Mapping[str, Any] | None = None,
    by: Actor = SERVICE,
) -> Run:
    """Queue a preview of the cycle of a date; nothing will be issued.

    `supposed` is what `Supposed.to_json` gives: what counts in place of the settings and budgets.
    """
    arguments = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "fewer_than": fewer_than,
        "most_households": most_households,
        **({"supposed": dict(supposed)} if supposed else {}),
    }
    return database.settle(lambda session: _queue_run(session, PLAN, arguments, by), busy=_BUSY)


def request_recompose(database: Database, *, cycle_id: int, by: Actor = SERVICE) -> Run:
    """Queue that a cycle is made again as its next revision.

    Raises NotFound when there is no such cycle, Conflict when it is published.
    """

    def queue(session: Session) -> Run:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound("There is no such cycle.")
        batch = batches.of_cycle(session, cycle_id)
        if batch is not None:
            raise Conflict(
                "Cycle %(cycle)s has batch %(batch)s, which is %(state)s.",
                cycle=cycle_id,
                batch=batch.id,
                state=BatchState(batch.state),
            )
        arguments = {"cycle_id": cycle_id, "revision": cycle.revision + 1}
        return _queue_run(session, RECOMPOSE, arguments, by)

    return database.settle(queue, busy=_BUSY)


def request_expiry(database: Database, *, before: date, by: Actor = SERVICE) -> Run:
    """Queue that the lists are closed whose last day was before a day."""
    arguments = {"before": before.isoformat()}
    return database.settle(lambda session: _queue_run(session, EXPIRY, arguments, by), busy=_BUSY)


def request_batch(
    database: Database, *, cycle_id: int, revise: bool = False, by: Actor = SERVICE
) -> Run:
    """Queue the printing of a cycle, or of its next revision.

    Raises NotFound when there is no such cycle, Conflict when it is voided, or printed and `revise`
    is false.
    """

    def queue(session: Session) -> Run:
        if cycles.get(session, cycle_id) is None:
            raise NotFound(f"There is no cycle {cycle_id}.")
        batch = batches.of_cycle(session, cycle_id)
        if batch is not None and batch.state == BatchState.VOIDED:
            raise Conflict(
                "Batch %(batch)s of cycle %(cycle)s was voided.",
                batch=batch.id,
                cycle=cycle_id,
            )
        if batch is not None and batch.state == BatchState.READY and not revise:
            raise Conflict(
                "Cycle %(cycle)s is published as batch %(batch)s.",
                cycle=cycle_id,
                batch=batch.id,
            )
        revision = {"revise": True} if revise else {}
        return _queue_run(session, BATCH, {"cycle_id": cycle_id, **revision}, by)

    return database.settle(queue, busy=_BUSY)


def request_reprint(database: Database, *, batch_id: int, by: Actor = SERVICE) -> Run:
    """Queue a reprint of a batch's spoiled pieces. Raises NotFound when there is no such batch."""

    def queue(session: Session) -> Run:
        if batches.get(session, batch_id) is None:
            raise NotFound("There is no such batch.")
        return _queue_run(session, BATCH, {"reprint_of": batch_id}, by)

    return database.settle(queue, busy=_BUSY)


def request_check(database: Database, *, batch_id: int, by: Actor = SERVICE) -> Run:
    """Queue that every page of a batch is read back.

    Raises NotFound when there is no such batch, Conflict when its files cannot be fetched.
    """

    def queue(session: Session) -> Run:
        batch = batches.get(session, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.state != BatchState.READY or batch.purged_at is not None:
            raise Conflict(
                "Batch %(batch)s is %(state)s: it has no files to check.",
                batch=batch_id,
                state=_REMOVED if batch.purged_at is not None else BatchState(batch.state),
            )
        return _queue_run(session, CHECK, {"batch_id": batch_id}, by)

    return database.settle(queue, busy=_BUSY)


def request_claims(database: Database, *, drawn_to: date, account: str = "", by: Actor) -> Run:
    """Queue that claims are drawn up to a day, of every account or of one; they are drafts.

    Whoever asks has drawn them: the worker acts in their name.
    """
    arguments = {"to": drawn_to.isoformat(), "account": account, "actor": by.name,
                 "person_id": by.person_id}  # fmt: skip
    return database.settle(lambda session: _queue_run(session, CLAIMS, arguments, by), busy=_BUSY)


def request_books(database: Database, *, by: Actor) -> Run:
    """Queue that every invariant of the books is checked."""
    return database.settle(lambda session: _queue_run(session, BOOKS, {}, by), busy=_BUSY)


def newest_run(database: Database, kind: str) -> Run | None:
    """The newest run of a kind, with what it came to."""
    with database.read() as session:
        found = [run.id for run in runs.newest(session, [kind], limit=1)]
    return get_run(database, found[0]) if found else None


def _queue_run(session: Session, kind: str, arguments: dict[str, Any], by: Actor) -> Run:
    """Queue a run. Of two requests at once the unique index refuses one, which then starts over."""
    waiting = runs.pending(session, kind, arguments)
    if waiting is not None:
        raise Conflict("This was requested already: run %(run)s.", run=waiting.id)
    run = Run(
        id=uuid.uuid4().hex,
        kind=kind,
        state=RunState.QUEUED,
        arguments=arguments,
        created_at=datetime.now(UTC),
    )
    runs.add(session, run)
    audit.add(session, by, "request", "run", run.id, at=run.created_at, detail={"kind": kind})
    return run


def ask_again(database: Database, run_id: str, *, by: Actor = SERVICE) -> Run:
    """Queue the work of a run that failed once more.

    Raises NotFound, and Conflict for a run that has not failed or whose work is queued already.
    """

    def queue(session: Session) -> Run:
        run = runs.get(session, run_id)
        if run is None:
            raise unknown_run()
        if run.state != RunState.FAILED:
            raise Conflict(
                "This run is %(state)s; only a failed one can be requested again.",
                state=RunState(run.state),
            )
        return _queue_run(session, run.kind, run.arguments, by)

    return database.settle(queue, busy=_BUSY)


def give_up(database: Database, run_id: str, *, by: Actor = SERVICE) -> None:
    """End a run that waits, or whose worker died; it counts as failed.

    A cycle or a plan that a worker makes ends too, at its next shard, until it is issued. Raises
    NotFound, and Conflict for any other run that a worker works on or that has ended: what a worker
    does cannot be taken from it.
    """
    now = datetime.now(UTC)
    problem = RunProblem.of("Given up", Notice("%(name)s ended this.", name=by.name))
    with database.write() as session:
        if runs.get(session, run_id) is None:
            raise unknown_run()
        if not runs.give_up(
            session, run_id, stopped=_STOPPED, until=_ISSUED, problem=problem, now=now
        ):
            raise Conflict("A worker works on this run, or it has ended.")
        audit.add(session, by, "give_up", "run", run_id, at=now)


def can_be_given_up(run: Run, *, now: datetime) -> bool:
    """Whether `give_up` would end a run that has not ended."""
    is_leased = run.claimed_until is not None and run.claimed_until >= now
    return not is_leased or (run.kind in _STOPPED and run.stage != _ISSUED)


def get_run(database: Database, run_id: str) -> Run:
    """A run in its present state. Raises NotFound."""
    with database.read() as session:
        run = runs.get(session, run_id)
    if run is None:
        raise unknown_run()
    return run


def runs_of_cycles(database: Database, *, limit: int) -> Sequence[Run]:
    """The newest runs that make or end lists, without what they came to."""
    with database.read() as session:
        return runs.newest(session, OF_CYCLES, limit=limit)


def plan_result(database: Database, run_id: str) -> Mapping[str, Any]:
    """What a plan came to. Raises NotFound, and Conflict for a run that is no plan or not done."""
    return plan_run(database, run_id).result or {}


def plan_run(database: Database, run_id: str) -> Run:
    """The run of a plan that has ended. Raises as `plan_result` does."""
    run = get_run(database, run_id)
    if run.kind != PLAN or run.state != RunState.DONE or run.result is None:
        raise Conflict("That run is no plan that has ended.")
    return run


def note_proof(
    database: Database, run_id: str, refs: Sequence[str], *, by: Actor, now: datetime
) -> None:
    """Write down who looked at the lists of which households (the retailer's numbers) of a plan."""
    with database.write() as session:
        audit.add(session, by, "proof", "run", run_id, at=now, detail={"households": [*refs]})


def newest_plans(database: Database, *, as_of: str, limit: int) -> Sequence[Run]:
    """The newest plans of a date that have ended, without what they came to."""
    with database.read() as session:
        found = runs.newest(session, [PLAN], limit=_RECENT)
    return [run for run in found if run.state == RunState.DONE and run.arguments["as_of"] == as_of][
        :limit
    ]


def newest_runs(database: Database, *, limit: int) -> Sequence[Run]:
    """The newest runs of all kinds."""
    with database.read() as session:
        return runs.listed(session, states=(), after=None, before=None, limit=limit).rows


def unknown_run() -> NotFound:
    """The error for a run that does not exist or that the caller may not see."""
    return NotFound("There is no such run.")
