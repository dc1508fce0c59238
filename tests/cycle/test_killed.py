"""A cycle killed in its middle leaves nothing, and run again makes what it would have made."""

from pathlib import Path

import pytest

from service.cycle import recompose_cycle
from service.settings import Settings
from service.store import ledger
from service.store.session import Database
from tests.killed import kill_in
from tests.market import cycle, documents, open_issued, open_market, query, silent

pytestmark = pytest.mark.slow


def test_a_killed_cycle_run_again_issues_the_same_lists(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    sharded = settings.model_copy(update={"shard_households": 10})
    kill_in("cycle", sharded)
    for table in ("cycle", "shopping_list", "list_line", "cycle_price", "ledger_entry"):
        assert query(database, f"SELECT count(*) FROM {table}") == [(0,)]
    assert len(list(settings.runs_folder.rglob("*.scored"))) == 2
    cycle(database, sharded)
    undisturbed = Database(f"sqlite:///{tmp_path / 'undisturbed.db'}")
    open_issued(undisturbed, settings, tmp_path)
    assert documents(database) == documents(undisturbed)
    undisturbed.dispose()
    assert list(settings.runs_folder.iterdir()) == []


def test_a_killed_recomposition_leaves_the_cycle_whole_or_withdrawn_and_goes_on(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Killed in the transaction that withdraws, and in the one that issues."""

    def stands() -> tuple[dict[str, int], list[tuple[object, ...]], int]:
        with database.read() as session:
            assert ledger.imbalance(session) == []
        states = query(database, "SELECT state, count(*) FROM shopping_list GROUP BY state")
        held = query(
            database,
            """SELECT account, sum(amount_cents) FROM ledger_entry GROUP BY account
               HAVING sum(amount_cents) <> 0 ORDER BY account""",
        )
        return dict(states), held, query(database, "SELECT count(*) FROM list_line")[0][0]

    open_issued(database, settings, tmp_path)
    issued = stands()
    money = issued[1]
    kill_in("withdraw", settings)
    assert stands() == issued
    kill_in("recompose", settings)
    assert stands()[:2] == ({"voided": 29}, [])
    again = recompose_cycle(database, settings, 1, progress=silent)
    assert (again.cycle_id, again.lists) == (1, 29)
    after = stands()
    assert after == ({"issued": 29, "voided": 29}, money, 2 * issued[2])
    assert query(database, "SELECT revision FROM cycle") == [(2,)]
    codes = query(database, "SELECT count(DISTINCT code) FROM shopping_list")
    assert codes == [(58,)]
