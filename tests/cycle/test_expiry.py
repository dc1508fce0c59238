"""Expiry gives back exactly what lists still hold, once."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeem
from service.cycle.expiry import expire_lists
from service.settings import Settings
from service.store import ledger
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import AS_OF, open_issued, query
from tests.shop import BREAD, H1, MILK, VALID_TO, Shop, open_shop
from tests.till import body

DAY_AFTER = VALID_TO + timedelta(days=1)


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def balances(database: Database, offer_id: int) -> dict[str, int]:
    rows = query(
        database,
        f"""SELECT account, sum(amount_cents) FROM ledger_entry
            WHERE offer_id = {offer_id} AND account IN ('offer_budget', 'offer_reserved',
                                                                 'offer_spent') GROUP BY account""",
    )
    return {account: int(cents) for account, cents in rows if int(cents)}


def use(database: Database, settings: Settings, shop: Shop, *, day: date = VALID_TO) -> str:
    sent = BasketIn.model_validate(
        body(
            1,
            presented=[("list", shop.lists[H1])],
            lines=[(MILK, 1, 120), (BREAD, 1, 250)],
            day=day.isoformat(),
        )
    )
    return redeem(database, settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))


def test_on_its_last_day_a_list_is_open(database: Database, shop: Shop) -> None:
    assert expire_lists(database, before=VALID_TO).lists == 0
    assert query(database, "SELECT DISTINCT state FROM shopping_list") == [("issued",)]


def test_the_day_after_its_reservation_comes_back_whole(database: Database, shop: Shop) -> None:
    assert balances(database, shop.milk_offer) == {"offer_reserved": 216, "offer_budget": -216}
    assert balances(database, shop.bread_offer) == {"offer_reserved": 100, "offer_budget": -100}
    assert expire_lists(database, before=DAY_AFTER).lists == 2
    assert query(database, "SELECT DISTINCT state FROM shopping_list") == [("expired",)]
    assert balances(database, shop.milk_offer) == {}
    assert balances(database, shop.bread_offer) == {}
    with database.read() as session:
        assert ledger.imbalance(session) == []


def test_of_a_line_used_in_part_the_other_part_comes_back(
    database: Database, settings: Settings, shop: Shop
) -> None:
    use(database, settings, shop)
    expire_lists(database, before=DAY_AFTER)
    assert balances(database, shop.milk_offer) == {"offer_budget": -108, "offer_spent": 108}
    assert balances(database, shop.bread_offer) == {"offer_budget": -25, "offer_spent": 25}
    released = query(
        database,
        f"""SELECT offer_id, -amount_cents FROM ledger_entry
            WHERE kind = 'expiry' AND account = 'offer_reserved' AND offer_id <> {shop.soap_offer}
            ORDER BY offer_id""",
    )
    assert released == [(shop.milk_offer, 108), (shop.bread_offer, 75)]


def test_expiring_again_changes_nothing(database: Database, shop: Shop) -> None:
    expire_lists(database, before=DAY_AFTER)
    entries = query(database, "SELECT * FROM ledger_entry ORDER BY id")
    assert expire_lists(database, before=DAY_AFTER + timedelta(days=9)).lists == 0
    assert query(database, "SELECT * FROM ledger_entry ORDER BY id") == entries


def test_a_killed_sweep_goes_on_where_it_stopped(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    seen: list[tuple[str, int, int]] = []

    def stop(*step: object) -> None:
        raise KeyboardInterrupt

    before = AS_OF + timedelta(days=14)
    with pytest.raises(KeyboardInterrupt):
        expire_lists(database, before=before, at_once=10, progress=stop)
    closed = expire_lists(
        database, before=before, at_once=10, progress=lambda *step: seen.append(step)
    )
    assert (closed.lists, seen) == (19, [("expiry", 10, 19), ("expiry", 19, 19)])
    released = "SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'offer_reserved'"
    assert [int(cents) for (cents,) in query(database, released)] == [0]
    postings = "SELECT count(DISTINCT posting) FROM ledger_entry WHERE kind = 'expiry'"
    assert query(database, postings) == [(3,)]


def test_all_lists_of_a_cycle_give_back_all_they_hold(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    assert expire_lists(database, before=AS_OF + timedelta(days=14)).lists == 29
    assert (
        query(
            database,
            "SELECT offer_id FROM ledger_entry GROUP BY offer_id, account "
            "HAVING sum(amount_cents) <> 0",
        )
        == []
    )
