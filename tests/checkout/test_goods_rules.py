"""Deals by name at the till: what fits the rule counts, now or since the list was issued."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.deals import load_deals
from service.files.notes import ALL
from service.files.products import load_products
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers import products
from service.store.session import Database
from service.store.tables.types import epoch_micros
from tests.checkout.acts import sold, voided
from tests.shop import BREAD, CARDS, DEALS, H3, MILK, PRODUCTS, SALT, SOAP, Shop, issue_again, shop

__all__ = ["shop"]

BRUSH = "2000000000060"
HEADER = PRODUCTS.partition("\n")[0]
LATER = datetime(2030, 1, 1, tzinfo=UTC)
Put = Callable[..., None]


@pytest.fixture
def put(database: Database, tmp_path: Path) -> Put:
    """Load a product as it is from now on."""

    def act(gtin: str, *, brand: str, item: str, category: str = "Care", more: str = "") -> None:
        also = ",restriction" if more else ""
        row = f"{gtin},A {item},{brand},true,{item},{category},Household,House Brand,300"
        path = tmp_path / "more.csv"
        path.write_text(f"{HEADER}{also}\n{row}{f',{more}' if more else ''}\n", encoding="utf-8")
        load_products(database, path, accept=ALL)

    return act


@pytest.fixture
def code(database: Database, shop: Shop, tmp_path: Path, read_only: Any) -> str:
    """A list with 1.00 off what is of House and no salt, 0.50 off dairy goods, and soap by GTIN."""
    header = DEALS.partition("\n")[0]
    columns = "eligible_brands,excluded_items,eligible_categories"
    days = ",".join(["2026-01-01", "2026-12-31"] * 2)
    path = tmp_path / "named.csv"
    path.write_text(
        f"{header},{columns}\n"
        f"HOUSE,House Brand,House goods,,amount_off,1.00,1,,0,0,,{days},9,House,Salt,\n"
        f"DAIRY,Dale Foods,Dairy,,amount_off,0.50,1,,0,0,,{days},9,,,Dairy\n",
        encoding="utf-8",
    )
    load_deals(database, path, uploaded_by=Actor("tests"), accept=ALL)
    offers: dict[Any, Any] = dict(read_only("SELECT deal_ref, id FROM offer"))
    return issue_again(
        database, shop, H3, 70, offered=[offers["HOUSE"], offers["DAIRY"], offers["SOAP-1"]]
    )


def change(database: Database, statement: str) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(statement)


@pytest.fixture
def sell(database: Database, settings: Settings, code: str) -> Callable[..., dict[str, Any]]:
    """Sell one of some goods at 3.00 with the list and void it; what came off, what was refused."""
    numbers = iter(range(1, 100))

    def act(*gtins: str) -> dict[str, Any]:
        lines, number = [(gtin, 1, 300) for gtin in gtins], next(numbers)
        answer = sold(database, settings, number, presented=[("list", code)], lines=lines)
        off = {each["list_line"]: each["amount_cents"] for each in answer["discounts"]}
        refused = {each["list_line"]: each["reason"] for each in answer["refused"]}
        voided(database, number)
        return {"off": off, "refused": refused}

    return act


Sell = Callable[..., dict[str, Any]]


def test_what_fits_counts_and_what_is_excluded_is_named(sell: Sell) -> None:
    assert sell(SOAP, BREAD) == {
        "off": {1: 100},
        "refused": {2: "not_in_basket", 3: "quantity_short"},
    }
    assert sell(SALT)["refused"][1] == "excluded_product"
    assert sell(SALT)["off"] == {}
    assert sell(MILK)["off"] == {2: 50}


def test_a_product_loaded_later_counts_however_its_brand_is_written(sell: Sell, put: Put) -> None:
    assert sell(BRUSH)["off"] == {}
    put(BRUSH, brand="HÓUSE", item="Brush")
    assert sell(BRUSH)["off"] == {1: 100}
    # Of the brand, and of an item that is excluded.
    put(BRUSH, brand="House", item="Salt")
    assert sell(BRUSH)["off"] == {1: 100}, "it fitted since the list was issued"


def test_a_list_counts_what_it_said_and_one_of_later_what_is_so_then(
    database: Database, code: str, sell: Sell, put: Put
) -> None:
    put(SOAP, brand="Other", item="Soap")
    assert sell(SOAP)["off"] == {1: 100}
    moment = epoch_micros(LATER) if database.is_sqlite else f"'{LATER.isoformat()}'"
    change(database, f"UPDATE shopping_list SET written_at = {moment} WHERE code = '{code}'")
    assert sell(SOAP) == {
        "off": {},
        "refused": {1: "not_in_basket", 2: "not_in_basket", 3: "quantity_short"},
    }


def test_what_is_restricted_since_counts_no_more(sell: Sell, put: Put) -> None:
    put(SOAP, brand="House", item="Soap", more="no_coupon")
    assert sell(SOAP)["refused"][1] == "excluded_product"


def test_the_page_of_a_list_names_what_its_till_takes(
    database: Database, code: str, put: Put, read_only: Any
) -> None:
    ((list_id,),) = read_only(f"SELECT id FROM shopping_list WHERE code = '{code}'")

    def named(line: int) -> Sequence[str]:
        with database.read() as session:
            return products.counting_for(session, {(list_id, line)}, limit=9).get(
                (list_id, line), ()
            )

    assert (named(1), named(2), named(4)) == (["House Soap"], ["Dale Milk 1 l"], ())
    put(BRUSH, brand="house", item="Brush")
    put(SOAP, brand="Other", item="Soap")
    assert named(1) == ["A Brush", "A Soap"]
    moment = epoch_micros(LATER) if database.is_sqlite else f"'{LATER.isoformat()}'"
    change(database, f"UPDATE shopping_list SET written_at = {moment}")
    assert named(1) == ["A Brush"]


def test_a_draft_drops_the_deal_whose_goods_were_bought(
    database: Database, settings: Settings, code: str, read_only: Any
) -> None:
    # What comes next for the household: its own list, as if it were not issued yet.
    change(database, "UPDATE list_line SET item_id = NULL WHERE kind = 'offer'")
    change(database, f"UPDATE shopping_list SET state = 'draft' WHERE code = '{code}'")

    def left(number: int, *gtins: str) -> list[str]:
        lines = [(gtin, 1, 300) for gtin in gtins]
        answer = sold(database, settings, number, presented=[("card", CARDS[H3])], lines=lines)
        found: list[str] = answer["next_list"]["offers"]
        return found

    every = ["Dale Milk: $1.00 off", "Oven Bread: 20% off", "House Soap: $2.00 off"]
    assert left(1, BREAD) == every
    assert left(2, SALT) == every
    assert left(3, MILK) == [every[0], every[2]]
    assert left(4, SOAP) == [every[1]]
