"""Sums of deals: they are what they count, whatever happened, and however far they are kept."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cycle.expiry import expire_lists
from service.deals.keep_sums import keep_sums, recount_sums
from service.deals.results import DealResults, results_of
from service.settings import Settings
from service.store import lists, recount, sums
from service.store.offers import overview
from service.store.session import Database
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.shop import BREAD, H1, H2, SHOPPING_DAY, VALID_TO, Shop, issue_again, open_shop
from tests.till import FULL

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    opened = open_shop(database, settings, tmp_path)
    opened.lists["again"] = issue_again(database, opened, H1, 3, valid_from=SHOPPING_DAY)
    return opened


def shown(database: Database, shop: Shop) -> list[Any]:
    """Everything that pages show of the deals' sums."""
    found: list[Any] = []
    for number in (shop.milk_offer, shop.bread_offer, shop.soap_offer):
        came_to: DealResults = results_of(database, number)
        found.append((came_to.uses, came_to.discount_cents, came_to.open_uses,
                      round(came_to.open_expected_cents, 6)))  # fmt: skip
        found += [
            frame.sort(frame.columns[0]).rows()
            for frame in (came_to.by_cell, came_to.by_store, came_to.by_day)
        ]
    with database.read() as session:
        figures = overview.deals(session).select("issued", "reserved_cents", "spent_cents")
        assert recount.wrong_deals(session) == []
    return [*found, figures.rows()]


def test_a_sum_is_the_same_however_far_it_is_kept(
    database: Database, settings: Settings, shop: Shop
) -> None:
    """Once nothing is kept ever, once after every act, a row at a time, all is kept."""

    def once(act: Callable[[], object]) -> None:
        act()
        before = shown(database, shop)
        assert keep_sums(database, rows_at_once=1)
        assert shown(database, shop) == before

    def sell(number: int, ref: str) -> object:
        return sold(database, settings, number, presented=[("list", shop.lists[ref])], lines=FULL)

    def void_list() -> None:
        with database.write() as session:
            [(key,)] = session.connection().exec_driver_sql("SELECT max(id) FROM shopping_list")
            lists.void(session, [key])

    once(lambda: sell(1, H1))
    once(lambda: sell(2, H2))
    once(lambda: returned(database, settings, 3, of=1, lines=[(1, 1)]))
    once(lambda: voided(database, 2))
    once(lambda: sell(4, H2))
    offline = [off(shop.lists["again"], 2, 90, line=2)]
    once(lambda: replayed(database, settings, 5, presented=[("list", shop.lists["again"])],
                          lines=FULL, discounts=offline))  # fmt: skip
    once(lambda: voided(database, 4))
    once(void_list)
    once(lambda: expire_lists(database, before=VALID_TO + timedelta(1), at_once=1))
    once(lambda: voided(database, 1))
    assert recount_sums(database, now=NOW) == 0


def test_what_is_shown_of_one_deal(database: Database, settings: Settings, shop: Shop) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=[(BREAD, 1, 250)])
    keep_sums(database)
    sold(database, settings, 2, presented=[("list", shop.lists[H2])], lines=[(BREAD, 1, 250)])
    bread = results_of(database, shop.bread_offer)
    assert (bread.uses, bread.discount_cents) == (2, 100)
    # Two uses on each of three lists; the worst is expected of what nothing was expected of.
    assert (bread.open_uses, bread.open_expected_cents) == (4, 100.0)
    assert bread.by_store.rows() == [("0042", 2, 100, 50)]
    assert bread.by_day.rows() == [(SHOPPING_DAY, 2, 100, 50)]
    assert bread.by_cell.rows() == [("", 3, 2, 100)]


def test_a_sum_that_is_wrong_is_found_and_put_right(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    keep_sums(database)
    before = shown(database, shop)
    assert recount_sums(database, now=NOW) == 0
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run(
            f"UPDATE deal_total SET spent_cents = spent_cents + 1 WHERE deal_id = {shop.milk_offer}"
        )
        run(f"DELETE FROM deal_part WHERE part = 'day' AND deal_id = {shop.bread_offer}")
        run("UPDATE deal_copies SET open_expected_cents = 0")
    with database.read() as session:
        wrong = recount.wrong_deals(session)
        assert wrong == [shop.milk_offer, shop.bread_offer]
    # The total of milk, the day of bread, and what was expected of both; soap reserves nothing.
    assert recount_sums(database, now=NOW) == 4
    assert shown(database, shop) == before
    assert recount_sums(database, now=NOW) == 0
    with database.read() as session:
        assert recount.newest(session) == (NOW, 0)


def test_a_row_that_is_seen_late_is_in_no_sum_before(
    database: Database, settings: Settings, shop: Shop, postgresql: str
) -> None:
    """A till that took its numbers first and commits last: the mark waits, the page is right."""
    if database.is_sqlite:
        pytest.skip("one writer at a time: nobody commits late")
    post = (
        "INSERT INTO ledger_entry (posting, kind, account, offer_id, amount_cents, posted_at)"
        f" VALUES ('late', 'return', 'offer_spent', {shop.milk_offer}, 7, now()),"
        f" ('late', 'return', 'offer_budget', {shop.milk_offer}, -7, now())"
    )

    def spent() -> int:
        with database.read() as session:
            found = overview.deals(session, offer_id=shop.milk_offer)
        return int(found["spent_cents"][0])

    with database.write() as session:
        session.connection().exec_driver_sql(post)
        sold(database, settings, 1, presented=[("list", shop.lists[H2])], lines=FULL)
        assert keep_sums(database, patience=0.0) is False
        with database.read() as other:
            assert sums.read_mark(other) == (0, 0)
        assert spent() == 108
        keeping = threading.Thread(target=keep_sums, args=(database,))
        keeping.start()
    keeping.join()
    with database.read() as session:
        assert sums.read_mark(session) == sums.newest(session)
    assert spent() == 115


def test_a_long_transaction_that_changes_sums_holds_the_mark_and_nobody_else(
    database: Database, settings: Settings, shop: Shop
) -> None:
    if database.is_sqlite:
        pytest.skip("one writer at a time")
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    sold(database, settings, 2, presented=[("list", shop.lists[H2])], lines=FULL)
    with database.write() as session:
        sums.end_lists(session, [1], voided=False)
        assert keep_sums(database) is False
        assert voided(database, 2)["status"] == "voided"
    assert keep_sums(database)
