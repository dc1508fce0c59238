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


def test_what_the_goods_of_offers_have_in_common(database: Database, shop: Shop) -> None:
    def goods() -> dict[int, tuple[object, ...]]:
        with database.read() as session:
            found = products.goods_of(session, [shop.milk_offer, shop.bread_offer])
        return {row[0]: row[1:] for row in found.rows()}

    def change(statement: str) -> None:
        with database.write() as session:
            session.connection().exec_driver_sql(statement)

    change("UPDATE product SET package_size = '1 l', price_cents = 129")
    before = goods()
    (count, milk, size, price) = before[shop.milk_offer]
    assert (count, size, price) == (1, "1 l", 129)
    assert milk not in (None, before[shop.bread_offer][1])
    # A second product, which is another in its name and its price, and then in its size too.
    change(f"INSERT INTO offer_product VALUES ({shop.milk_offer}, 0, {int(SALT)})")
    change(f"UPDATE product SET price_cents = NULL WHERE gtin = {int(SALT)}")
    assert goods()[shop.milk_offer] == (2, None, "1 l", None)
    change(f"UPDATE product SET package_size = '2 l' WHERE gtin = {int(SALT)}")
    assert goods()[shop.milk_offer] == (2, None, None, None)
    assert goods()[shop.bread_offer] == before[shop.bread_offer]
    # Of two product sets neither says what the offer is on.
    change(f"UPDATE offer_product SET set_number = 1 WHERE gtin = {int(SALT)}")
    assert shop.milk_offer not in goods()
