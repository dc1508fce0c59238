"""A process killed while it draws claims leaves no gap, and no entry in two claims."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.clearing.world import World, open_world
from tests.conftest import CODE, SECRET, fresh_database
from tests.nursery import Nursery, act, nursery
from tests.served import environment

pytestmark = pytest.mark.slow

MOST, STRIDE = 120, 7
ORDER = {"to": "2026-03-15"}


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, Nursery]]:
    """A world with agreements, and a process that forks others to be killed."""
    with (
        fresh_database(request, request.param, tmp_path) as url,
        (tmp_path / "log").open("wb") as log,
    ):
        settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
        database = Database(url)
        opened = open_world(database, settings, tmp_path, seed=3)
        with nursery(environment(settings), tmp_path, log) as forks:
            yield opened, forks
        database.dispose()


def test_claims_drawn_by_processes_that_are_killed_have_no_gap_and_share_nothing(
    world: tuple[World, Nursery],
) -> None:
    books, forks = world
    for before in range(1, MOST, STRIDE):
        for _ in range(3):
            books.redeem()
        if not forks.killed("draw", ORDER, before=before):
            break
        assert books.broken() == []
    else:
        pytest.fail("claims were never drawn to the end")
    assert before > 4 * STRIDE
    act(books.settings, books.database, "draw", ORDER)
    assert books.broken() == []
    claims = "SELECT serial FROM claim ORDER BY serial"
    serials = [int(row[0]) for row in books.rows(claims)]
    assert serials == [*range(1, len(serials) + 1)]
    assert len(serials) >= 3
    free = """SELECT e.posting FROM ledger_entry e JOIN supplier s ON s.id = e.supplier_id
        WHERE e.account = 'supplier_receivable' AND s.name <> 'Dale Foods'
          AND NOT EXISTS (SELECT 1 FROM claim_entry c WHERE c.entry_id = e.id)"""
    assert books.rows(free) == []
