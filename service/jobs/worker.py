"""The worker: writes the lists that are due and performs the runs that were requested.

The database holds what there is to do. A worker leases it for a limited time, so another worker
takes over what a killed worker left unfinished.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from service import traces
from service.admin.runs import (
    BATCH,
    BOOKS,
    CHECK,
    CLAIMS,
    CYCLE,
    EXPIRY,
    PLAN,
    RECOMPOSE,
    get_run,
)
from service.clearing.books import check_books
from service.clearing.draw import draw_claims
from service.cycle import (
    recompose_cycle,
    run_cycle,
    what_if,
    write_next_list,
    write_next_lists,
)
from service.cycle.expiry import expire_lists
from service.cycle.overrides import end_pins_of_ended_deals
from service.cycle.supposed import Supposed
from service.deals.keep_sums import keep_sums
from service.deals.steer import follow_facts
from service.errors import LarderError, without_message
from service.jobs.leases import hold_lease
from service.meters import NEXT_LISTS, WORK, timed
from service.notice import Count, Notice
from service.publish import BatchReport, check_batch, publish, reprint
from service.publish.verify import proofread
from service.settings import Settings
from service.store import cycles, runs, work
from service.store.actor import Actor
from service.store.session import Database, is_conflict
from service.store.tables.cycle import Run, RunProblem, RunState

logger = logging.getLogger("larder.worker")

RUN_ATTEMPTS = 3
"""How many workers may die during a run before the run is given up."""

_HOUSEHOLDS_AT_ONCE = 50
_SUMS_EVERY_SECONDS = 60.0
_GIVEN_UP = RunProblem.of(
    "Given up",
    Notice(
        "%(number)s workers started this and none of them finished: they were stopped, or ran out "
        "of memory. Their logs say more; request it again to retry.",
        number=Count(RUN_ATTEMPTS),
    ),
)


class _Stopped(BaseException):
    """The worker is to stop, in the middle of a run. No error: nobody is to catch it as one."""


class _Ended(BaseException):
    """Somebody ended the run in its middle. No error either."""


def work_until(
    database: Database,
    settings: Settings,
    stop: threading.Event,
    *,
    on_list: Callable[[int], None] | None = None,
) -> None:
    """Work until `stop` is set; pause when there is nothing to do or no database.

    A run is left where it next says how far it is, and goes back into the queue. About once a
    minute the sums of deals are kept, whatever else there is to do.
    """
    sums_due = 0.0
    while not stop.is_set():
        if time.monotonic() >= sums_due:
            _keep_sums(database)
            sums_due = time.monotonic() + _SUMS_EVERY_SECONDS
        try:
            done = work_once(database, settings, on_list=on_list, stop=stop)
        except LarderError as error:
            logger.error("the worker could not take up work: %s", error.detail)
            done = 0
        except Exception as error:
            logger.error("the worker could not take up work: %s", without_message(error))
            done = 0
        if not done:
            stop.wait(settings.worker_idle_seconds)


def _keep_sums(database: Database) -> None:
    try:
        keep_sums(database)
    except LarderError as error:
        logger.error("the sums of deals could not be kept: %s", error.detail)
    except Exception as error:
        logger.error("the sums of deals could not be kept: %s", without_message(error))


def drain(
    database: Database, settings: Settings, *, on_list: Callable[[int], None] | None = None
) -> int:
    """Work until nothing can be leased any more; returns how many runs and lists were taken."""
    done = 0
    while count := work_once(database, settings, on_list=on_list):
        done += count
    return done


def work_once(
    database: Database,
    settings: Settings,
    *,
    on_list: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Lease one run, or some due households, and do the work; returns how many were leased.

    A run is left when `stop` is set.
    """
    run = _lease_run(database, settings)
    if run is not None:
        _do_run(database, settings, run, stop or threading.Event())
        return 1
    return _write_due(database, settings, on_list)


def _write_due(
    database: Database, settings: Settings, on_list: Callable[[int], None] | None
) -> int:
    now = datetime.now(UTC)
    with database.write() as session:
        leased = work.lease_due(
            session,
            limit=_HOUSEHOLDS_AT_ONCE,
            now=now,
            until=now + timedelta(seconds=settings.lease_seconds),
        )
    for household_id in _write_lists(database, settings, leased):
        NEXT_LISTS.inc()
        if on_list is not None:
            on_list(household_id)
    return len(leased)


def _write_lists(
    database: Database, settings: Settings, leased: Sequence[tuple[int, datetime]]
) -> Iterator[int]:
    """Write the lists together, or one by one when that fails; yields the households done."""
    if len(leased) > 1:
        try:
            write_next_lists(database, settings, leased)
        except Exception as error:
            why = without_message(error)
            logger.error("%d next lists go one by one: %s", len(leased), why)
        else:
            yield from (household_id for household_id, _ in leased)
            return
    for household_id, marked_at in leased:
        try:
            write_next_list(database, settings, household_id, marked_at=marked_at)
        except Exception as error:
            # It is tried again when its lease runs out; the other households go on.
            why = without_message(error)
            logger.error(
                "the next list of household %d could not be written: %s", household_id, why
            )
        else:
            yield household_id


def _lease_run(database: Database, settings: Settings) -> Run | None:
    now = datetime.now(UTC)
    with database.write() as session:
        given_up = runs.fail_abandoned(session, attempts=RUN_ATTEMPTS, problem=_GIVEN_UP, now=now)
        leased = runs.lease(session, now=now, until=now + timedelta(seconds=settings.lease_seconds))
    for run_id in given_up:
        logger.error("run %s ended its worker %d times and is given up", run_id, RUN_ATTEMPTS)
    return leased


def _do_run(database: Database, settings: Settings, run: Run, stop: threading.Event) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stop.is_set():
            raise _Stopped
        with database.write() as session:
            goes_on = runs.advance(session, run.id, stage=stage, done=done, total=total)
        if not goes_on:
            raise _Ended

    def renew(until: datetime) -> None:
        with database.write() as session:
            runs.renew(session, run.id, until=until)

    outcome: dict[str, Any] | None
    problem: RunProblem | None
    try:
        with (
            timed(WORK, run.kind),
            traces.span(f"run {run.kind}"),
            hold_lease(renew, lease=timedelta(seconds=settings.lease_seconds)),
        ):
            result = _perform(database, settings, run, progress)
    except _Stopped:
        with database.write() as session:
            runs.hand_back(session, run.id)
        logger.info("run %s is left, since the worker stops; another goes on with it", run.id)
        return
    except _Ended:
        logger.info("run %s is left, since somebody ended it", run.id)
        return
    except Exception as error:
        logger.error("run %s failed: %s", run.id, without_message(error))
        if isinstance(error, DBAPIError) and is_conflict(error):
            with database.write() as session:
                runs.release(session, run.id, at=datetime.now(UTC))
            return
        state, outcome, problem = RunState.FAILED, None, _problem(error)
    else:
        state, outcome, problem = RunState.DONE, result, None
    with database.write() as session:
        runs.finish(
            session, run.id, state=state, result=outcome, problem=problem, at=datetime.now(UTC)
        )


def _perform(
    database: Database,
    settings: Settings,
    run: Run,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    arguments = run.arguments
    if run.kind == CYCLE:
        as_of, seed = date.fromisoformat(arguments["as_of"]), arguments["seed"]
        return _earlier_result(database, as_of, seed) or asdict(
            run_cycle(
                database,
                Supposed.from_json(arguments.get("supposed", {})).settings(settings),
                as_of=as_of,
                seed=seed,
                progress=progress,
                planned=_planned(database, arguments),
            )
        )
    if run.kind == RECOMPOSE:
        return _recompose(database, settings, arguments, progress)
    if run.kind == PLAN:
        request = {
            **arguments,
            "as_of": date.fromisoformat(arguments["as_of"]),
            "supposed": Supposed.from_json(arguments.get("supposed", {})),
        }
        return asdict(what_if(database, settings, **request, progress=progress, kept_as=run.id))
    if run.kind == EXPIRY:
        return _expire(database, date.fromisoformat(arguments["before"]), progress)
    if run.kind == BATCH:
        return asdict(_print(database, settings, arguments, progress))
    if run.kind == CHECK:
        batch_id = arguments["batch_id"]
        return asdict(check_batch(database, settings, batch_id, progress=progress))
    if run.kind == CLAIMS:
        return _draw(database, settings, arguments, progress)
    if run.kind == BOOKS:
        return _check_books(database, settings)
    raise LarderError(f"This version cannot do a run of the kind {run.kind!r}.")


def _planned(database: Database, arguments: dict[str, Any]) -> dict[str, str] | None:
    """The digests of the plan that a cycle is to come to; None where it was not planned."""
    if "plan" not in arguments:
        return None
    result = get_run(database, arguments["plan"]).result
    assert result is not None
    digests: dict[str, str] = result["digests"]
    return digests


def _recompose(
    database: Database,
    settings: Settings,
    arguments: dict[str, Any],
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Make a cycle again, unless a worker issued this revision and died before it said so."""
    with database.read() as session:
        cycle = cycles.get(session, arguments["cycle_id"])
    is_issued = cycle is not None and cycle.withdrawn_at is None
    if cycle is not None and is_issued and cycle.revision >= arguments["revision"]:
        return cycle.summary
    return asdict(recompose_cycle(database, settings, arguments["cycle_id"], progress=progress))


def _expire(
    database: Database, before: date, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Close the lists that ended before a day; what a run before this one closed is not counted."""
    closed = expire_lists(database, before=before, progress=progress)
    moved = follow_facts(database, on=before)
    end_pins_of_ended_deals(database, now=datetime.now(UTC))
    return {**closed._asdict(), "before": before.isoformat(), "deals_moved": moved}


def _draw(
    database: Database,
    settings: Settings,
    arguments: dict[str, Any],
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Draw claims; those of a worker that died before it ended are drawn and not counted."""
    drawn = draw_claims(
        database,
        settings,
        drawn_to=date.fromisoformat(arguments["to"]),
        account=arguments["account"],
        by=Actor(arguments["actor"], arguments["person_id"]),
        now=datetime.now(UTC),
        progress=progress,
    )
    return {"claims": len(drawn), "total_cents": sum(each.total_cents for each in drawn)}


def _check_books(database: Database, settings: Settings) -> dict[str, Any]:
    """What every invariant says, as plain values."""
    books = check_books(database, settings, now=datetime.now(UTC))
    checks = [{**asdict(each), "is_broken": each.is_broken} for each in books.checks]
    for each in checks:
        each["worst"] = [[apart.subject, apart.difference] for apart in each["worst"]]
    return {"as_of": books.as_of.isoformat(), "checks": checks}


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


def _earlier_result(database: Database, as_of: date, seed: int) -> dict[str, Any] | None:
    """The summary of this cycle when a worker issued it and died before it finished the run."""
    with database.read() as session:
        cycle = cycles.as_of(session, as_of)
    if cycle is None or cycle.seed != seed:
        return None
    return cycle.summary


def _problem(error: Exception) -> RunProblem:
    if isinstance(error, LarderError):
        return RunProblem.of(error.title, error.notice, error.problems)
    return RunProblem("Internal error", type(error).__name__)
