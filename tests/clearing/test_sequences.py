"""Whatever is sold, returned, voided, claimed, disputed and paid in any order: 0 cents apart."""

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.clearing.world import LEFT, open_world

pytestmark = pytest.mark.slow

SEQUENCES, ACTS, BETWEEN = 300, 2, 25


def test_any_sequence_of_acts_leaves_books_that_add_up(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    world = open_world(database, settings, tmp_path, seed=7 if database.is_sqlite else 11)
    for sequence in range(SEQUENCES):
        acts = [world.step() for _ in range(ACTS)]
        if sequence % BETWEEN == BETWEEN - 1:
            assert world.broken() == [], acts
    assert world.done > SEQUENCES * ACTS / 2
    assert world.rows(LEFT) != []
    world.undo()
    assert world.rows(LEFT) == []
    assert world.broken() == []
