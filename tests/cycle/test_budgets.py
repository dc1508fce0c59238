"""A budget is never promised twice, whatever happens while lists are made."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from service.cycle import run_cycle
from service.deals import steer
from service.errors import Conflict
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers import states
from service.store.session import Database
from tests.market import AS_OF, cycle, open_market, query, store_model
from tests.served import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.slow

OVER = """SELECT o.id FROM offer o JOIN ledger_entry e ON e.offer_id = o.id
          WHERE e.account IN ('offer_reserved', 'offer_spent') GROUP BY o.id, o.budget_cents
          HAVING sum(e.amount_cents) > o.budget_cents"""
WAITING = """SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'"""
TABLES = ("cycle", "shopping_list", "ledger_entry", "cycle_pick", "response")


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


def when_composed(act: Callable[[], object]) -> Callable[[str, int, int], None]:
    """Progress that does something once, when everything is made and nothing is issued."""
    left = [act]

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == "compose" and left:
            left.pop()()

    return progress


def budgeted(database: Database) -> int:
    return int(query(database, "SELECT min(id) FROM offer WHERE budget_cents IS NOT NULL")[0][0])


def left(database: Database) -> list[int]:
    return [query(database, f"SELECT count(*) FROM {name}")[0][0] for name in TABLES]


def test_a_deal_stopped_while_lists_are_made_is_not_issued(
    database: Database, settings: Settings, market: None
) -> None:
    offer = budgeted(database)
    progress = when_composed(lambda: steer.stop(database, offer, by=Actor("anna")))
    with pytest.raises(Conflict, match=f"changed while the lists were made .offers {offer}."):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=progress)
    assert left(database) == [0] * len(TABLES)
    report = cycle(database, settings)
    assert report.offers_running == 17
    assert query(database, f"SELECT count(*) FROM list_line WHERE offer_id = {offer}") == [(0,)]


def test_two_cycles_at_once_do_not_promise_one_budget_twice(
    database: Database, settings: Settings, market: None
) -> None:
    later = AS_OF + timedelta(days=1)
    store_model(database, settings, later)
    elsewhere = Database(database.url)
    progress = when_composed(lambda: cycle(elsewhere, settings, as_of=later))
    with pytest.raises(Conflict, match="Run the cycle again"):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=progress)
    elsewhere.dispose()
    assert query(database, "SELECT as_of FROM cycle") == [(later.isoformat(),)]
    assert query(database, OVER) == []
    cycle(database, settings)
    assert query(database, OVER) == []
    exhausted = query(database, "SELECT count(*) FROM offer WHERE state = 'exhausted'")
    assert exhausted[0][0] > 0


def test_the_second_of_two_cycles_of_a_date_is_told_that_there_is_one(
    database: Database, settings: Settings, market: None, tmp_path: Path
) -> None:
    """Both have made their lists when the first of them issues."""
    made = threading.Barrier(3)
    told: list[str] = []

    def issue(name: str) -> None:
        elsewhere = Database(database.url)
        own = settings.model_copy(update={"runs_folder": tmp_path / name})
        progress = when_composed(lambda: made.wait(PATIENCE_SECONDS))
        try:
            told.append(
                str(run_cycle(elsewhere, own, as_of=AS_OF, seed=0, progress=progress).lists)
            )
        except Conflict as conflict:
            told.append(conflict.detail)
        elsewhere.dispose()

    both = [threading.Thread(target=issue, args=(name,)) for name in ("one", "two")]
    with database.write() as session:
        every = [row[0] for row in query(database, "SELECT id FROM offer")]
        states.lock(session, every)
        for each in both:
            each.start()
        made.wait(PATIENCE_SECONDS)
        eventually(lambda: database.is_sqlite or query(database, WAITING) == [(2,)])
    for each in both:
        each.join()
    assert sorted(told) == ["29", f"There is a cycle as of {AS_OF} already."]


def test_a_raised_budget_issues_more_copies_in_the_next_cycle(
    database: Database, settings: Settings, market: None
) -> None:
    cycle(database, settings)
    spent = "SELECT min(id) FROM offer WHERE state = 'exhausted' AND budget_cents IS NOT NULL"
    offer = int(query(database, spent)[0][0])
    count = f"SELECT count(*) FROM list_line WHERE offer_id = {offer}"
    before = query(database, count)[0][0]
    steer.raise_budget(database, settings, offer, 100_000, by=Actor("anna"))
    later = AS_OF + timedelta(days=1)
    store_model(database, settings, later)
    cycle(database, settings, as_of=later)
    assert query(database, count)[0][0] > before
