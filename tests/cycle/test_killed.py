"""A cycle killed in its middle leaves nothing, and run again makes what it would have made."""

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.killed import kill_in
from tests.market import cycle, documents, open_issued, open_market, query

pytestmark = pytest.mark.slow


def test_a_killed_cycle_run_again_issues_the_same_lists(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    sharded = settings.model_copy(update={"shard_households": 10})
    kill_in("cycle", sharded)
    for table in ("cycle", "shopping_list", "list_line", "cycle_price", "ledger_entry"):
        assert query(database, f"SELECT count(*) FROM {table}") == [(0,)]
    assert len(list(settings.runs_folder.rglob("*.scores.parquet"))) == 2
    cycle(database, sharded)
    undisturbed = Database(f"sqlite:///{tmp_path / 'undisturbed.db'}")
    open_issued(undisturbed, settings, tmp_path)
    assert documents(database) == documents(undisturbed)
    undisturbed.dispose()
    assert list(settings.runs_folder.iterdir()) == []
