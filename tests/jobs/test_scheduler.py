"""Planned slots: each is run once by one of several schedulers, and none is lost."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from service.admin.runs import request_cycle
from service.jobs import scheduler
from service.jobs.scheduler import PlannedJob, latest_slot, planned_jobs, run_slot
from service.publish import publish
from service.settings import Settings
from service.store import cycles
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState
from tests.market import open_issued, query, silent
from tests.served import PATIENCE_SECONDS, eventually

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SLOT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
KEYS = {"secret_key": "s" * 32, "code_key": "c" * 32}


def job_named(settings: Settings, name: str) -> PlannedJob:
    return next(job for job in planned_jobs(settings) if job.name == name)


def counting_job(runs: list[datetime]) -> PlannedJob:
    return PlannedJob(
        "count",
        CronTrigger(hour=3, timezone=UTC),
        timedelta(days=1),
        lambda _database, _settings, slot: runs.append(slot),
    )


moments = st.integers(14, 5000).flatmap(
    lambda days: st.timedeltas(timedelta(0), timedelta(days=1)).map(
        lambda part: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days) + part
    )
)


@given(moments, st.sampled_from(WEEKDAYS), st.integers(1, 6), st.integers(0, 23))
def test_a_cycle_falls_on_its_weekday_every_so_many_weeks_whatever_the_year(
    now: datetime, weekday: str, weeks: int, hour: int
) -> None:
    settings = Settings(
        _env_file=None,
        cycle_weekday=weekday,
        cycle_every_weeks=weeks,
        nightly_hour=hour,
        **KEYS,  # type: ignore[arg-type]
    )
    job = job_named(settings, "cycle")
    slot = latest_slot(job, now)
    if slot is None:
        assert now < datetime(2024, 1, 1, tzinfo=UTC) + timedelta(weeks=weeks)
        return
    assert slot <= now < slot + timedelta(weeks=weeks)
    assert (WEEKDAYS[slot.weekday()], slot.hour) == (weekday, hour)
    later = latest_slot(job, now + timedelta(weeks=weeks))
    assert later == slot + timedelta(weeks=weeks)


@given(moments, st.integers(0, 23))
def test_the_newest_nightly_slot_is_less_than_a_day_old(now: datetime, hour: int) -> None:
    settings = Settings(_env_file=None, nightly_hour=hour, **KEYS)  # type: ignore[arg-type]
    for name in ("expiry", "forecast"):
        slot = latest_slot(job_named(settings, name), now)
        assert slot is not None
        assert timedelta(0) <= now - slot < timedelta(days=1)
        assert slot.hour == hour
    hourly = latest_slot(job_named(settings, "batch"), now)
    assert hourly is not None
    assert timedelta(0) <= now - hourly < timedelta(hours=1)


def test_a_slot_is_its_own_newest() -> None:
    job = counting_job([])
    assert latest_slot(job, SLOT) == SLOT
    assert latest_slot(job, SLOT - timedelta(microseconds=1)) == SLOT - timedelta(days=1)


def test_a_missed_slot_is_run_once(database: Database, settings: Settings) -> None:
    runs: list[datetime] = []
    week_later = NOW + timedelta(days=7)
    assert run_slot(database, settings, counting_job(runs), week_later)
    assert not run_slot(database, settings, counting_job(runs), week_later + timedelta(hours=1))
    assert runs == [SLOT + timedelta(days=7)]


def test_the_next_slot_is_another(database: Database, settings: Settings) -> None:
    runs: list[datetime] = []
    for days in (0, 1, 2):
        assert run_slot(database, settings, counting_job(runs), NOW + timedelta(days=days))
    assert runs == [SLOT, SLOT + timedelta(days=1), SLOT + timedelta(days=2)]


def test_two_schedulers_side_by_side_run_each_slot_once(
    database: Database, settings: Settings
) -> None:
    runs: list[datetime] = []
    others = [Database(settings.database_url) for _ in range(3)]
    together = threading.Barrier(len(others))

    def plan(one: Database) -> None:
        for days in range(5):
            together.wait(PATIENCE_SECONDS)
            run_slot(one, settings, counting_job(runs), NOW + timedelta(days=days))

    planners = [threading.Thread(target=plan, args=(one,)) for one in others]
    for planner in planners:
        planner.start()
    for planner in planners:
        planner.join()
    for one in others:
        one.dispose()
    assert sorted(runs) == [SLOT + timedelta(days=days) for days in range(5)]


def test_a_slot_is_left_alone_while_its_claim_lives(database: Database, settings: Settings) -> None:
    runs: list[datetime] = []
    inner: list[bool] = []

    def act(_database: Database, _settings: Settings, slot: datetime) -> None:
        runs.append(slot)
        inner.append(run_slot(database, settings, counting_job(runs), datetime.now(UTC)))

    job = PlannedJob("count", CronTrigger(hour=3, timezone=UTC), timedelta(days=1), act)
    assert run_slot(database, settings, job, datetime.now(UTC))
    assert inner == [False]
    assert len(runs) == 1


def test_a_slot_whose_process_died_is_taken_over_when_its_claim_ran_out(
    database: Database, settings: Settings
) -> None:
    def die(_database: Database, _settings: Settings, _slot: datetime) -> None:
        raise KeyboardInterrupt

    runs: list[datetime] = []
    job = PlannedJob("count", CronTrigger(hour=3, timezone=UTC), timedelta(days=1), die)
    with pytest.raises(KeyboardInterrupt):
        run_slot(database, settings, job, NOW)
    lease = timedelta(seconds=settings.lease_seconds)
    assert not run_slot(database, settings, counting_job(runs), NOW + lease)
    assert run_slot(database, settings, counting_job(runs), NOW + lease + timedelta(seconds=1))
    assert runs == [SLOT]
    assert not run_slot(database, settings, counting_job(runs), NOW + timedelta(hours=1))


def test_what_the_state_of_things_refuses_is_not_tried_again(
    database: Database, settings: Settings
) -> None:
    """There are no baskets: the forecast of this night cannot be made, now or in five minutes."""
    job = job_named(settings, "forecast")
    assert run_slot(database, settings, job, NOW)
    assert not run_slot(database, settings, job, NOW + timedelta(hours=2))


def test_a_scheduler_that_starts_makes_up_for_what_was_missed(
    database: Database, settings: Settings
) -> None:
    planned = scheduler.start(database, settings)
    try:
        every = sorted(job.name for job in scheduler.planned_jobs(settings))
        assert {job.id for job in planned.get_jobs()} >= {*every}
        done = "SELECT job FROM job_slot WHERE finished_at IS NOT NULL ORDER BY job"
        eventually(lambda: [job for (job,) in query(database, done)] == every)
    finally:
        planned.shutdown()
    slot = latest_slot(job_named(settings, "cycle"), datetime.now(UTC))
    assert slot is not None
    today = slot.date() == datetime.now(UTC).date()
    assert requested(database) == ([slot.date().isoformat()] if today else [])


def requested(database: Database) -> list[str]:
    """The dates that cycles were asked for."""
    rows = query(database, "SELECT arguments FROM run WHERE kind = 'cycle' ORDER BY created_at")
    found = (json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows)
    return [arguments["as_of"] for arguments in found]


@pytest.mark.parametrize(
    ("zone", "before", "slot"),
    [
        # 03:45 on Monday, 2 March there.
        ("America/Los_Angeles", "2026-03-02T03:50Z", "2026-03-02T11:45Z"),
        ("Pacific/Auckland", "2026-03-01T03:50Z", "2026-03-01T14:45Z"),
        ("UTC", "2026-03-02T03:40Z", "2026-03-02T03:45Z"),
    ],
)
def test_a_cycle_is_asked_for_in_the_night_where_the_stores_are_and_on_its_day_only(
    database: Database, settings: Settings, zone: str, before: str, slot: str
) -> None:
    there = settings.model_copy(update={"timezone": zone, "cycle_every_weeks": 1})
    job = job_named(there, "cycle")
    at = datetime.fromisoformat(slot)
    # A scheduler that was never there before has missed last week's: it is not made any more.
    for moment in (datetime.fromisoformat(before), at - timedelta(microseconds=1)):
        run_slot(database, there, job, moment)
        assert requested(database) == []
    assert run_slot(database, there, job, at)
    assert requested(database) == ["2026-03-02"]
    assert not run_slot(database, there, job, at + timedelta(days=6, hours=20))
    assert requested(database) == ["2026-03-02"]


def test_a_missed_cycle_is_made_up_for_until_its_day_is_over(
    database: Database, settings: Settings
) -> None:
    there = settings.model_copy(update={"timezone": "America/Los_Angeles", "cycle_every_weeks": 2})
    job = job_named(there, "cycle")
    slot = latest_slot(job, NOW + timedelta(days=14))
    assert slot == datetime(2026, 3, 9, 10, 45, tzinfo=UTC)
    midnight = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
    later = slot + timedelta(days=14)
    assert run_slot(database, there, job, midnight - timedelta(seconds=1))
    assert requested(database) == ["2026-03-09"]
    # The next is looked for thirteen days after it was missed.
    assert run_slot(database, there, job, later + timedelta(days=13))
    assert not run_slot(database, there, job, later + timedelta(days=13, hours=1))
    assert requested(database) == ["2026-03-09"]


def test_on_the_day_of_an_upgrade_no_cycle_is_asked_for_twice(
    database: Database, settings: Settings
) -> None:
    """Slots were those of UTC: 03:45 of Monday there, on Sunday evening in Los Angeles."""
    request_cycle(database, as_of=date(2026, 3, 2), seed=settings.seed)
    there = settings.model_copy(update={"timezone": "America/Los_Angeles", "cycle_every_weeks": 1})
    assert run_slot(database, there, job_named(there, "cycle"), NOW)
    assert requested(database) == ["2026-03-02"]


def test_on_the_longest_day_of_the_year_the_newest_slot_is_still_found(settings: Settings) -> None:
    there = settings.model_copy(update={"timezone": "America/Los_Angeles", "nightly_hour": 1})
    slot = datetime(2026, 11, 1, 8, 15, tzinfo=UTC)
    assert latest_slot(job_named(there, "forecast"), slot + timedelta(hours=24, minutes=55)) == slot


@pytest.mark.slow
def test_lists_are_open_as_long_as_the_stores_day_lasts(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    job = job_named(settings, "expiry")
    there = settings.model_copy(update={"timezone": "America/New_York"})
    # Three in the morning in UTC is ten in the evening of the lists' last day in New York.
    assert run_slot(database, there, job, datetime(2026, 3, 16, 3, 0, tzinfo=UTC))
    assert query(database, "SELECT DISTINCT state FROM shopping_list") == [("issued",)]
    assert run_slot(database, there, job, datetime(2026, 3, 17, 3, 0, tzinfo=UTC))
    assert query(database, "SELECT DISTINCT state FROM shopping_list") == [("expired",)]


@pytest.mark.parametrize(
    ("state", "runs"),
    [
        (None, 1),
        (BatchState.RENDERING, 1),
        (BatchState.READY, 0),
        (BatchState.VOIDED, 0),
    ],
)
def test_a_batch_is_asked_for_until_it_is_printed(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    state: BatchState | None,
    runs: int,
) -> None:
    open_issued(database, settings, tmp_path)
    if state is not None:
        with database.write() as session:
            session.add(
                Batch(
                    cycle_id=1,
                    revision=1,
                    name="larder_lists_20260302_v1",
                    state=state,
                    pieces=27,
                    pages=54,
                    manifest="{}",
                )
            )
    job = job_named(settings, "batch")
    for hours in (0, 1):
        assert run_slot(database, settings, job, NOW + timedelta(hours=hours))
    assert query(database, "SELECT count(*) FROM run") == [(runs,)]


def test_lists_that_ended_are_not_printed(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    job = job_named(settings, "batch")
    assert run_slot(database, settings, job, datetime(2026, 3, 16, 0, 30, tzinfo=UTC))
    assert query(database, "SELECT count(*) FROM run") == [(0,)]
    assert run_slot(database, settings, job, datetime(2026, 3, 15, 23, 30, tzinfo=UTC))
    assert query(database, "SELECT count(*) FROM run") == [(1,)]


def test_a_printed_cycle_is_not_printed_again(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    publish(database, settings, 1, progress=silent)
    assert run_slot(database, settings, job_named(settings, "batch"), NOW)
    assert query(database, "SELECT count(*) FROM run") == [(0,)]


def test_a_date_that_has_its_cycle_is_not_asked_for(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    job = job_named(settings.model_copy(update={"cycle_every_weeks": 1}), "cycle")
    assert latest_slot(job, NOW) == datetime(2026, 3, 2, 3, 45, tzinfo=UTC)
    assert run_slot(database, settings, job, NOW)
    assert query(database, "SELECT count(*) FROM run") == [(0,)]
    with database.read() as session:
        assert cycles.as_of(session, date(2026, 3, 2)) is not None
