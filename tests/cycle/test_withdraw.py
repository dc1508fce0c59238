"""A cycle of which nothing was published or used is withdrawn with its money, or made again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier

import pytest

from service.cycle import recompose_cycle, withdraw_cycle
from service.cycle.withdraw import look_ahead
from service.errors import Conflict, NotFound
from service.publish import publish
from service.settings import Settings
from service.store import ledger
from service.store.actor import Actor
from service.store.session import Database
from tests.cycle.test_expiry import use
from tests.market import cycle, documents, open_issued, query, silent
from tests.shop import open_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def held(database: Database) -> list[tuple[str, int]]:
    """What accounts hold, but for those with nothing."""
    return query(
        database,
        """SELECT account, sum(amount_cents) FROM ledger_entry GROUP BY account
           HAVING sum(amount_cents) <> 0 ORDER BY account""",
    )


def states(database: Database) -> dict[str, int]:
    return dict(query(database, "SELECT state, count(*) FROM shopping_list GROUP BY state"))


def test_withdrawn_and_made_again(database: Database, settings: Settings, issued: None) -> None:
    before, first = held(database), documents(database)
    assert before
    kept = "SELECT offer_id, copies, reserved_cents FROM cycle_offer ORDER BY offer_id"
    issued_by_offer = query(database, kept)
    by_line = """SELECT l.offer_id, count(*), sum(l.reserved_cents * l.uses) FROM list_line l
                 WHERE l.offer_id IS NOT NULL GROUP BY l.offer_id ORDER BY l.offer_id"""
    assert issued_by_offer == query(database, by_line)
    ahead = look_ahead(database, 1)
    assert (ahead.lists, ahead.hindered) == (29, None)
    report = withdraw_cycle(database, 1, by=Actor("key 7"))
    acts = "SELECT actor, act, subject_id FROM audit_event WHERE subject = 'cycle'"
    assert query(database, acts) == [("key 7", "withdraw", "1")]
    assert held(database) == []
    assert report.lists == 29
    assert ahead.released_cents == report.released_cents
    assert report.released_cents == -dict(before)["offer_budget"]
    assert withdraw_cycle(database, 1) == report
    assert states(database) == {"voided": 29}
    for table in ("cycle_offer", "cycle_price", "cycle_household", "cycle_pick"):
        assert query(database, f"SELECT count(*) FROM {table}") == [(0,)]
    with pytest.raises(Conflict, match="was withdrawn"):
        cycle(database, settings)
    with pytest.raises(Conflict, match="was withdrawn"):
        publish(database, settings, 1, progress=silent)
    again = recompose_cycle(database, settings, 1, progress=silent, by=Actor("anna"))
    assert (again.cycle_id, again.lists) == (1, 29)
    assert states(database) == {"voided": 29, "issued": 29}
    assert query(database, kept) == issued_by_offer
    # The same data, and the money came back whole: the same lists, under codes of their own.
    assert held(database) == before
    assert query(database, "SELECT revision, withdrawn_at IS NULL FROM cycle")[0][0] == 2
    acts = "SELECT act, actor FROM audit_event WHERE subject = 'cycle' ORDER BY id"
    assert query(database, acts)[-1] == ("issue", "anna")
    codes = {code for (code,) in query(database, "SELECT code FROM shopping_list")}
    assert len(codes) == 58
    assert len(documents(database)) == 2 * len(first)
    with database.read() as session:
        assert ledger.imbalance(session) == []
    printed = publish(database, settings, 1, progress=silent)
    assert printed.pieces == 27
    assert {state for (state,) in query(database, "SELECT DISTINCT l.state FROM mail_piece p "
            "JOIN shopping_list l ON l.id = p.list_id")} == {"issued"}  # fmt: skip
    with pytest.raises(Conflict, match="has batch 1, which is ready"):
        recompose_cycle(database, settings, 1, progress=silent)
    with pytest.raises(NotFound, match="There is no cycle 7"):
        withdraw_cycle(database, 7)


def test_what_was_used_stays(database: Database, settings: Settings, issued: None) -> None:
    before = held(database)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE shopping_list SET state = 'expired' WHERE id = 1"
        )
    with pytest.raises(Conflict, match="were used or have ended"):
        withdraw_cycle(database, 1)
    assert held(database) == before
    assert states(database) == {"expired": 1, "issued": 28}


def test_a_press_that_has_begun_finds_the_cycle_withdrawn(
    database: Database, settings: Settings, issued: None
) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "check" and done == total:
            withdraw_cycle(database, 1)

    with pytest.raises(Conflict, match="was withdrawn"):
        publish(database, settings, 1, progress=progress)
    assert query(database, "SELECT count(*) FROM batch") == [(0,)]
    assert not settings.output_folder.exists()


def test_a_press_that_prints_keeps_the_cycle(
    database: Database, settings: Settings, issued: None
) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "print" and done == total:
            with pytest.raises(Conflict, match="has batch 1, which is rendering"):
                withdraw_cycle(database, 1)

    assert publish(database, settings, 1, progress=progress).pieces == 27
    assert states(database) == {"issued": 29}


def test_a_till_at_the_same_moment_comes_before_or_after(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Either the sale has its offers and the cycle stays, or it has none and the cycle is gone."""
    shop = open_shop(database, settings, tmp_path)
    together = Barrier(2)

    def sell() -> str:
        together.wait()
        return use(database, settings, shop)

    def take_back() -> str:
        together.wait()
        try:
            withdraw_cycle(database, 1)
        except Conflict:
            return "kept"
        return "withdrawn"

    with ThreadPoolExecutor(2) as pool:
        answer, outcome = pool.submit(sell), pool.submit(take_back)
        said, became = answer.result(), outcome.result()
    used = query(database, "SELECT count(*) FROM redemption_line")[0][0]
    assert (used > 0) == (became == "kept")
    assert ("voided" in said) == (became == "withdrawn")
    with pytest.raises(Conflict) if used else nullcontext():
        withdraw_cycle(database, 1)
    with database.read() as session:
        assert ledger.imbalance(session) == []
        assert ledger.uncharged(session) == []
    if became == "withdrawn":
        assert held(database) == []
