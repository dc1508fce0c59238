"""Which products and items count for which offers."""

from pathlib import Path

import polars as pl
import pytest

from service.settings import Settings
from service.store import catalogue
from service.store.offers import products
from service.store.session import Database
from tests.shop import BREAD, MILK, SALT, Shop, open_shop


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def test_products_and_items_of_offers(database: Database, shop: Shop) -> None:
    both = [shop.milk_offer, shop.bread_offer]
    with database.read() as session:
        gtins = products.products_of(session, both).rows()
        some = products.products_of(session, both, gtins=[int(BREAD), int(SALT)]).rows()
        items = products.items_of(session, both)["item_id"].to_list()
        known = {row["gtin"]: row["item_id"] for row in catalogue.products(session).to_dicts()}
        nothing = products.products_of(session, []).rows()
        none_of = products.items_of(session, both, item_ids=[]).rows()
    assert gtins == [(shop.milk_offer, int(MILK)), (shop.bread_offer, int(BREAD))]
    assert some == [(shop.bread_offer, int(BREAD))]
    assert items == [known[int(MILK)], known[int(BREAD)]]
    assert (nothing, none_of) == ([], [])


def test_prices_and_costs_of_what_offers_are_on(database: Database, shop: Shop) -> None:
    every = [shop.milk_offer, shop.bread_offer]
    with database.read() as session:
        assert products.costs_of(session, every).rows() == []
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE product SET cost_cents = 77 WHERE gtin = {int(MILK)}"
        )
    with database.read() as session:
        found = products.costs_of(session, every)
        of_one = products.costs_of(session, [shop.bread_offer])
    assert found.height == of_one.height + 1
    assert of_one["cost_cents"].to_list() == [None] * of_one.height
    assert found.filter(pl.col("offer_id") == shop.milk_offer)["cost_cents"].to_list() == [77]
