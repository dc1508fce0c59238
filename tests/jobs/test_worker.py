"""The worker: every due household is done once, although other work fails."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.admin.runs import get_run, request_batch
from service.jobs import worker
from service.jobs.worker import drain, work_once, work_until
from service.settings import Settings
from service.store import runs, work
from service.store.session import Database
from tests.killed import kill_in
from tests.market import open_issued, query
from tests.served import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def mark(database: Database, *household_ids: int, at: datetime | None = None) -> None:
    with database.write() as session:
        for household_id in household_ids:
            work.mark_due(session, household_id, at=at or datetime.now(UTC))


def drafted(database: Database) -> list[int]:
    rows = query(
        database, "SELECT household_id FROM shopping_list WHERE state = 'draft' ORDER BY 1"
    )
    return [household_id for (household_id,) in rows]


def test_every_due_household_gets_its_list(
    database: Database, settings: Settings, issued: None
) -> None:
    mark(database, *range(1, 26))
    written: list[int] = []
    assert drain(database, settings, on_list=written.append) == 25
    assert sorted(written) == drafted(database) == list(range(1, 26))
    assert query(database, "SELECT count(*) FROM due") == [(0,)]
    assert drain(database, settings) == 0


def test_who_waits_longest_comes_first(
    database: Database, settings: Settings, issued: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_HOUSEHOLDS_AT_ONCE", 20)
    now = datetime.now(UTC)
    for household_id in range(1, 31):
        mark(database, household_id, at=now - timedelta(seconds=household_id))
    written: list[int] = []
    assert work_once(database, settings, on_list=written.append) == 20
    assert sorted(written) == list(range(11, 31))


def test_a_killed_worker_loses_no_household(
    database: Database, settings: Settings, issued: None
) -> None:
    short = settings.model_copy(update={"lease_seconds": 1})
    mark(database, *range(1, 9))
    kill_in("worker", short)
    # Those of one day are one transaction; the second day's died with its first draft.
    assert drafted(database) == [1, 7, 8]
    assert query(database, "SELECT count(*) FROM due") == [(5,)]
    eventually(lambda: drain(database, short) > 0)
    assert drafted(database) == list(range(1, 9))
    assert query(database, "SELECT count(*) FROM due") == [(0,)]


def test_two_workers_side_by_side_write_each_list_once(
    database: Database, settings: Settings, issued: None
) -> None:
    mark(database, *range(1, 31))
    other = Database(settings.database_url)
    written: tuple[list[int], list[int]] = ([], [])
    workers = [
        threading.Thread(target=drain, args=(one, settings), kwargs={"on_list": to.append})
        for one, to in zip((database, other), written, strict=True)
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    other.dispose()
    assert sorted(written[0] + written[1]) == list(range(1, 31))
    assert drafted(database) == list(range(1, 31))


def test_a_household_that_fails_does_not_stop_the_others(
    database: Database, settings: Settings, issued: None, caplog: pytest.LogCaptureFixture
) -> None:
    _break(database, 4)
    mark(database, 3, 4, 5)
    written: list[int] = []
    assert drain(database, settings, on_list=written.append) == 3
    assert sorted(written) == drafted(database) == [3, 5]
    assert query(database, "SELECT household_id FROM due") == [(4,)]
    assert "the next list of household 4 could not be written" in caplog.text


def _break(database: Database, household_id: int) -> None:
    """A quantity that no till could send makes what was bought unreadable."""
    huge = 2**63 - 1
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"""UPDATE basket_line SET amount_cents = {huge}, quantity_milli = 1 WHERE basket_id IN
                (SELECT id FROM basket WHERE household_id = {household_id})"""
        )


def test_the_worker_outlives_a_database_that_is_away_for_a_while(
    database: Database, settings: Settings, issued: None, caplog: pytest.LogCaptureFixture
) -> None:
    quick = settings.model_copy(update={"worker_idle_seconds": 0.01})
    mark(database, 6)
    _rename(database, "due", "due_elsewhere")
    stop, written = threading.Event(), threading.Event()
    worker = threading.Thread(
        target=work_until,
        args=(database, quick, stop),
        kwargs={"on_list": lambda _household: written.set()},
    )
    worker.start()
    try:
        eventually(lambda: "the worker could not take up work" in caplog.text)
        _rename(database, "due_elsewhere", "due")
        assert written.wait(PATIENCE_SECONDS)
    finally:
        stop.set()
        worker.join()
    assert drafted(database) == [6]


class _StopsAt(threading.Event):
    """An event that is set when it is asked for the nth time: by the loop, then by progress."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self._left = nth

    def is_set(self) -> bool:
        self._left -= 1
        return self._left <= 0


def test_a_run_that_is_cut_short_is_queued_again_and_counts_as_no_attempt(
    database: Database, settings: Settings, issued: None
) -> None:
    """What SIGTERM does to `larder work`; the next worker goes on without waiting for a lease."""
    in_parts = settings.model_copy(update={"pieces_per_file": 10})
    run = request_batch(database, cycle_id=1)
    states = "SELECT state, attempts, claimed_until FROM run"
    for nth in (2, 3, 4):
        work_until(database, in_parts, _StopsAt(nth))
        assert query(database, states) == [("queued", 0, None)]
    assert drain(database, in_parts) == 1
    assert query(database, states) == [("done", 1, None)]
    result = get_run(database, run.id).result
    assert result is not None
    assert result["pieces"] == 27


def test_a_clock_that_is_set_back_holds_nothing_up(
    database: Database, settings: Settings, issued: None
) -> None:
    """A worker and a scheduler die at one; when the clock says noon again, others go on."""
    lease = timedelta(seconds=settings.lease_seconds)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    mark(database, 3)
    request_batch(database, cycle_id=1)
    slot = datetime.now(UTC) - timedelta(minutes=5)
    with database.write() as session:
        taken = {"now": ahead, "until": ahead + lease}
        assert [key for key, _ in work.lease_due(session, limit=9, **taken)] == [3]
        assert runs.lease(session, **taken) is not None
        assert work.lease_slot(session, "expiry", slot, **taken)
    # One that was taken just now is somebody's, also of a process with longer leases.
    with database.write() as session:
        now = datetime.now(UTC)
        long = timedelta(minutes=15)
        assert work.lease_slot(session, "sales", slot, now=now, until=now + long)
        assert not work.lease_slot(session, "sales", slot, now=now, until=now + lease)
        assert work.lease_slot(session, "expiry", slot, now=now, until=now + lease)
    assert drain(database, settings) == 2
    assert drafted(database) == [3]
    assert query(database, "SELECT state FROM run") == [("done",)]


def _rename(database: Database, old: str, new: str) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
