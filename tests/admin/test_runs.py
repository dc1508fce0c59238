"""Runs: queued, done by a worker, ended once, and taken over from a worker that died."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.admin.runs import get_run, request_batch, request_cycle
from service.cycle import CycleReport, run_cycle
from service.errors import Conflict, NotFound
from service.jobs.worker import RUN_ATTEMPTS, drain, work_once
from service.publish import BatchReport, publish
from service.settings import Settings
from service.store import runs
from service.store.session import Database
from service.store.tables.cycle import Run, RunState
from tests.market import AS_OF, cycle, open_issued, open_market, query

pytestmark = pytest.mark.slow

LATER = datetime.now(UTC) + timedelta(minutes=10)


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


def outcome(run: Run) -> dict[str, Any]:
    return asdict(run.problem) if run.problem else run.result or {}


def test_a_cycle_that_was_asked_for_is_run(
    database: Database, settings: Settings, market: None
) -> None:
    asked_for = request_cycle(database, as_of=AS_OF, seed=0)
    assert (asked_for.state, asked_for.finished_at) == (RunState.QUEUED, None)
    assert drain(database, settings) == 1
    run = get_run(database, asked_for.id)
    assert (run.state, run.stage, run.problem) == (RunState.DONE, "issue", None)
    assert (run.done, run.total) == (29, 29)
    assert run.finished_at is not None
    assert run.claimed_until is None
    ((summary,),) = query(database, "SELECT summary FROM cycle")
    assert outcome(run) == json.loads(summary)


def test_a_batch_that_was_asked_for_is_printed(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    run = request_batch(database, cycle_id=1)
    drain(database, settings)
    done = get_run(database, run.id)
    assert done.state == RunState.DONE
    assert outcome(done)["pieces"] == 27
    with pytest.raises(Conflict, match="Cycle 1 is published as batch 1"):
        request_batch(database, cycle_id=1)


def test_a_run_that_fails_says_why(database: Database, settings: Settings, market: None) -> None:
    run = request_cycle(database, as_of=date(2020, 1, 6), seed=0)
    drain(database, settings)
    failed = get_run(database, run.id)
    assert failed.state == RunState.FAILED
    assert outcome(failed) == {
        "title": "Conflict with the present state",
        "detail": "No household is eligible as of 2020-01-06; no cycle was made.",
        "errors": (),
        "notice": {
            "text": "No household is eligible as of %(as_of)s; no cycle was made.",
            "values": {"as_of": {"day": "2020-01-06"}},
        },
    }
    assert request_cycle(database, as_of=date(2020, 1, 6), seed=0).state == RunState.QUEUED


def test_an_unexpected_failure_is_told_without_its_content(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=date(1, 1, 2), seed=0)
    drain(database, settings)
    failed = get_run(database, run.id)
    assert failed.state == RunState.FAILED
    problem = outcome(failed)
    assert set(problem) == {"title", "detail", "errors", "notice"}
    assert (problem["title"], problem["notice"]) == ("Internal error", None)


def test_a_kind_of_run_that_nobody_knows_fails(database: Database, settings: Settings) -> None:
    run = Run(
        id="1", kind="dance", state=RunState.QUEUED, arguments={}, created_at=datetime.now(UTC)
    )
    with database.write() as session:
        runs.add(session, run)
    drain(database, settings)
    assert "dance" in outcome(get_run(database, "1"))["detail"]


def test_the_same_work_is_not_queued_twice(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    with pytest.raises(Conflict, match=f"requested already: run {run.id}"):
        request_cycle(database, as_of=AS_OF, seed=0)
    with database.write() as session:
        runs.lease(session, now=datetime.now(UTC), until=LATER)
    with pytest.raises(Conflict, match="requested already"):
        request_cycle(database, as_of=AS_OF, seed=0)
    assert query(database, "SELECT count(*) FROM run") == [(1,)]


def test_a_date_with_a_cycle_is_not_queued_again(
    database: Database, settings: Settings, market: None
) -> None:
    cycle(database, settings)
    with pytest.raises(Conflict, match="There is a cycle as of 2026-03-02 already"):
        request_cycle(database, as_of=AS_OF, seed=1)


def test_only_what_exists_can_be_asked_for(database: Database) -> None:
    with pytest.raises(NotFound, match="There is no cycle 7"):
        request_batch(database, cycle_id=7)
    with pytest.raises(NotFound, match="There is no such run"):
        get_run(database, "7")


def test_the_oldest_run_is_taken_first_and_by_one_only(
    database: Database, settings: Settings
) -> None:
    first = request_cycle(database, as_of=AS_OF, seed=0)
    second = request_cycle(database, as_of=AS_OF + timedelta(days=14), seed=0)
    now = datetime.now(UTC)
    with database.write() as session:
        taken = [runs.lease(session, now=now, until=LATER) for _ in range(3)]
    assert [run.id if run else None for run in taken] == [first.id, second.id, None]


def test_the_run_of_a_killed_worker_is_taken_over(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    lease_with_dead_worker(database)
    assert get_run(database, run.id).state == RunState.RUNNING
    assert drain(database, settings) == 1
    assert get_run(database, run.id).state == RunState.DONE
    assert query(database, "SELECT count(*) FROM cycle") == [(1,)]


def test_a_worker_killed_after_it_issued_has_done_its_run(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    lease_with_dead_worker(database)
    report = cycle(database, settings)
    drain(database, settings)
    done = get_run(database, run.id)
    assert (done.state, done.problem) == (RunState.DONE, None)
    assert outcome(done)["cycle_id"] == report.cycle_id
    assert outcome(done)["lists"] == report.lists


def test_a_cycle_with_another_seed_is_not_taken_for_the_run_s(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=5)
    cycle(database, settings)
    drain(database, settings)
    assert get_run(database, run.id).state == RunState.FAILED


def lease_with_dead_worker(database: Database) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        runs.lease(session, now=now, until=now - timedelta(seconds=1))


def test_a_run_that_ends_its_worker_each_time_is_given_up(
    database: Database, settings: Settings, market: None
) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    for _ in range(RUN_ATTEMPTS):
        assert get_run(database, run.id).state in (RunState.QUEUED, RunState.RUNNING)
        lease_with_dead_worker(database)
    assert drain(database, settings) == 0
    given_up = get_run(database, run.id)
    assert (given_up.state, given_up.attempts) == (RunState.FAILED, RUN_ATTEMPTS)
    assert (given_up.finished_at is None, given_up.claimed_until) == (False, None)
    assert outcome(given_up)["title"] == "Given up"
    assert "3 workers started this" in outcome(given_up)["detail"]
    assert query(database, "SELECT count(*) FROM cycle") == [(0,)]
    assert request_cycle(database, as_of=AS_OF, seed=0).state == RunState.QUEUED


def test_a_run_that_is_handed_back_is_taken_up_at_once(database: Database) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    now = datetime.now(UTC)
    with database.write() as session:
        runs.lease(session, now=now, until=LATER)
        runs.release(session, run.id, at=now)
        taken = runs.lease(session, now=now + timedelta(seconds=1), until=LATER)
    assert taken is not None
    assert (taken.id, taken.attempts) == (run.id, 2)


def test_of_eight_who_ask_for_the_same_at_once_one_gets_a_run(
    database: Database, settings: Settings
) -> None:
    others = [Database(settings.database_url, pool_size=1) for _ in range(8)]
    together = threading.Barrier(8)

    def ask(other: Database) -> Run | Conflict:
        with other.read():
            together.wait()
        try:
            return request_cycle(other, as_of=AS_OF, seed=0)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, others))
    for other in others:
        other.dispose()
    ((run_id,),) = query(database, "SELECT id FROM run")
    refused = [answer.detail for answer in answers if isinstance(answer, Conflict)]
    assert refused == [f"This was requested already: run {run_id}."] * 7


def test_of_two_cycles_of_a_date_at_once_one_is_issued(
    database: Database, settings: Settings, market: None
) -> None:
    together = threading.Barrier(2, timeout=120)

    def meet(stage: str, _done: int, _total: int) -> None:
        if stage == "compose":
            together.wait()

    def make(folder: str) -> CycleReport | Conflict:
        alone = settings.model_copy(update={"runs_folder": settings.runs_folder / folder})
        try:
            return run_cycle(database, alone, as_of=AS_OF, seed=0, progress=meet)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(make, ("a", "b")))
    (refused,) = [answer.detail for answer in answers if isinstance(answer, Conflict)]
    assert "as of 2026-03-02 already" in refused or "nothing was issued" in refused
    assert query(database, "SELECT count(*) FROM cycle") == [(1,)]


def test_of_two_machines_that_publish_a_cycle_at_once_one_prints_it(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    together = threading.Barrier(2, timeout=120)
    met: set[int] = set()

    def meet(stage: str, _done: int, _total: int) -> None:
        if stage == "check" and threading.get_ident() not in met:
            met.add(threading.get_ident())
            together.wait()

    def make(machine: str) -> BatchReport | Conflict:
        its_own = settings.model_copy(update={"runs_folder": settings.runs_folder / machine})
        try:
            return publish(database, its_own, 1, progress=meet)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(make, ("a", "b")))
    (refused,) = [answer.detail for answer in answers if isinstance(answer, Conflict)]
    assert refused == "Cycle 1 is being published already."
    assert query(database, "SELECT revision, state FROM batch") == [(1, "ready")]
    (printed,) = [answer for answer in answers if isinstance(answer, BatchReport)]
    assert publish(database, settings, 1, progress=meet) == printed


def test_how_a_run_ended_first_stands(database: Database, settings: Settings, market: None) -> None:
    run = request_cycle(database, as_of=AS_OF, seed=0)
    work_once(database, settings)
    before = get_run(database, run.id)
    with database.write() as session:
        runs.finish(session, run.id, state=RunState.FAILED, result=None, problem=None, at=LATER)
    after = get_run(database, run.id)
    assert (after.state, after.result, after.finished_at) == (
        RunState.DONE,
        before.result,
        before.finished_at,
    )
