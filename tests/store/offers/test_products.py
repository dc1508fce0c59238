"""Which products and items count for which offers."""

from pathlib import Path

from service.settings import Settings
from service.store import catalogue
from service.store.offers import products
from service.store.session import Database
from tests.shop import BREAD, MILK, SALT, open_shop


def test_products_and_items_of_offers(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
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
