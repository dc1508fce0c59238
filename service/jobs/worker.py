"""The worker: writes the lists that are due and does the runs that were asked for.

What is to do stands in the database; a worker takes it with a claim that runs out, so that what
a killed worker had in its hands is taken over by the next.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from service.admin.runs import BATCH, CYCLE, PLAN
from service.cycle import run_cycle, what_if, write_next_list, write_next_lists
from service.errors import LarderError, without_message
from service.jobs.leases import kept
from service.publish import BatchReport, publish, reprint
from service.publish.verify import proofread
from service.settings import Settings
from service.store import cycles, runs, work
from service.store.session import Database, came_between
from service.store.tables.cycle import Run, RunProblem, RunState

logger = logging.getLogger("larder.worker")

RUN_ATTEMPTS = 3
"""How many workers may die of a run before it is given up."""

_HOUSEHOLDS_AT_ONCE = 50
_KILLS = RunProblem(
    "Given up",
    f"{RUN_ATTEMPTS} workers took this up and none of them came to its end: they were stopped, or "
    "ran out of memory. Their logs say more; ask again to try once more.",
)


def work_until(
    database: Database,
    settings: Settings,
    stop: threading.Event,
    *,
    on_list: Callable[[int], None] | None = None,
) -> None:
    """Work until `stop` is set; rest a little when nothing is to do or the database is away."""
    while not stop.is_set():
        try:
            done = work_once(database, settings, on_list=on_list)
        except Exception:
            logger.exception("the worker could not take up work")
            done = 0
        if not done:
            stop.wait(settings.worker_idle_seconds)


def drain(
    database: Database, settings: Settings, *, on_list: Callable[[int], None] | None = None
) -> int:
    """Work until nothing is left that can be claimed; the number of things done."""
    done = 0
    while count := work_once(database, settings, on_list=on_list):
        done += count
    return done


def work_once(
    database: Database, settings: Settings, *, on_list: Callable[[int], None] | None = None
) -> int:
    """Take one run, or some due households, and do them; the number taken."""
    run = _claim_run(database, settings)
    if run is not None:
        _do_run(database, settings, run)
        return 1
    return _write_due(database, settings, on_list)


def _write_due(
    database: Database, settings: Settings, on_list: Callable[[int], None] | None
) -> int:
    now = datetime.now(UTC)
    with database.write() as session:
        claimed = work.claim_due(
            session,
            limit=_HOUSEHOLDS_AT_ONCE,
            now=now,
            until=now + timedelta(seconds=settings.lease_seconds),
        )
    for household_id in _written(database, settings, claimed):
        if on_list is not None:
            on_list(household_id)
    return len(claimed)


def _written(
    database: Database, settings: Settings, claimed: Sequence[tuple[int, datetime]]
) -> Iterator[int]:
    """Write the lists of claimed households together; one by one when one of them fails."""
    if len(claimed) > 1:
        try:
            write_next_lists(database, settings, claimed)
        except Exception as error:
            why = without_message(error)
            logger.error("%d next lists go one by one: %s", len(claimed), why)
        else:
            yield from (household_id for household_id, _ in claimed)
            return
    for household_id, marked_at in claimed:
        try:
            write_next_list(database, settings, household_id, marked_at=marked_at)
        except Exception as error:
            # The claim runs out and the household is tried again; the others go on.
            why = without_message(error)
            logger.error(
                "the next list of household %d could not be written: %s", household_id, why
            )
        else:
            yield household_id


def _claim_run(database: Database, settings: Settings) -> Run | None:
    now = datetime.now(UTC)
    with database.write() as session:
        given_up = runs.give_up(session, attempts=RUN_ATTEMPTS, problem=_KILLS, now=now)
        claimed = runs.claim(
            session, now=now, until=now + timedelta(seconds=settings.lease_seconds)
        )
    for run_id in given_up:
        logger.error("run %s ended its worker %d times and is given up", run_id, RUN_ATTEMPTS)
    return claimed


def _do_run(database: Database, settings: Settings, run: Run) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        with database.write() as session:
            runs.advance(session, run.id, stage=stage, done=done, total=total)

    def renew(until: datetime) -> None:
        with database.write() as session:
            runs.keep(session, run.id, until=until)

    outcome: dict[str, Any] | None
    problem: RunProblem | None
    try:
        with kept(renew, lease=timedelta(seconds=settings.lease_seconds)):
            result = _act(database, settings, run, progress)
    except Exception as error:
        logger.error("run %s failed: %s", run.id, without_message(error))
        if isinstance(error, DBAPIError) and came_between(error):
            with database.write() as session:
                runs.hand_back(session, run.id, at=datetime.now(UTC))
            return
        state, outcome, problem = RunState.FAILED, None, _problem(error)
    else:
        state, outcome, problem = RunState.DONE, result, None
    with database.write() as session:
        runs.finish(
            session, run.id, state=state, result=outcome, problem=problem, at=datetime.now(UTC)
        )


def _act(
    database: Database,
    settings: Settings,
    run: Run,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    arguments = run.arguments
    if run.kind == CYCLE:
        as_of, seed = date.fromisoformat(arguments["as_of"]), arguments["seed"]
        return _made(database, as_of, seed) or asdict(
            run_cycle(database, settings, as_of=as_of, seed=seed, progress=progress)
        )
    if run.kind == PLAN:
        asked = {**arguments, "as_of": date.fromisoformat(arguments["as_of"])}
        return asdict(what_if(database, settings, **asked, progress=progress))
    if run.kind == BATCH:
        return asdict(_print(database, settings, arguments, progress))
    raise LarderError(f"This version cannot do a run of the kind {run.kind!r}.")


def _print(
    database: Database,
    settings: Settings,
    arguments: dict[str, Any],
    progress: Callable[[str, int, int], None],
) -> BatchReport:
    proof = partial(proofread, sample=settings.proof_pieces)
    if "reprint_of" in arguments:
        return reprint(database, settings, arguments["reprint_of"], progress=progress, proof=proof)
    return publish(
        database,
        settings,
        arguments["cycle_id"],
        progress=progress,
        revise=arguments.get("revise", False),
        proof=proof,
    )


def _made(database: Database, as_of: date, seed: int) -> dict[str, Any] | None:
    """What the cycle came to, if a worker that died issued it and could not say so."""
    with database.read() as session:
        cycle = cycles.as_of(session, as_of)
    if cycle is None or cycle.seed != seed:
        return None
    return cycle.summary


def _problem(error: Exception) -> RunProblem:
    if isinstance(error, LarderError):
        return RunProblem(error.title, error.detail, error.problems)
    return RunProblem("Internal error", type(error).__name__)
