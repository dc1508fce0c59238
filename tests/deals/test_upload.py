"""Loading suppliers' deals, on both databases."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.deals import COLUMNS, UploadReport, load_body, load_deals, upload
from service.deals.columns import FACE_VALUES
from service.engine.redeem import BENEFITS
from service.errors import InvalidInput
from service.files.notes import ALL
from service.files.products import load_products
from service.store.actor import Actor
from service.store.offers import revisions
from service.store.offers.goods import counting
from service.store.patience import Patience
from service.store.session import Database
from tests.files.files import write_file

Ask = Callable[[str], list[tuple[object, ...]]]
Load = Callable[..., UploadReport]

MILK, CREAM, BREAD, SOAP = "2000000000015", "2000000000053", "2000000000022", "2000000000039"
PRODUCTS = f"""gtin,description,brand,private_label,item,category,department,supplier,price_cents
{MILK},Dale Milk 1 l,Dale,false,Milk,Dairy,Chilled,Dale Foods,120
{CREAM},Dale Cream,Dale,false,Cream,Dairy,Chilled,Dale Foods,200
{BREAD},Oven Bread 500 g,Oven,false,Bread,Bakery,Grocery,Oven Works,250
{SOAP},House Soap,House,true,Soap,Care,Household,House Brand,300
4011,House Milk,House,true,Milk,Dairy,Chilled,House Brand,90
"""
DEAL = {
    "deal_id": "D1",
    "supplier": "Dale Foods",
    "title": "Dale Milk",
    "eligible_gtins": MILK,
    "benefit": "amount_off",
    "value": "1.00",
    "funding_share_percent": "100",
    "mail_from": "2026-01-01",
    "mail_to": "2026-12-31",
    "redeem_from": "2026-01-01",
    "redeem_to": "2026-12-31",
}


@pytest.fixture
def load(database: Database, tmp_path: Path) -> Load:
    """Load deals given as changes to `DEAL`, each a row."""
    load_products(database, write_file(tmp_path / "products.csv", PRODUCTS))

    def load(*changes: dict[str, str], name: str = "deals.csv", accept: str = "") -> UploadReport:
        given = [{**DEAL, **change} for change in changes]
        frame = pl.DataFrame(given, schema=dict.fromkeys(names(given), pl.String), orient="row")
        frame.write_csv(tmp_path / name)
        return load_deals(database, tmp_path / name, uploaded_by=Actor("tests"), accept=accept)

    return load


def names(given: list[dict[str, str]]) -> list[str]:
    known = [column.name for column in COLUMNS if any(column.name in deal for deal in given)]
    return known + sorted({name for deal in given for name in deal} - set(known))


def faults(load: Load, *changes: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load(*changes)
    return [str(problem).removeprefix("deals.csv, ") for problem in caught.value.problems]


def summary(report: UploadReport) -> tuple[int, int, int, bool]:
    return report.added, report.revised, report.unchanged, report.already_loaded


OFFERS = "SELECT deal_ref, revision, state, face_value_cents FROM offer ORDER BY id"
MEMBERS = f"""SELECT o.deal_ref, p.gtin FROM offer o
    JOIN ({counting("SELECT id AS offer_id FROM offer")}) p ON p.offer_id = o.id
    WHERE o.state = 'running' ORDER BY o.deal_ref, p.gtin"""
STORED = """SELECT o.deal_ref, p.gtin FROM offer o JOIN offer_product p ON p.offer_id = o.id
    ORDER BY o.deal_ref, p.gtin"""
EXCLUDED = """SELECT o.deal_ref, p.gtin FROM offer o JOIN offer_exclusion p ON p.offer_id = o.id
    WHERE o.state = 'running' ORDER BY o.deal_ref, p.gtin"""


def test_what_is_not_given_has_its_default_and_no_limit_is_not_zero(
    load: Load, read_only: Ask
) -> None:
    report = load({}, {"deal_id": "D2", "budget": "0", "circulation_max": "5"})
    assert (report.rows, *summary(report)) == (2, 2, 0, 0, False)
    assert read_only(
        "SELECT budget_cents, circulation_max, circulation_min, limit_per_household, "
        "handling_fee_cents, control_share, legal FROM offer ORDER BY id"
    ) == [(None, None, None, 1, 0, 0, ""), (0, 5, None, 1, 0, 0, "")]


def test_a_file_is_understood_before_the_turn_to_write_comes(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite tills would wait meanwhile."""
    monkeypatch.setattr(database, "patience", Patience.of(0.1))
    with database.write():
        assert faults(load, {"value": "two"})


def test_every_column_is_stored(load: Load, read_only: Ask) -> None:
    load(
        {
            "min_quantity": "2",
            "min_spend": "10.5",
            "face_value": "0.99",
            "funding_share_percent": "60",
            "handling_fee": "0.08",
            "budget": "999999999.99",
            "circulation_max": "200",
            "circulation_min": "50",
            "limit_per_household": "3",
            "control_share_percent": "10",
            "legal_text": "Limit 3, please.",
        }
    )
    assert read_only(
        "SELECT face_value_cents, funding_share, handling_fee_cents, budget_cents, "
        "circulation_max, circulation_min, limit_per_household, control_share, legal FROM offer"
    ) == [(99, 60, 8, 99_999_999_999, 200, 50, 3, 10, "Limit 3, please.")]
    (terms,) = [json.loads(str(row[0])) for row in read_only("SELECT terms FROM offer")]
    assert terms["condition"] == {
        "needs": [{"quantity_milli": 2000, "unit": "each"}],
        "minimum_spend_cents": 1050,
    }
    assert read_only("SELECT name, rows, uploaded_by FROM upload") == [("deals.csv", 1, "tests")]


def test_each_benefit_becomes_its_terms(load: Load, read_only: Ask) -> None:
    given: dict[str, tuple[str, dict[str, Any]]] = {
        "amount_off": ("1.5", {"amount_cents": 150}),
        "percent_off": ("12.5", {"basis_points": 1250, "covers": "needed"}),
        "fixed_price": ("0", {"price_cents": 0, "covers": "needed"}),
        "buy_get": ("50%", {"get": 1, "on": 0, "basis_points": 5000}),
        "bundle_price": ("5", {"price_cents": 500}),
        "free_item": ("3.00", {"on": 0, "cap_cents": 300}),
        "points": ("250", {"points": 250}),
    }
    assert set(given) == set(BENEFITS)
    load(
        *(
            {"deal_id": kind, "benefit": kind.upper(), "value": value, "face_value": "1"}
            for kind, (value, _) in given.items()
        )
    )
    stored = {
        ref: json.loads(str(terms)) for ref, terms in read_only("SELECT deal_ref, terms FROM offer")
    }
    assert {kind: terms["benefit"] for kind, terms in stored.items()} == {
        kind: {"kind": kind, **benefit} for kind, (_, benefit) in given.items()
    }
    assert stored["free_item"]["condition"]["needs"][0]["quantity_milli"] == 0


def test_products_that_count(load: Load, read_only: Ask) -> None:
    chosen = {
        "A": {"eligible_gtins": f"{MILK}; 4011 ;"},
        "B": {"eligible_gtins": "", "eligible_items": "Milk"},
        "C": {"eligible_gtins": "", "eligible_items": "Milk;Cream", "eligible_brands": "Dale"},
        "D": {"eligible_gtins": BREAD, "eligible_items": "Milk", "eligible_brands": "House"},
        "E": {"eligible_gtins": "", "eligible_categories": "Dairy", "excluded_gtins": "4011"},
        "F": {"eligible_gtins": f"{MILK};{SOAP}", "excluded_gtins": MILK},
        "G": {"eligible_gtins": SOAP, "eligible_brands": "Dale", "excluded_items": "Milk"},
        "H": {"eligible_gtins": SOAP, "excluded_gtins": BREAD},
    }
    # Some are products of other suppliers.
    load(*({"deal_id": ref, **filters} for ref, filters in chosen.items()), accept=ALL)
    found: dict[object, list[str]] = {}
    for ref, gtin in read_only(MEMBERS):
        found.setdefault(ref, []).append(str(gtin))
    assert found == {
        "A": ["4011", MILK],
        "B": ["4011", MILK],
        "C": [MILK, CREAM],
        "D": ["4011", BREAD],
        "E": [MILK, CREAM],
        "F": [SOAP],
        "G": [SOAP, CREAM],
        "H": [SOAP],
    }
    # What is excluded by its number; what a rule excludes by a name, it says itself.
    assert [(ref, str(gtin)) for ref, gtin in read_only(EXCLUDED)] == [
        ("E", "4011"),
        ("F", MILK),
        ("H", BREAD),
    ]
    # Only what is named by its number is stored as a product.
    assert [(ref, str(gtin)) for ref, gtin in read_only(STORED)] == [
        ("A", "4011"),
        ("A", MILK),
        ("D", BREAD),
        ("F", SOAP),
        ("G", SOAP),
        ("H", SOAP),
    ]


def test_the_same_file_again_changes_nothing(load: Load, read_only: Ask) -> None:
    assert summary(load({}, {"deal_id": "D2"})) == (2, 0, 0, False)
    before = read_only(OFFERS)
    assert summary(load({}, {"deal_id": "D2"})) == (0, 0, 2, True)
    assert read_only(OFFERS) == before
    assert read_only("SELECT count(*) FROM upload") == [(1,)]


def test_the_same_deals_in_another_file_change_nothing(load: Load, read_only: Ask) -> None:
    load({})
    assert summary(load({}, {"deal_id": "D2"}, name="more.csv")) == (1, 0, 1, False)
    assert read_only(OFFERS) == [("D1", 1, "running", 100), ("D2", 1, "running", 100)]


def test_a_changed_row_is_the_next_revision_and_the_old_one_stays(
    load: Load, read_only: Ask
) -> None:
    load({"eligible_gtins": f"{MILK};{CREAM}"})
    assert summary(load({"value": "2.00"})) == (0, 1, 0, False)
    assert read_only(OFFERS) == [("D1", 1, "replaced", 100), ("D1", 2, "running", 200)]
    assert read_only(
        "SELECT o.revision, count(*) FROM offer o JOIN offer_product p ON p.offer_id = o.id "
        "GROUP BY o.revision ORDER BY 1"
    ) == [(1, 2), (2, 1)]


def test_an_older_file_brings_the_older_terms_back(load: Load, read_only: Ask) -> None:
    load({})
    load({"value": "2.00"})
    assert summary(load({})) == (0, 1, 0, False)
    assert read_only(OFFERS) == [
        ("D1", 1, "replaced", 100),
        ("D1", 2, "replaced", 200),
        ("D1", 3, "running", 100),
    ]
    assert read_only("SELECT count(*) FROM upload") == [(2,)]


def test_a_deal_on_a_category_takes_up_its_new_products_at_once(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    deal = {"supplier": "Oven Works", "eligible_gtins": "", "eligible_categories": "Bakery"}
    load(deal)
    header = PRODUCTS.partition("\n")[0]
    rolls = f"{header}\n2000000000060,Oven Rolls,Oven,false,Rolls,Bakery,Grocery,Oven Works,90\n"
    load_products(database, write_file(tmp_path / "more.csv", rolls))
    assert [str(gtin) for _, gtin in read_only(MEMBERS)] == [BREAD, "2000000000060"]
    # Its usual price is another now.
    assert summary(load(deal)) == (0, 1, 0, False)
    assert [str(gtin) for _, gtin in read_only(MEMBERS)] == [BREAD, "2000000000060"]
    assert summary(load(deal)) == (0, 0, 1, True)


def test_deals_that_say_the_same_share_a_rule(load: Load, read_only: Ask) -> None:
    by_name = {"eligible_gtins": "", "eligible_brands": "Dale", "eligible_items": "Milk;Cream"}
    written = {"eligible_gtins": "", "eligible_brands": "DALE", "eligible_items": "cream; milk"}
    load(by_name, {"deal_id": "D2", **written}, {"deal_id": "D3", **by_name,
         "excluded_gtins": CREAM})  # fmt: skip
    assert read_only("SELECT count(DISTINCT rule_id), count(*) FROM offer_rule") == [(2, 3)]
    assert read_only("SELECT count(*), max(kinds) FROM goods_rule") == [(2, 2)]
    assert read_only(STORED) == []
    found = [(ref, str(gtin)) for ref, gtin in read_only(MEMBERS)]
    assert found == [("D1", MILK), ("D1", CREAM), ("D2", MILK), ("D2", CREAM), ("D3", MILK)]
    # The same rule, written otherwise, is the same deal.
    assert summary(load(written, name="more.csv")) == (0, 0, 1, False)


def test_two_suppliers_may_give_a_deal_the_same_number(load: Load, read_only: Ask) -> None:
    report = load({}, {"supplier": "Oven Works", "eligible_gtins": BREAD})
    assert summary(report) == (2, 0, 0, False)


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"deal_id": ""}, "A2, column deal_id: is empty (give text)"),
    (
        {"supplier": "Nobody"},
        "B3, column supplier: there is no supplier 'Nobody' (load its products",
    ),
    (
        {"supplier": "Dal Foods"},
        "B4, column supplier: there is no supplier 'Dal Foods' (did you mean",
    ),
    ({"title": " "}, "C5, column title: is empty"),
    ({"eligible_gtins": ""}, "D6, column eligible_gtins: no product of the catalogue counts"),
    (
        {"eligible_gtins": "2000000000016"},
        "D7, column eligible_gtins: '2000000000016' is not a GTIN: the check digit is 6 and should "
        "be 5 (look it up again)",
    ),
    (
        {"eligible_gtins": "4012"},
        "D8, column eligible_gtins: no product has the GTIN 4012 (load the",
    ),
    (
        {"eligible_items": "Milc"},
        "E9, column eligible_items: no product has the item 'Milc' (did you",
    ),
    ({"eligible_brands": "X"}, "G10, column eligible_brands: no product has the brand 'X'"),
    ({"eligible_categories": "X"}, "F11, column eligible_categories: no product has the category"),
    ({"excluded_gtins": MILK}, "D12, column eligible_gtins: no product of the catalogue counts"),
    ({"excluded_gtins": "12"}, "H13, column excluded_gtins: '12' is not a GTIN: a product number"),
    ({"benefit": "half_price"}, "I14, column benefit: 'half_price' is not one of amount_off, perc"),
    ({"value": "one"}, "J15, column value: 'one' is not a number (write 1234.50)"),
    ({"value": "20%"}, "J16, column value: 20% does not fit amount_off (write an amount, as 1.00)"),
    ({"value": "0"}, "J17, column value: 0 does not fit amount_off"),
    ({"value": "-1"}, "J18, column value: -1 does not fit amount_off"),
    (
        {"benefit": "percent_off", "value": "101"},
        "J19, column value: 101 does not fit percent_off (write a per cent from 1 to 100, as 20)",
    ),
    (
        {"benefit": "percent_off", "value": "0.2"},
        "J20, column value: 0.2 does not fit percent_off (write 20 for per cent)",
    ),
    (
        {"benefit": "percent_off", "value": "20"},
        "M21, column face_value: is empty (say what the li",
    ),
    (
        {"benefit": "points", "value": "1.5"},
        "J22, column value: 1.5 does not fit points (write a w",
    ),
    (
        {"benefit": "free_item", "face_value": "1", "min_quantity": "2"},
        "K23, column min_quantity: does not fit free_item (leave it empty",
    ),
    (
        {"benefit": "free_item", "face_value": "1", "min_spend": "5"},
        "L24, column min_spend: does not fit free_item (leave it empty",
    ),
    ({"min_quantity": "0"}, "K25, column min_quantity: 0 is not a quantity from 0.001 to 1000"),
    (
        {"min_quantity": "1.5"},
        "K26, column min_quantity: 1.5 is part of a piece (write whole pieces",
    ),
    ({"min_spend": "10000000.01"}, "L27, column min_spend: '10000000.01' is not from 0.00 to 10,0"),
    ({"face_value": "99999999"}, "M28, column face_value: '99999999' is not from 0.00 to 10,000,0"),
    ({"funding_share_percent": "101"}, "N29, column funding_share_percent: '101' is not from 0 to"),
    (
        {"funding_share_percent": ""},
        "N30, column funding_share_percent: is empty (give a whole per",
    ),
    (
        {"funding_share_percent": "0.5"},
        "N31, column funding_share_percent: '0.5' is not a whole per cent (write 50 for per cent)",
    ),
    ({"handling_fee": "0.005"}, "O32, column handling_fee: '0.005' has more than two decimals"),
    ({"budget": "20%"}, "P33, column budget: '20%' is a per cent, not an amount of money"),
    ({"circulation_max": "0"}, "Q34, column circulation_max: '0' is not from 1 to 1,000,000,000"),
    (
        {"circulation_max": "5", "circulation_min": "6"},
        "R35, column circulation_min: 6 is more than circulation_max 5 (lower it)",
    ),
    ({"mail_from": "2026-12-32"}, "S36, column mail_from: '2026-12-32' is not a day of any month"),
    ({"mail_to": "2025-12-31"}, "T37, column mail_to: 2025-12-31 is before mail_from 2026-01-01"),
    ({"redeem_from": "soon"}, "U38, column redeem_from: 'soon' is not a date (write 2026-04-01)"),
    (
        {"redeem_to": "2025-12-31"},
        "V39, column redeem_to: 2025-12-31 is before redeem_from 2026-01",
    ),
    (
        {"redeem_from": "2025-01-01", "redeem_to": "2025-12-31"},
        "V40, column redeem_to: 2025-12-31 is before the first mailing 2026-01-01 (redeem after",
    ),
    ({"limit_per_household": "0"}, "W41, column limit_per_household: '0' is not from 1 to 1,000"),
    ({"control_share_percent": "x"}, "X42, column control_share_percent: 'x' is not a number"),
)


def test_every_fault_of_a_file_is_told_once_and_by_its_cell(load: Load) -> None:
    changes = [{"deal_id": f"D{row}", **change} for row, (change, _) in enumerate(WRONG, 1)]
    problems = faults(load, *changes, {"deal_id": "D1000"}, {"deal_id": "D1000"})
    last = len(WRONG) + 3
    again = f"A{last}, column deal_id: is in A{last - 1} already (keep one row per deal)"
    for problem, start in zip(problems, [*(start for _, start in WRONG), again], strict=True):
        assert problem.startswith(start)


def test_a_denied_file_changes_nothing_at_all(load: Load, read_only: Ask) -> None:
    load({})
    before = [read_only(f"SELECT * FROM {table}") for table in ("offer", "offer_product", "upload")]
    for wrong in ({"deal_id": "D3", "value": "x"}, {"deal_id": "D3", "budget": "x"}):
        with pytest.raises(InvalidInput, match=r"deals\.csv has 1 fault; no deal of it was loaded"):
            load({"value": "2.00"}, {"deal_id": "D2"}, wrong)
    after = [read_only(f"SELECT * FROM {table}") for table in ("offer", "offer_product", "upload")]
    assert after == before


def test_a_row_with_hardly_anything_denies_the_file_with_one_fault(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    path = write_file(
        tmp_path / "short.csv", ",".join(DEAL) + "\n" + ",".join(DEAL.values()) + "\nx\n"
    )
    with pytest.raises(InvalidInput) as caught:
        load_deals(database, path, uploaded_by=Actor("tests"))
    (fault,) = caught.value.problems
    assert str(fault) == (
        "short.csv, A3, column deal_id: the row has only its deal_id (remove the row, or fill it "
        "in)"
    )
    assert read_only("SELECT count(*) FROM offer") == [(0,)]


def test_very_many_faults_stay_bounded(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "KEPT_PROBLEMS", 3)
    wrong = [{"deal_id": f"D{n}", "supplier": "x" * 1000} for n in range(5)]
    with pytest.raises(InvalidInput, match=r"has 5 faults") as caught:
        load(*wrong)
    assert len(caught.value.problems) == 3
    assert len(str(caught.value.problems[0])) < 200


def test_parquet_with_natural_types_is_the_same_deal(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    load({"budget": "120.50", "circulation_max": "5"})
    frame = pl.DataFrame([DEAL]).with_columns(
        pl.lit(1.0).alias("value"),
        pl.lit(100).alias("funding_share_percent"),
        pl.col("^(mail|redeem)_.*$").str.to_date().cast(pl.Datetime("us")),
        pl.lit(120.5).alias("budget"),
        pl.lit(5.0).alias("circulation_max"),
    )
    frame.write_parquet(tmp_path / "deals.parquet")
    report = load_deals(database, tmp_path / "deals.parquet", uploaded_by=Actor("tests"))
    assert summary(report) == (0, 0, 1, False)
    assert read_only(OFFERS) == [("D1", 1, "running", 100)]


ON_DAIRY = {"eligible_gtins": "", "eligible_categories": "Dairy"}
PERCENT = {"benefit": "percent_off", "value": "20"}
PARTNER = {
    "kind": "partner",
    "supplier": "Cleaners",
    "copy_fee": "0.15",
    "value_text": "first shirt free",
    "eligible_gtins": "",
    "benefit": "",
    "value": "",
    "funding_share_percent": "",
    "face_value": "",
}
COMPARED: dict[str, tuple[dict[str, str], str]] = {
    "title": ({}, "Milk"),
    "eligible_gtins": ({}, CREAM),
    "eligible_items": ({}, "Bread"),
    "eligible_categories": ({}, "Dairy"),
    "eligible_brands": ({}, "House"),
    "excluded_gtins": (ON_DAIRY, CREAM),
    "excluded_items": (ON_DAIRY, "Cream"),
    "excluded_categories": ({**ON_DAIRY, "eligible_gtins": BREAD}, "Dairy"),
    "excluded_brands": (ON_DAIRY, "Dale"),
    "with_gtins": ({}, BREAD),
    "with_items": ({}, "Bread"),
    "with_quantity": ({"with_gtins": BREAD}, "2"),
    "benefit": ({}, "fixed_price"),
    "value": ({}, "1.01"),
    "get_quantity": ({"benefit": "buy_get", "value": "100"}, "2"),
    "benefit_cap": (PERCENT, "5"),
    "covers": (PERCENT, "all"),
    "min_quantity": ({}, "2"),
    "unit": ({}, "kg"),
    "min_spend": ({}, "1"),
    "uses_per_basket": ({}, "1"),
    "face_value": ({}, "1.01"),
    **{name: ({}, "0.75") for name in FACE_VALUES},
    "funding_share_percent": ({}, "99"),
    "funding_cap": ({}, "0.80"),
    "handling_fee": ({}, "0.01"),
    "copy_fee": (PARTNER, "0.20"),
    "value_text": (PARTNER, "first two free"),
    "budget": ({}, "0"),
    "circulation_max": ({}, "5"),
    "circulation_min": ({}, "5"),
    "mail_from": ({}, "2026-01-02"),
    "mail_to": ({}, "2026-12-30"),
    "redeem_from": ({}, "2026-01-02"),
    "redeem_to": ({}, "2026-12-30"),
    "limit_per_household": ({}, "2"),
    "target_cells": ({}, "switcher_heavy"),
    "target_tiers": ({}, "most_valuable"),
    "target_regions": ({}, "KY"),
    "target_stores": ({}, "0042"),
    "target_buyers": ({}, "new; lapsed"),
    "control_share_percent": ({}, "1"),
    "legal_text": ({}, "x"),
    "title_es": ({}, "Leche"),
    "legal_text_es": ({}, "Solo uno."),
}


def test_every_column_counts_when_rows_are_compared(load: Load, read_only: Ask) -> None:
    before = [
        {"deal_id": column, "face_value": "1.00", **base} for column, (base, _) in COMPARED.items()
    ]
    after = [{**deal, deal["deal_id"]: COMPARED[deal["deal_id"]][1]} for deal in before]
    assert summary(load(*before, accept=ALL)) == (len(COMPARED), 0, 0, False)
    assert summary(load(*before, name="again.csv", accept=ALL)) == (0, 0, len(COMPARED), True)
    assert summary(load(*after, name="after.csv", accept=ALL)) == (0, len(COMPARED), 0, False)
    untested = {"deal_id", "supplier", "kind"}
    assert {column.name for column in COLUMNS} - set(COMPARED) == untested


def test_a_price_or_a_brand_that_changed_revises_a_deal(
    load: Load, database: Database, tmp_path: Path
) -> None:
    load({}, {"deal_id": "D2", "eligible_gtins": CREAM})
    dearer = PRODUCTS.replace("Chilled,Dale Foods,120", "Chilled,Dale Foods,130")
    load_products(database, write_file(tmp_path / "dearer.csv", dearer))
    assert summary(load({}, {"deal_id": "D2", "eligible_gtins": CREAM})) == (0, 1, 1, False)
    own = dearer.replace("Dale Cream,Dale,false", "Dale Cream,Dale,true")
    load_products(database, write_file(tmp_path / "own.csv", own))
    assert summary(load({}, {"deal_id": "D2", "eligible_gtins": CREAM})) == (0, 1, 1, False)


def test_the_history_says_who_loaded_what_and_when(
    load: Load, database: Database, tmp_path: Path
) -> None:
    load({})
    load({"value": "2.00"}, name="second.csv")
    load({})
    with database.read() as session:
        found = revisions.of_deal(session, "Dale Foods", "D1")
    assert [(each.revision, each.state, each.loaded_by, each.file) for each in found] == [
        (1, "replaced", "tests", "deals.csv"),
        (2, "replaced", "tests", "second.csv"),
        (3, "running", "tests", "deals.csv"),
    ]
    rows = [each.given for each in found]
    assert [each["value"] for each in rows] == ["1.00", "2.00", "1.00"]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} == {"value"}
    assert found[0].loaded_at <= found[1].loaded_at <= found[2].loaded_at


def test_with_approval_a_revision_waits_and_the_earlier_goes_on(
    database: Database, load: Load, tmp_path: Path, read_only: Ask
) -> None:
    load({})
    for value in ("2.00", "2.30"):
        path = tmp_path / "deals.csv"
        pl.DataFrame([{**DEAL, "value": value}]).write_csv(path)
        load_deals(database, path, uploaded_by=Actor("anna"), with_approval=True)
    assert read_only(OFFERS) == [
        ("D1", 1, "running", 100),
        ("D1", 2, "replaced", 200),
        ("D1", 3, "draft", 230),
    ]
    assert read_only("SELECT act, from_state, to_state, actor FROM offer_event ORDER BY id") == [
        ("load", "", "running", "tests"),
        ("load", "", "draft", "anna"),
        ("replace", "draft", "replaced", "anna"),
        ("load", "", "draft", "anna"),
    ]


def test_a_stopped_deal_stays_stopped_whatever_is_loaded(
    database: Database, load: Load, read_only: Ask
) -> None:
    load({})
    with database.write() as session:
        moment = "1" if database.is_sqlite else "now()"
        session.connection().exec_driver_sql(
            f"UPDATE offer SET state = 'paused', stopped_at = {moment}"
        )
    load({"value": "2.00"})
    assert read_only("SELECT state FROM offer ORDER BY id") == [("replaced",), ("paused",)]
    assert read_only("SELECT count(DISTINCT stopped_at), count(*) FROM offer") == [(1, 2)]


def test_a_partner_pays_by_the_copy_and_names_no_product(load: Load, read_only: Ask) -> None:
    report = load({**PARTNER, "redeem_from": "", "redeem_to": ""})
    assert summary(report) == (1, 0, 0, False)
    assert read_only(
        """SELECT s.name, c.name, o.kind, o.copy_fee_cents, o.value_text, o.terms,
                  o.face_value_cents FROM offer o JOIN supplier s ON s.id = o.supplier_id
           JOIN category c ON c.id = o.category_id"""
    ) == [("Cleaners", "Partners", "partner", 15, "first shirt free", "{}", 0)]
    assert read_only("SELECT count(*) FROM offer_product") == [(0,)]
    assert summary(load({**PARTNER, "redeem_from": "", "redeem_to": ""})) == (0, 0, 1, True)


def test_a_partner_and_a_product_have_columns_of_their_own(load: Load) -> None:
    problems = faults(
        load,
        {"copy_fee": "0.10"},
        {**PARTNER, "deal_id": "D2", "value": "1.00"},
        {**PARTNER, "deal_id": "D3", "value_text": ""},
    )
    assert [text.split(", column ")[1] for text in problems] == [
        "copy_fee: fits only a partner (leave it empty)",
        "value: does not fit a partner (leave it empty)",
        "value_text: is empty (a partner's slot needs it)",
    ]


def test_restricted_goods_never_get_a_deal(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    header, first, *rest = PRODUCTS.splitlines()
    rows = [f"{header},restriction", f"{first},alcohol", *(f"{row}," for row in rest if row)]
    load_products(database, write_file(tmp_path / "products.csv", "\n".join(rows) + "\n"))
    problems = faults(load, {}, {"deal_id": "D2", "eligible_gtins": "", "eligible_items": "Milk",
                             "excluded_gtins": "4011"})  # fmt: skip
    assert [text.split(", column ")[1] for text in problems] == [
        f"eligible_gtins: {MILK} is restricted (alcohol) and never gets a deal (take it out)",
        "eligible_gtins: all products that would count are restricted (name GTINs, items, "
        "categories or brands)",
    ]
    load({"eligible_gtins": "", "eligible_brands": "Dale"})
    assert [str(gtin) for _, gtin in read_only(MEMBERS)] == [CREAM]
    assert read_only(EXCLUDED) == []


def test_two_who_load_the_same_deals_at_once_are_both_answered(
    database: Database, load: Load, tmp_path: Path, read_only: Ask
) -> None:
    """PostgreSQL: the other is done while this one is at it. SQLite: the other waits its turn."""
    load({})
    body = (tmp_path / "deals.csv").read_bytes().replace(b"1.00", b"1.10")
    elsewhere = Database(database.url)
    reports: list[tuple[int, int, int, bool]] = []

    def other() -> None:
        reports.append(
            summary(load_body(elsewhere, "b.csv", body + b"\n", uploaded_by=Actor("bert")))
        )

    thread = threading.Thread(target=other)

    def meanwhile(stage: str, _done: int, _total: int) -> None:
        if stage == "deals" and not thread.ident:
            thread.start()
            if not database.is_sqlite:
                thread.join()

    mine = load_body(database, "a.csv", body, uploaded_by=Actor("anna"), progress=meanwhile)
    thread.join()
    elsewhere.dispose()
    assert sorted([summary(mine), *reports]) == [(0, 0, 1, False), (0, 1, 0, False)]
    assert read_only("SELECT revision, state FROM offer ORDER BY id") == [
        (1, "replaced"), (2, "running"),
    ]  # fmt: skip
