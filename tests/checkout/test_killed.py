"""A process killed before any statement of any verb leaves all or nothing, and is asked again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from service.store.session import Database
from tests import chaos
from tests.conftest import CODE, SECRET, fresh_database
from tests.crowd import open_crowd
from tests.nursery import Nursery, act, nursery
from tests.racing import faults, sale, sold_offline, undo
from tests.served import environment

pytestmark = pytest.mark.slow

MOST = 60
STRIDE = 4
"""Of all the statements every fourth is tried, so that the suite stays quick; 1 tries all."""

Body = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Settings, Database, tuple[str, ...], Nursery]]:
    """A crowd, and a process that forks others to be killed."""
    with (
        fresh_database(request, request.param, tmp_path) as url,
        (tmp_path / "log").open("wb") as log,
    ):
        settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
        database = Database(url)
        codes = open_crowd(database, settings, tmp_path, size=4 * MOST).codes
        with nursery(environment(settings), tmp_path, log) as forks:
            yield settings, database, codes, forks
        database.dispose()


def test_a_process_killed_before_a_statement_of_any_verb_loses_nothing(
    world: tuple[Settings, Database, tuple[str, ...], Nursery],
) -> None:
    settings, database, codes, forks = world
    lists = iter(codes)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    least = {"redeem": 2, "void": 8, "return": 8, "replay": 10}
    for verb, fewest in least.items():
        for before in range(1, MOST, STRIDE):
            code, number = next(lists), f"{verb}-{before}"
            sent = {
                "redeem": sale(number, code),
                "void": undo(number),
                "return": chaos.returned(number, code),
                "replay": sold_offline(number, code),
            }[verb]
            if verb in ("void", "return"):
                act(settings, database, "redeem", sale(number, code))
            was_killed = forks.killed(verb, sent, before=before)
            told = json.loads(act(settings, database, verb, sent))
            assert told["status"] in ("redeemed", "voided", "returned", "accepted", "duplicate")
            assert told == json.loads(act(settings, database, verb, sent)) | (
                {"status": told["status"]} if verb == "replay" else {}
            )
            if not was_killed:
                assert before > fewest
                break
        else:
            pytest.fail(f"{verb} never came to its end")
        assert faults(ask) == {}
    assert chaos.twice(ask) == []


def test_schedules_of_kills_lose_nothing(
    world: tuple[Settings, Database, tuple[str, ...], Nursery],
) -> None:
    """Ten in the suite, five on each database; `bench.chaos` carries out as many as are wanted."""
    settings, database, codes, forks = world
    lists, killed = iter(codes), 0

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    for seed in range(5) if database.is_sqlite else range(5, 10):
        killed += chaos.run_schedule(settings, database, forks, lists, seed=seed)
        assert faults(ask) == {}, seed
    assert chaos.twice(ask) == []
    assert killed >= 5
