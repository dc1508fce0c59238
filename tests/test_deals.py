"""Loading suppliers' deals, on both databases."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service import deals
from service.deals import BENEFITS, COLUMNS, UploadReport, load_deals
from service.errors import InvalidInput
from service.ingest.products import load_products
from service.store.session import Database
from tests.ingest.files import written

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
    load_products(database, written(tmp_path / "products.csv", PRODUCTS))

    def load(*changes: dict[str, str], name: str = "deals.csv") -> UploadReport:
        given = [{**DEAL, **change} for change in changes]
        frame = pl.DataFrame(given, schema=dict.fromkeys(names(given), pl.String), orient="row")
        frame.write_csv(tmp_path / name)
        return load_deals(database, tmp_path / name, uploaded_by="tests")

    return load


def names(given: list[dict[str, str]]) -> list[str]:
    return [column.name for column in COLUMNS if any(column.name in deal for deal in given)]


def faults(load: Load, *changes: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load(*changes)
    return [str(problem).removeprefix("deals.csv, ") for problem in caught.value.problems]


def summary(report: UploadReport) -> tuple[int, int, int, bool]:
    return report.added, report.revised, report.unchanged, report.already_loaded


STANDING = "SELECT deal_ref, revision, state, face_value_cents FROM offer ORDER BY id"
MEMBERS = """SELECT o.deal_ref, p.gtin FROM offer o JOIN offer_product p ON p.offer_id = o.id
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
    }
    load(*({"deal_id": ref, **filters} for ref, filters in chosen.items()))
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
    }


def test_the_same_file_again_changes_nothing(load: Load, read_only: Ask) -> None:
    assert summary(load({}, {"deal_id": "D2"})) == (2, 0, 0, False)
    before = read_only(STANDING)
    assert summary(load({}, {"deal_id": "D2"})) == (0, 0, 2, True)
    assert read_only(STANDING) == before
    assert read_only("SELECT count(*) FROM upload") == [(1,)]


def test_the_same_deals_in_another_file_change_nothing(load: Load, read_only: Ask) -> None:
    load({})
    assert summary(load({}, {"deal_id": "D2"}, name="more.csv")) == (1, 0, 1, False)
    assert read_only(STANDING) == [("D1", 1, "running", 100), ("D2", 1, "running", 100)]


def test_a_changed_row_is_the_next_revision_and_the_old_one_stays(
    load: Load, read_only: Ask
) -> None:
    load({"eligible_gtins": f"{MILK};{CREAM}"})
    assert summary(load({"value": "2.00"})) == (0, 1, 0, False)
    assert read_only(STANDING) == [("D1", 1, "replaced", 100), ("D1", 2, "running", 200)]
    assert read_only(
        "SELECT o.revision, count(*) FROM offer o JOIN offer_product p ON p.offer_id = o.id "
        "GROUP BY o.revision ORDER BY 1"
    ) == [(1, 2), (2, 1)]


def test_an_older_file_brings_the_older_terms_back(load: Load, read_only: Ask) -> None:
    load({})
    load({"value": "2.00"})
    assert summary(load({})) == (0, 1, 0, False)
    assert read_only(STANDING) == [
        ("D1", 1, "replaced", 100),
        ("D1", 2, "replaced", 200),
        ("D1", 3, "running", 100),
    ]
    assert read_only("SELECT count(*) FROM upload") == [(2,)]


def test_a_deal_on_a_category_takes_up_its_new_products_when_loaded_again(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    deal = {"eligible_gtins": "", "eligible_categories": "Bakery"}
    load(deal)
    header = PRODUCTS.partition("\n")[0]
    rolls = f"{header}\n2000000000060,Oven Rolls,Oven,false,Rolls,Bakery,Grocery,Oven Works,90\n"
    load_products(database, written(tmp_path / "more.csv", rolls))
    assert summary(load(deal)) == (0, 1, 0, False)
    assert [str(gtin) for _, gtin in read_only(MEMBERS)] == [BREAD, "2000000000060"]


def test_two_suppliers_may_give_a_deal_the_same_number(load: Load, read_only: Ask) -> None:
    report = load({}, {"supplier": "Oven Works", "eligible_gtins": BREAD})
    assert summary(report) == (2, 0, 0, False)


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"deal_id": ""}, "column deal_id: is empty (give text)"),
    ({"supplier": "Nobody"}, "column supplier: there is no supplier 'Nobody' (load its products"),
    ({"title": " "}, "column title: is empty"),
    ({"eligible_gtins": ""}, "column eligible_gtins: no product of the catalogue counts"),
    ({"eligible_gtins": "2000000000016"}, "column eligible_gtins: '2000000000016' is not a GTIN"),
    ({"eligible_gtins": "4012"}, "column eligible_gtins: no product has the GTIN 4012 (load the"),
    ({"eligible_items": "Milc"}, "column eligible_items: no product has the item 'Milc' (check"),
    ({"eligible_brands": "X"}, "column eligible_brands: no product has the brand 'X'"),
    ({"eligible_categories": "X"}, "column eligible_categories: no product has the category 'X'"),
    ({"excluded_gtins": MILK}, "column eligible_gtins: no product of the catalogue counts"),
    ({"excluded_gtins": "12"}, "column excluded_gtins: '12' is not a GTIN with a right check"),
    ({"benefit": "half_price"}, "column benefit: 'half_price' is not one of amount_off, percent"),
    ({"value": "one"}, "column value: 'one' does not fit amount_off"),
    ({"value": "1,00"}, "column value: '1,00' does not fit amount_off"),
    ({"value": "0"}, "column value: '0' does not fit amount_off"),
    ({"value": "-1"}, "column value: '-1' does not fit amount_off"),
    ({"benefit": "percent_off", "value": "101"}, "column value: '101' does not fit percent_off"),
    ({"benefit": "percent_off", "value": "20"}, "column face_value: is empty (say what the list"),
    ({"benefit": "points", "value": "1.5"}, "column value: '1.5' does not fit points"),
    (
        {"benefit": "free_item", "face_value": "1", "min_quantity": "2"},
        "column min_quantity: 2 does not fit free_item (leave it empty)",
    ),
    (
        {"benefit": "free_item", "face_value": "1", "min_spend": "5"},
        "column min_spend: does not fit free_item (leave it empty)",
    ),
    ({"min_quantity": "0"}, "column min_quantity: '0' is not a whole number from 1 to 1000"),
    ({"min_spend": "10000000.01"}, "column min_spend: '10000000.01' is not an amount of money"),
    ({"face_value": "99999999"}, "column face_value: '99999999' is not an amount of money"),
    ({"funding_share_percent": "101"}, "column funding_share_percent: '101' is not a whole"),
    ({"funding_share_percent": ""}, "column funding_share_percent: is empty"),
    ({"handling_fee": "0.005"}, "column handling_fee: '0.005' is not an amount of money"),
    ({"budget": "$100"}, "column budget: '$100' is not an amount of money, as 1.00"),
    ({"circulation_max": "0"}, "column circulation_max: '0' is not a whole number from 1"),
    (
        {"circulation_max": "5", "circulation_min": "6"},
        "column circulation_min: 6 is more than circulation_max 5",
    ),
    ({"mail_from": "2027-01-01"}, "column mail_to: 2026-12-31 is before mail_from 2027-01-01"),
    ({"redeem_from": "01.02.2026"}, "column redeem_from: '01.02.2026' is not a date as 2017-11-25"),
    (
        {"redeem_to": "2025-12-31"},
        "column redeem_to: 2025-12-31 is before redeem_from 2026-01-01",
    ),
    ({"limit_per_household": "0"}, "column limit_per_household: '0' is not a whole number from 1"),
    ({"control_share_percent": "x"}, "column control_share_percent: 'x' is not a whole number"),
)


def test_every_fault_of_a_file_is_told_by_row_and_column(load: Load, read_only: Ask) -> None:
    """Faults of single cells come first, then those of rows whose cells can all be read."""
    changes = [{"deal_id": f"D{row}", **change} for row, (change, _) in enumerate(WRONG, 1)]
    told = faults(load, *changes, {"deal_id": "D1000"}, {"deal_id": "D1000"})
    wanted = [f"row {row}, {said}" for row, (_, said) in enumerate(WRONG, start=1)]
    last = len(WRONG) + 2
    wanted.append(
        f"row {last}, column deal_id: is in row {last - 1} already (keep one row per deal)"
    )
    assert not [said for said in wanted if not any(text.startswith(said) for text in told)]
    known = {text.partition(",")[0] for text in wanted}
    assert {text.partition(",")[0] for text in told} == known


def test_a_denied_file_changes_nothing_at_all(load: Load, read_only: Ask) -> None:
    load({})
    before = [read_only(f"SELECT * FROM {table}") for table in ("offer", "offer_product", "upload")]
    for wrong in ({"deal_id": "D3", "value": "x"}, {"deal_id": "D3", "budget": "x"}):
        with pytest.raises(InvalidInput, match=r"deals\.csv has 1 fault; no deal of it was loaded"):
            load({"value": "2.00"}, {"deal_id": "D2"}, wrong)
    after = [read_only(f"SELECT * FROM {table}") for table in ("offer", "offer_product", "upload")]
    assert after == before


def test_a_row_with_too_few_cells_denies_the_file(
    load: Load, database: Database, tmp_path: Path, read_only: Ask
) -> None:
    path = written(
        tmp_path / "short.csv", ",".join(DEAL) + "\n" + ",".join(DEAL.values()) + "\nx\n"
    )
    with pytest.raises(InvalidInput) as caught:
        load_deals(database, path, uploaded_by="tests")
    assert caught.value.problems[0].where == "short.csv, row 2"
    assert read_only("SELECT count(*) FROM offer") == [(0,)]


def test_very_many_faults_stay_bounded(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deals, "KEPT_PROBLEMS", 3)
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
    report = load_deals(database, tmp_path / "deals.parquet", uploaded_by="tests")
    assert summary(report) == (0, 0, 1, False)
    assert read_only(STANDING) == [("D1", 1, "running", 100)]


def test_every_column_counts_when_rows_are_compared(load: Load) -> None:
    load({})
    changes = {
        "title": "Milk",
        "eligible_gtins": CREAM,
        "eligible_items": "Bread",
        "value": "1.01",
        "benefit": "fixed_price",
        "min_quantity": "2",
        "min_spend": "1",
        "face_value": "1.01",
        "funding_share_percent": "99",
        "handling_fee": "0.01",
        "budget": "0",
        "circulation_max": "5",
        "circulation_min": "5",
        "mail_from": "2026-01-02",
        "mail_to": "2026-12-30",
        "redeem_from": "2026-01-02",
        "redeem_to": "2026-12-30",
        "limit_per_household": "2",
        "control_share_percent": "1",
        "legal_text": "x",
    }
    for column, value in changes.items():
        changed = {"face_value": "1.00", column: value}
        assert (column, load(changed).revised) == (column, 1)
        assert (column, load({}).revised) == (column, 1)
    compared = {*changes, "deal_id", "supplier", "eligible_categories", "eligible_brands"}
    assert {column.name for column in COLUMNS} == compared | {"excluded_gtins"}
