"""What deals came to, pages of them, and the counts of a front page, on both databases."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from service.admin.today import MOST_COUNTED, SHORT_OF_BUDGET, read_today
from service.deals.listing import page_deals
from service.deals.results import look_ahead, results_of
from service.engine.lifecycle import Act
from service.settings import Settings
from service.store.offers import pages
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database
from tests.checkout.acts import sold, voided
from tests.shop import H1, H2, SHOPPING_DAY, VALID_FROM, VALID_TO, Shop, open_shop
from tests.till import FULL

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def test_what_was_used_is_counted_once_and_what_was_voided_is_not(
    database: Database, settings: Settings, shop: Shop
) -> None:
    before = read_today(database, now=NOW)
    assert before.cycle is not None
    assert (before.cycle.lists, before.cycle.copies, before.cycle.uses) == (2, 6, 0)
    assert before.cycle.face_value_cents == 2 * (100 + 50 + 200)

    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    sold(database, settings, 2, presented=[("list", shop.lists[H2])], lines=FULL)
    voided(database, 2)
    after = read_today(database, now=NOW)
    assert after.cycle is not None
    assert after.cycle.by_day.rows() == [(SHOPPING_DAY, 3, 350, 125)]
    assert (after.cycle.valid_from, after.cycle.valid_to) == (VALID_FROM, VALID_TO)
    # The milk's 1.00 and its fee are spent, those of the other copy reserved; bread has no budget.
    assert after.budgets.budget_cents == 10_000
    assert after.budgets.committed_cents == 216

    milk = results_of(database, shop.milk_offer)
    assert (milk.uses, milk.discount_cents) == (1, 100)
    assert milk.by_store.rows() == [("0042", 1, 100, 108)]
    assert milk.spent_by_day == {SHOPPING_DAY: 108}
    bread = results_of(database, shop.bread_offer)
    assert (milk.open_uses, bread.open_uses) == (1, 3), "bread may be used twice"

    touched = look_ahead(database, [shop.milk_offer, shop.bread_offer, 999], Act.STOP)
    assert [each.deal_id for each in touched.possible] == ["MILK-1", "BREAD-1"]
    assert (touched.open_uses, touched.households, touched.is_more) == (4, 2, False)
    assert touched.unlimited == 1
    assert (touched.budget_cents, touched.suppliers) == (10_000, 2)
    nothing = look_ahead(database, [shop.milk_offer], Act.RESUME)
    assert (nothing.possible, nothing.skipped, nothing.open_uses) == ([], [("running", 1)], 0)


def test_pages_in_every_order_hold_each_deal_once(
    database: Database, settings: Settings, shop: Shop
) -> None:
    def numbers(order: DealOrder, place: Place | None, limit: int) -> list[int]:
        found = page_deals(
            database, DealFilter(), order=order, place=place, limit=limit, language="en",
            currency="USD",
        )  # fmt: skip
        return [row["offer_id"] for row in found.rows]

    for order, limit in product(DealOrder, (1, 2)):
        whole = numbers(order, None, 10)
        assert sorted(whole) == [shop.milk_offer, shop.bread_offer, shop.soap_offer]
        for place, number in enumerate(whole):
            assert numbers(order, Place(number), limit) == whole[place + 1 :][:limit]
            before = whole[:place][-limit:]
            assert numbers(order, Place(number, before=True), limit) == before
    titles = [numbers(DealOrder.TITLE, None, 10), numbers(DealOrder.TITLE_LAST, None, 10)]
    assert titles[0] == titles[1][::-1] == [shop.milk_offer, shop.soap_offer, shop.bread_offer]
    assert numbers(DealOrder.BUDGET_LEAST, None, 1) == [shop.milk_offer]


def test_deals_that_need_somebody_are_those_that_were_counted(
    database: Database, settings: Settings, shop: Shop
) -> None:
    def count(chosen: DealFilter, most: int = MOST_COUNTED) -> int:
        with database.read() as session:
            return pages.count(session, chosen, most=most)

    # 2.16 of the milk's 100.00 are reserved.
    assert [count(DealFilter(left_below_percent=each)) for each in (97, 98, 100)] == [0, 1, 1]
    assert count(DealFilter(behind_guarantee=True)) == 0
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE offer SET circulation_min = 3 WHERE deal_ref = 'MILK-1'")
        connection.exec_driver_sql("UPDATE offer SET circulation_min = 2 WHERE deal_ref = 'SOAP-1'")
    assert count(DealFilter(behind_guarantee=True)) == 1
    assert count(DealFilter(behind_guarantee=False)) == 2
    today = read_today(database, now=NOW)
    assert (today.waiting.behind_guarantee, today.waiting.drafts) == (1, 0)
    assert (today.waiting.short_of_budget, count(SHORT_OF_BUDGET)) == (0, 0)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE offer SET budget_cents = 220")
    today = read_today(database, now=NOW)
    # Of the milk's 2.20 are 2.16 reserved; the others' copies hold less.
    assert (today.waiting.short_of_budget, count(SHORT_OF_BUDGET)) == (1, 1)
    assert (today.budgets.with_budget, today.budgets.committed_cents) == (3, 316)
    assert count(DealFilter(), 2) == 2
