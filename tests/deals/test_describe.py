"""A deal's sentence: filling in any column changes it."""

import pytest

from service.deals import COLUMNS, preview_deals
from service.deals.template import template_columns
from service.engine.codes import check_digit
from service.files.products import load_products
from service.store import migrate
from service.store.session import Database
from tests.files.files import write_file

GTINS = [f"20000000000{n}{check_digit(f'20000000000{n}')}" for n in range(1, 8)]
PRODUCTS = "\n".join(
    [
        "gtin,description,brand,private_label,item,category,department,supplier,price_cents",
        *(f"{gtin},Dale Milk {n},Dale,false,Milk,Dairy,Chilled,Dale Foods,{120 + n}"
          for n, gtin in enumerate(GTINS)),
    ]
)  # fmt: skip
WINDOW = {"mail_from": "2026-04-01", "mail_to": "2026-04-30"}
PRODUCT = {
    "deal_id": "D1", "supplier": "Dale Foods", "title": "Dale Milk", "eligible_gtins": GTINS[0],
    "benefit": "percent_off", "value": "20", "face_value": "1.00", "funding_share_percent": "100",
    **WINDOW, "redeem_from": "2026-04-01", "redeem_to": "2026-05-14",
}  # fmt: skip
PARTNER = {
    "deal_id": "P1", "supplier": "Bright Cleaners", "kind": "partner", "title": "Bright Cleaners",
    "value_text": "first shirt free", "copy_fee": "0.15", **WINDOW,
}  # fmt: skip
MORE = {
    "supplier": "dale foods", "kind": "product", "title": "Milk of Dale", "title_es": "Leche Dale",
    "eligible_gtins": ";".join(GTINS[:2]), "eligible_items": "Milk", "eligible_categories": "Dairy",
    "eligible_brands": "Dale", "excluded_gtins": GTINS[6], "excluded_items": "Cream",
    "excluded_categories": "Spirits", "excluded_brands": "House", "with_gtins": GTINS[1],
    "with_items": "Milk", "benefit": "fixed_price", "value": "30", "benefit_cap": "5.00",
    "covers": "all", "min_quantity": "2", "unit": "kg", "min_spend": "10.00",
    "uses_per_basket": "1", "face_value": "1.25", "funding_share_percent": "50",
    "funding_cap": "0.80", "handling_fee": "0.08", "budget": "1200.00", "circulation_max": "5000",
    "circulation_min": "500", "mail_from": "2026-04-02", "mail_to": "2026-04-29",
    "redeem_from": "2026-04-03", "redeem_to": "2026-05-13", "limit_per_household": "1",
    "target_cells": "switcher_heavy", "target_tiers": "most_valuable", "target_regions": "KY",
    "target_stores": "0042", "target_buyers": "new", "control_share_percent": "10",
    "legal_text": "Limit one.", "legal_text_es": "Solo uno.",
    **{column.name: "0.75" for column in COLUMNS if column.name.startswith("face_value_")},
}  # fmt: skip
TOGETHER = {
    "with_quantity": {"with_gtins": GTINS[1]},
    "get_quantity": {"benefit": "buy_get", "value": "50", "get_quantity": "1"},
}
USUAL = {"kind": "product", "min_quantity": "1.00", "unit": "each", "covers": "needed",
         "min_spend": "0", "handling_fee": "0", "control_share_percent": "0"}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A catalogue that no test changes."""
    folder = tmp_path_factory.mktemp("shelf")
    database = Database(f"sqlite:///{folder / 'larder.db'}")
    migrate.upgrade(database)
    cream = "4011,House Cream,House,true,Cream,Spirits,Chilled,House Brand,90"
    load_products(database, write_file(folder / "p.csv", f"{PRODUCTS}\n{cream}\n"))
    return database


def sentence(catalogue: Database, deal: dict[str, str]) -> str:
    names = dict.fromkeys((*template_columns(), *deal))
    rows = [",".join(names), ",".join(deal.get(name, "") for name in names)]
    found = preview_deals(catalogue, "d.csv", "\n".join(rows).encode())
    assert not found.problems, deal
    return found.deals[0].sentence


def test_every_column_of_the_form_changes_the_sentence(catalogue: Database) -> None:
    tried = set()
    for name, value in MORE.items():
        before = sentence(catalogue, PRODUCT)
        after = sentence(catalogue, {**PRODUCT, name: value})
        same = name == "supplier"  # Written otherwise it is the same supplier.
        assert (before == after) is same, name
        tried.add(name)
    for name, others in TOGETHER.items():
        values = [sentence(catalogue, {**PRODUCT, **others, name: text}) for text in ("1", "2")]
        assert values[0] != values[1], name
        tried.add(name)
    of_partners = {"copy_fee": "0.20", "value_text": "two shirts", "redeem_to": "2026-07-01"}
    for name, value in of_partners.items():
        assert sentence(catalogue, PARTNER) != sentence(catalogue, {**PARTNER, name: value}), name
        tried.add(name)
    for name, value in USUAL.items():
        assert sentence(catalogue, PRODUCT) != sentence(catalogue, {**PRODUCT, name: value}), name
    assert {column.name for column in COLUMNS} <= tried | {"deal_id"}


def test_up_to_five_products_are_named(catalogue: Database) -> None:
    five = sentence(catalogue, {**PRODUCT, "eligible_gtins": ";".join(GTINS[:5])})
    assert "on Dale Milk 0, Dale Milk 1, Dale Milk 2, Dale Milk 3, Dale Milk 4, chosen" in five
    all_seven = sentence(catalogue, {**PRODUCT, "eligible_gtins": ";".join(GTINS)})
    assert "Dale Milk 4 and 2 more, chosen by GTIN" in all_seven


def test_headers_are_named_used_or_not(catalogue: Database) -> None:
    names = [*PRODUCT, "Colour"]
    rows = [",".join(names).replace("supplier", "Vendor"), ",".join([*PRODUCT.values(), "red"])]
    found = preview_deals(catalogue, "d.csv", "\n".join(rows).encode())
    used = {each.cell: (each.header, each.column) for each in found.headers}
    assert used["B1"] == ("Vendor", "supplier")
    assert used["M1"] == ("Colour", "")
    assert len(used) == 13
