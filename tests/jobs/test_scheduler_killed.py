"""A scheduler killed before any statement leaves each job done, or to do by the next one."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.jobs.scheduler import planned_jobs
from service.settings import Settings
from service.store.session import Database
from tests.conftest import CODE, SECRET, fresh_database
from tests.crowd import open_crowd
from tests.nursery import Nursery, act, nursery
from tests.racing import faults
from tests.served import environment

pytestmark = pytest.mark.slow

NIGHT = datetime(2026, 3, 10, 4, tzinfo=UTC)
ENDED, OPEN = date(2026, 3, 6), date(2026, 3, 20)
HOMES = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Settings, Database, Nursery]]:
    """A crowd, every other list of which has ended, and a process that forks schedulers."""
    with (
        fresh_database(request, request.param, tmp_path) as url,
        (tmp_path / "log").open("wb") as log,
    ):
        settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
        database = Database(url)
        # Nobody bought anything yet: to fit a forecast would take each of the schedulers long.
        open_crowd(
            database, settings, tmp_path, size=HOMES,
            last_day=lambda place: ENDED if place % 2 else OPEN,
        )  # fmt: skip
        with nursery(environment(settings), tmp_path, log) as forks:
            yield settings, database, forks
        database.dispose()


def test_a_night_whose_schedulers_are_killed_is_done_in_the_end(
    world: tuple[Settings, Database, Nursery],
) -> None:
    settings, database, forks = world

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    draw, moment, killed = random.Random(20), NIGHT, 0
    for _ in range(12):
        killed += forks.killed("slots", {"at": moment.isoformat()}, before=draw.randrange(1, 30))
        assert faults(ask) == {}
        moment += timedelta(seconds=settings.lease_seconds + 1)
    act(settings, database, "slots", {"at": moment.isoformat()})
    assert killed > 5
    assert faults(ask) == {}
    every = sorted(job.name for job in planned_jobs(settings))
    done = ask("SELECT job FROM job_slot WHERE finished_at IS NOT NULL ORDER BY job")
    assert [job for (job,) in done] == every
    states = f"SELECT count(*) FROM shopping_list WHERE valid_to = '{ENDED}' AND state = 'issued'"
    assert ask(states) == [(0,)]
    asked = ask("SELECT kind, arguments, count(*) FROM run GROUP BY kind, arguments")
    assert [count for _, _, count in asked if count > 1] == []
