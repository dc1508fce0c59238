"""The shipped sample keeps its promises: size, rule, fiction, and deals that fit the products."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from bench import build_sample
from bench.sample import fiction, strength, wording
from bench.sample.discounts import Discount
from service import deals, sample
from service.engine import codes
from service.engine.allocate.value import CELLS, USAGES
from service.files import baskets, households, products, rows
from service.store.session import Database
from tests.conftest import fresh_database

MAX_PARQUET_BYTES = 1_500_000
AS_OF = date(2017, 11, 25)
LIST_DAYS = 14

# Well-known brands of the kinds of goods in the data; none may be met in the sample.
REAL_BRANDS = re.compile(
    r"\b("
    "almay|alpo|barbie|ben jerry|betty crocker|bonne bell|bounty|budweiser|calgon|campbell|"
    "cheerios|cheetos|cheez|clorox|coca cola|coke|colgate|coty|covergirl|crest|dannon|del monte|"
    "dole|doritos|dove|fisher price|friskies|fritos|gatorade|general mills|gerber|gillette|hanes|"
    "hasbro|heinz|hershey|huggies|kelloggs|kellogg|kleenex|kodak|kraft|kroger|lays|leggs|levi|"
    "loreal|maybelline|max factor|minute maid|nabisco|nerf|nescafe|nestle|ocean spray|oreo|"
    "oscar mayer|pampers|pedigree|pepperidg|pepsi|pillsbury|post it|pringles|purina|quaker|revlon|"
    "ritz|sally hansen|saran|scotts|skippy|smirnoff|smuckers|snickers|sprite|starbucks|swanson|"
    "tide|tmobile|tropicana|tyson|unilever|velveeta|wet n wild|wonder bread|yoplait|ziploc"
    r")s?\b"
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with sample.folder() as path:
        yield path


@pytest.fixture(scope="module")
def goods(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / sample.PRODUCTS)


@pytest.fixture(scope="module")
def people(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / sample.HOUSEHOLDS)


@pytest.fixture(scope="module")
def lines(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / sample.BASKETS)


@pytest.fixture(scope="module")
def offered(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / sample.DEALS, infer_schema=False)


def test_the_parquet_files_together_stay_below_the_limit(folder: Path) -> None:
    sizes = [(folder / name).stat().st_size for name in sample.FILES if name.endswith(".parquet")]

    assert len(sizes) == 3
    assert sum(sizes) <= MAX_PARQUET_BYTES


@pytest.mark.parametrize(
    ("name", "columns", "count"),
    [
        (sample.PRODUCTS, products.COLUMNS, 26_897),
        (sample.HOUSEHOLDS, households.columns("en"), 200),
        (sample.BASKETS, baskets.COLUMNS, 169_545),
    ],
)
def test_every_row_is_accepted_by_the_loader(
    folder: Path, name: str, columns: tuple[rows.FileColumn, ...], count: int
) -> None:
    chunks = list(rows.read(folder / name, columns))

    assert [problem for chunk in chunks for problem in chunk.problems] == []
    assert sum(chunk.rows.height for chunk in chunks) == count


def test_every_deal_is_understood(
    folder: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with fresh_database(request, "sqlite", tmp_path) as url:
        database = Database(url)
        products.load_products(database, folder / sample.PRODUCTS)
        preview = deals.preview_deals(database, sample.DEALS, (folder / sample.DEALS).read_bytes())
        database.dispose()

    assert preview.problems == ()
    assert (preview.faults, len(preview.deals)) == (0, 126)


def test_the_provenance_note_states_the_row_counts(folder: Path) -> None:
    note = (folder / "README.md").read_text("utf-8")

    for text in ("| 26,897 |", "| 200 |", "| 169,545 |", "| 126 |", "CC0"):
        assert text in note


def test_households_are_active_before_july_and_spend_as_the_rule_needs(lines: pl.DataFrame) -> None:
    early = lines.filter(pl.col("purchased_at") < datetime(2017, 7, 1, tzinfo=UTC))
    counted = early.group_by("household_id").agg(pl.col("basket_id").n_unique())

    assert counted.height == 200
    assert counted["basket_id"].min() == build_sample.ACTIVE_BASKETS


def test_baskets_are_those_of_the_sample_and_one_year(
    lines: pl.DataFrame, people: pl.DataFrame, goods: pl.DataFrame
) -> None:
    assert set(lines["household_id"]) == set(people["household_id"])
    assert set(lines["gtin"]) == set(goods["gtin"])
    assert lines.select("basket_id", "line").is_duplicated().sum() == 0
    assert lines["quantity"].min() == 1
    assert lines["amount_cents"].min() == 0
    eastern_year = datetime(2017, 1, 1, 5, tzinfo=UTC), datetime(2018, 1, 1, 5, tzinfo=UTC)
    assert lines["purchased_at"].is_between(*eastern_year, closed="left").all()


def test_lines_count_from_one_in_every_basket(lines: pl.DataFrame) -> None:
    spans = lines.group_by("basket_id").agg(
        first=pl.col("line").min(), last=pl.col("line").max(), count=pl.len()
    )

    assert (spans["first"] == 1).all()
    assert (spans["last"] == spans["count"]).all()


def test_gtins_are_store_internal_with_right_check_digits(goods: pl.DataFrame) -> None:
    numbers = goods["gtin"].to_list()

    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"20\d{11}", number) for number in numbers)
    assert [codes.check_digit(number[:-1]) for number in numbers] == [int(n[-1]) for n in numbers]


def test_cards_and_telephones_are_unique_and_fictional(people: pl.DataFrame) -> None:
    cards, phones = people["card"].to_list(), people["phone"].to_list()

    assert len(set(cards)) == len(set(phones)) == 200
    assert all(re.fullmatch(r"9521234\d{11}", card) for card in cards)
    assert [codes.check_digit(card[:-1]) for card in cards] == [int(card[-1]) for card in cards]
    assert all(re.fullmatch(r"\+1[2-9]\d\d55501\d\d", phone) for phone in phones)


def test_consent_comes_with_when_and_where_or_not_at_all(people: pl.DataFrame) -> None:
    given = people["mail_consent"]

    assert 170 < given.sum() < 195
    assert (people["consent_at"].is_not_null() == given).all()
    assert (people["consent_source"].is_not_null() == given).all()
    assert set(people["postcode"].str.slice(0, 3)) <= {"428", "429"}


def test_no_real_brand_is_named(goods: pl.DataFrame) -> None:
    shown = goods.select("description", "brand", "item", "category", "supplier")
    words = {text.lower().replace("-", " ") for column in shown for text in column}
    words |= {fiction.brand(number).lower() for number in range(7130)}
    words |= {text.lower() for text in wording.CURATED.values()}

    assert sorted(text for text in words if REAL_BRANDS.search(text)) == []


def test_descriptions_are_readable_and_tell_products_apart(goods: pl.DataFrame) -> None:
    texts = goods["description"]

    assert texts.n_unique() == goods.height
    assert texts.str.contains(r"^[A-Z][A-Za-z0-9'.,%() -]+$").all()
    assert (texts.str.len_chars() <= 75).all()
    assert (goods["price_cents"] >= 0).all()
    assert not texts.str.contains(r"\b(FRZN|SFT|DRNK|MISC|BTL)\b").any()


def test_the_store_brand_and_only_it_is_private_label(goods: pl.DataFrame) -> None:
    own = goods.filter(pl.col("private_label"))

    assert set(own["brand"]) == {fiction.STORE_BRAND}
    assert set(own["supplier"]) == {fiction.STORE_SUPPLIER}
    assert fiction.STORE_BRAND not in set(goods.filter(~pl.col("private_label"))["brand"])


def test_deals_name_products_suppliers_and_groups_of_the_sample(
    offered: pl.DataFrame, goods: pl.DataFrame
) -> None:
    def named(column: str) -> set[str]:
        return {part for cell in offered[column].drop_nulls() for part in cell.split(";")} - {""}

    assert named("eligible_gtins") <= set(goods["gtin"])
    assert named("eligible_items") <= set(goods["item"])
    assert named("eligible_categories") <= set(goods["category"])
    assert named("eligible_brands") == {fiction.STORE_BRAND}
    assert set(offered["supplier"]) <= set(goods["supplier"])
    assert offered["deal_id"].n_unique() == offered.height
    selectors = [c for c in offered.columns if c.startswith("eligible_")]
    assert offered.select(pl.any_horizontal(pl.col(selectors) != "")).to_series().all()


def test_no_deal_covers_restricted_goods(offered: pl.DataFrame, goods: pl.DataFrame) -> None:
    restricted = goods.filter(pl.col("restriction").is_not_null())
    named = {gtin for cell in offered["eligible_gtins"].drop_nulls() for gtin in cell.split(";")}

    assert set(restricted["restriction"]) == {"alcohol", "tobacco", "discreet"}
    assert named.isdisjoint(restricted["gtin"])
    assert set(offered["eligible_categories"]).isdisjoint(restricted["category"])
    assert set(offered["eligible_items"]).isdisjoint(restricted["item"])


def test_deals_cover_the_fortnight_after_the_as_of_date(offered: pl.DataFrame) -> None:
    days = {
        name: offered[name].str.to_date("%Y-%m-%d")
        for name in ("mail_from", "mail_to", "redeem_from", "redeem_to")
    }

    assert (days["mail_from"] <= AS_OF).all()
    assert (days["mail_to"] >= AS_OF).all()
    assert (days["redeem_from"] == AS_OF).all()
    assert (days["redeem_to"] >= AS_OF + timedelta(days=LIST_DAYS - 1)).all()


def test_amounts_of_deals_fit_together(offered: pl.DataFrame) -> None:
    money = offered.select(pl.col("face_value", "budget", "value").cast(pl.Float64))
    amounts = offered["benefit"] == "amount_off"
    low = offered["circulation_min"].cast(pl.Int64, strict=False)
    high = offered["circulation_max"].cast(pl.Int64, strict=False)

    assert set(offered["benefit"]) == {"amount_off", "percent_off"}
    assert (money["face_value"] >= 0.25).all()
    assert (money["budget"] >= 20 * money["face_value"] - 1e-9).all()
    assert money.filter(amounts).select(pl.col("value") == pl.col("face_value")).to_series().all()
    assert money.filter(~amounts)["value"].is_between(10, 50).all()
    assert (low <= high).all()
    assert low.drop_nulls().len() >= 10


def test_some_deals_are_large_and_some_have_nine_values(offered: pl.DataFrame) -> None:
    of_cell = pl.col(f"face_value_{cell}" for cell in CELLS).cast(pl.Float64, strict=False)
    faces = offered.with_columns(pl.col("face_value").cast(pl.Float64), of_cell)
    nine = faces.filter(pl.all_horizontal(pl.col(f"face_value_{c}").is_not_null() for c in CELLS))
    none = faces.filter(pl.all_horizontal(pl.col(f"face_value_{c}").is_null() for c in CELLS))
    assert nine.height + none.height == offered.height
    assert nine.height >= 30
    assert none["face_value"].is_between(2.50, 5.00).sum() >= 25
    assert faces["face_value"].max() <= 5.00


def test_the_strongest_value_is_for_heavy_buyers_of_rivals(offered: pl.DataFrame) -> None:
    nine = offered.filter(pl.col("face_value_switcher_heavy") != "")
    store = nine["eligible_brands"] == fiction.STORE_BRAND
    assert 0 < store.sum() < nine.height
    for deals_of, own, rival in (
        (nine.filter(~store), "national_brand", "store_brand"),
        (nine.filter(store), "store_brand", "national_brand"),
    ):
        amounts = deals_of.select(pl.col(f"face_value_{cell}" for cell in CELLS).cast(pl.Float64))
        most = amounts.max_horizontal()
        for strongest in (f"{rival}_heavy", "switcher_heavy"):
            assert (amounts[f"face_value_{strongest}"] == most).all()
        assert (amounts[f"face_value_{own}_heavy"] == amounts.min_horizontal()).all()
        assert (amounts[f"face_value_{own}_heavy"] < most).all()
        for brand in (rival, "switcher"):
            by_use = [amounts[f"face_value_{brand}_{usage}"] for usage in USAGES]
            assert (by_use[0] <= by_use[1]).all()
            assert (by_use[1] <= by_use[2]).all()


@pytest.mark.parametrize("price", [75.0, 199.0, 640.0, 5000.0])
@pytest.mark.parametrize("made", list(strength.Strength))
def test_no_value_is_above_two_thirds_of_the_price(made: strength.Strength, price: float) -> None:
    measured = Discount(0, 25, 1)
    value = strength.valued(measured, key=7, strength=made, price_cents=price, own_brand=False)
    of_goods = price * value.discount.quantity
    for cents in (value.discount.face_cents, *value.by_cell.values()):
        assert 25 <= cents <= min(500, of_goods * 2 / 3)
    if made == strength.Strength.LARGE and price * 2 >= 250:
        assert value.discount.face_cents >= 250
