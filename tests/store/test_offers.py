"""Which offers run on which days, and what is promised of them over all their revisions."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from service.deals import load_deals
from service.settings import Settings
from service.store import catalogue, offers
from service.store.session import Database
from tests.files.files import written
from tests.shop import BREAD, DEALS, MILK, SALT, Shop, open_shop

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAY = timedelta(days=1)


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def test_an_offer_runs_when_mailed_in_its_window_and_redeemable_to_the_end(
    database: Database, shop: Shop
) -> None:
    every = [shop.milk_offer, shop.bread_offer, shop.soap_offer]

    def running(on: date, redeemable_to: date) -> list[int]:
        with database.read() as session:
            found = offers.running(session, on=on, redeemable_to=redeemable_to)
        return found["offer_id"].to_list()

    assert running(FIRST, FIRST + 14 * DAY) == every
    assert running(LAST, LAST) == every
    assert running(FIRST - DAY, FIRST) == []
    assert running(LAST + DAY, LAST + DAY) == []
    assert running(LAST, LAST + DAY) == []


def test_a_running_offer_with_its_terms_and_limits(database: Database, shop: Shop) -> None:
    with database.read() as session:
        found = offers.running(session, on=FIRST, redeemable_to=LAST)
    milk, bread, _ = found.select(
        "title", "department", "face_value_cents", "funding_share", "handling_fee_cents",
        "budget_cents", "limit_per_household", "circulation_max",
    ).rows()  # fmt: skip
    assert milk == ("Dale Milk", "Chilled", 100, 100, 8, 10_000, 1, None)
    assert bread == ("Oven Bread", "Grocery", 50, 50, 0, None, 2, None)


def test_prices_and_costs_of_what_offers_are_on(database: Database, shop: Shop) -> None:
    every = [shop.milk_offer, shop.bread_offer]
    with database.read() as session:
        assert offers.costs_of(session, every).rows() == []
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE product SET cost_cents = 77 WHERE gtin = {int(MILK)}"
        )
    with database.read() as session:
        found = offers.costs_of(session, every)
        of_one = offers.costs_of(session, [shop.bread_offer])
    assert found.height == of_one.height + 1
    assert of_one["cost_cents"].to_list() == [None] * of_one.height
    assert found.filter(pl.col("offer_id") == shop.milk_offer)["cost_cents"].to_list() == [77]


def test_what_is_promised_counts_through_a_revision(
    database: Database, shop: Shop, tmp_path: Path
) -> None:
    with database.read() as session:
        before = offers.committed(session).rows()
    assert before == [
        (shop.milk_offer, 216, 2),
        (shop.bread_offer, 100, 2),
        (shop.soap_offer, 0, 2),
    ]
    changed = DEALS.replace("amount_off,1.00", "amount_off,0.90", 1)
    load_deals(database, written(tmp_path / "d2.csv", changed), uploaded_by="tests")
    with database.read() as session:
        standing = offers.newest_revisions(session)
        (milk,) = [offer for (_, ref), offer in standing.items() if ref == "MILK-1"]
        assert (milk.revision, milk.id != shop.milk_offer) == (2, True)
        promised = {row[0]: row[1:] for row in offers.committed(session).rows()}
        printed = session.connection().exec_driver_sql(
            f"SELECT count(*) FROM list_line WHERE offer_id = {shop.milk_offer}"
        )
        assert printed.scalar_one() == 2
    assert promised[milk.id] == (216, 2)
    assert shop.milk_offer not in promised


def test_products_and_items_of_offers(database: Database, shop: Shop) -> None:
    both = [shop.milk_offer, shop.bread_offer]
    with database.read() as session:
        gtins = offers.products_of(session, both).rows()
        some = offers.products_of(session, both, gtins=[int(BREAD), int(SALT)]).rows()
        items = offers.items_of(session, both)["item_id"].to_list()
        known = {row["gtin"]: row["item_id"] for row in catalogue.products(session).to_dicts()}
        nothing = offers.products_of(session, []).rows()
        none_of = offers.items_of(session, both, item_ids=[]).rows()
    assert gtins == [(shop.milk_offer, int(MILK)), (shop.bread_offer, int(BREAD))]
    assert some == [(shop.bread_offer, int(BREAD))]
    assert items == [known[int(MILK)], known[int(BREAD)]]
    assert (nothing, none_of) == ([], [])
