"""work: what it says it did."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.store import work
from service.store.session import Database
from service.store.tables.household import Household
from tests.commands.conftest import Larder


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is stored is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


@pytest.mark.parametrize(
    ("due", "said"),
    [(0, "0 things done"), (1, "1 thing done"), (2, "2 things done")],
)
def test_one_thing_is_not_things(
    configured: Larder, database: Database, due: int, said: str
) -> None:
    with database.write() as session:
        for number in range(due):
            household = Household(ref=str(number), language="en")
            session.add(household)
            session.flush()
            work.mark_due(session, household.id, at=datetime(2026, 3, 1, tzinfo=UTC))
    ended = configured("work", "--drain")
    assert (ended.code, ended.out) == (0, f"{said}; nothing is left\n")
