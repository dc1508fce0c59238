"""The shipped sample keeps its promises: size, rule, fiction, and deals that fit the products."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from bench import build_sample, sample_catalogue
from bench.sample_discounts import Discount, face_cents, measured
from service import deals, sample
from service.engine import codes
from service.files import baskets, households, products, rows
from service.sample import fiction, wording
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
    folder: Path, name: str, columns: tuple[rows.Column, ...], count: int
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


def test_the_rule_takes_the_smallest_digests_of_the_active_households() -> None:
    moments = [datetime(2017, 3, 1, tzinfo=UTC) + timedelta(days=n) for n in range(15)]
    active = [
        {"household_id": home, "basket_id": 100 * home + n, "purchased_at": moment}
        for home in (7, 8, 9)
        for n, moment in enumerate(moments)
    ]
    late = [
        {"household_id": 5, "basket_id": 500 + n, "purchased_at": moment + timedelta(days=112)}
        for n, moment in enumerate(moments)
    ]
    frame = pl.DataFrame(active + late)

    assert build_sample.chosen_households(frame, 3) == [7, 8, 9]
    assert build_sample.chosen_households(frame, 4) == [7, 8, 9]
    digests = {
        id_: hashlib.sha256(f"larder sample:{id_}".encode()).hexdigest() for id_ in (7, 8, 9)
    }
    assert build_sample.chosen_households(frame, 2) == sorted(
        sorted(digests, key=lambda id_: digests[id_])[:2]
    )


def test_merchandise_leaves_out_fuel_coupons_and_empty_lines() -> None:
    goods = pl.DataFrame(
        {
            "product_id": [1, 2, 3, 4],
            "department": ["GROCERY", "FUEL", "GROCERY", "GROCERY"],
            "product_category": ["SOUP", "FUEL", "COUPON", None],
            "product_type": ["CONDENSED SOUP", "GASOLINE-REG", "COUPON", None],
        }
    )
    bought = pl.DataFrame(
        {
            "product_id": [1, 1, 2, 3, 4],
            "quantity": [2, 0, 1, 1, 1],
            "sales_value": [1.98, 0.0, 5.0, 1.0, 1.0],
            "retail_disc": [0.4, 0.0, 0.0, 0.0, 0.0],
            "coupon_disc": [0.5, 0.0, 0.0, 0.0, 0.0],
            "coupon_match_disc": [0.1, 0.0, 0.0, 0.0, 0.0],
            "transaction_timestamp": [datetime(2017, 1, 2)] * 5,  # noqa: DTZ001
        }
    )
    kept = build_sample.merchandise(bought, goods)

    assert kept.select("product_id", "amount_cents", "shelf_cents", "coupon_cents").rows() == [
        (1, 198, 248, 50)
    ]
    assert kept["purchased_at"][0] == datetime(2017, 1, 2, tzinfo=UTC)


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


def test_gtin_of_a_product_number() -> None:
    frame = pl.DataFrame({"product_id": [1, 18_316_298]})

    assert frame.select(sample_catalogue.gtin_of(pl.col("product_id"))).to_series().to_list() == [
        "2000000000015",
        "2000183162982",
    ]


def test_cards_and_telephones_are_unique_and_fictional(people: pl.DataFrame) -> None:
    cards, phones = people["card"].to_list(), people["phone"].to_list()

    assert len(set(cards)) == len(set(phones)) == 200
    assert all(re.fullmatch(r"9521234\d{11}", card) for card in cards)
    assert [codes.check_digit(card[:-1]) for card in cards] == [int(card[-1]) for card in cards]
    assert all(re.fullmatch(r"\+1[2-9]\d\d55501\d\d", phone) for phone in phones)


def test_every_household_number_of_the_source_has_its_own_card_and_telephone() -> None:
    numbers = range(1, 2501)

    assert len({fiction.phone(number) for number in numbers}) == 2500
    assert len({fiction.card(number) for number in numbers}) == 2500
    with pytest.raises(ValueError, match="no fictional telephone number is left"):
        fiction.phone(fiction.HOUSEHOLD_ID_MAX + 1)


def test_consent_comes_with_when_and_where_or_not_at_all(people: pl.DataFrame) -> None:
    given = people["mail_consent"]

    assert 170 < given.sum() < 195
    assert (people["consent_at"].is_not_null() == given).all()
    assert (people["consent_source"].is_not_null() == given).all()
    assert set(people["postcode"].str.slice(0, 3)) <= {"428", "429"}


def test_a_household_is_a_function_of_its_number() -> None:
    one = fiction.household(7)

    assert one == fiction.household(7)
    assert (one.household_id, one.card, one.phone) == ("7", "952123400000000079", "+15025550107")
    assert (one.country, one.region, one.language) == ("US", "KY", "en")


def test_brands_of_all_manufacturers_differ() -> None:
    assert len({fiction.brand(number) for number in range(7130)}) == 7130


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


def test_reduced_words_become_readable_ones() -> None:
    assert wording.plain("FRZN BRD WHOLE FILLETS") == "Frozen Breaded Whole Fillets"
    assert wording.plain("SPICES & SEASONINGS") == "Spices and Seasonings"
    assert wording.plain("CANDY BARS (SINGLES)(INCLUDING") == "Candy Bars"


def test_items_stay_apart_when_their_names_would_coincide() -> None:
    names = wording.item_names([("MADE UP (A)", "SOUP"), ("MADE UP (B)", "SOUP"), ("MADE UP", "X")])

    assert names == {
        "MADE UP": "Made Up",
        "MADE UP (A)": "Made Up (Soup)",
        "MADE UP (B)": "Made Up (Soup) 2",
    }


@pytest.mark.parametrize(
    ("text", "department", "expected"),
    [
        ("16 OZ", "GROCERY", "16 oz"),
        ("1 GA", "GROCERY", "1 gal"),
        ("4/4 OZ", "GROCERY", "4 x 4 oz"),
        ("L      8 OZ", "GROCERY", "8 oz"),
        (".75 OZ", "GROCERY", "0.75 oz"),
        ("40 LB", "PRODUCE", None),
        ("36 CT", "PRODUCE", None),
        ("36 CT", "GROCERY", "36 ct"),
        ("10 LB", "GROCERY", "10 lb"),
        ("405.6 OZ", "GROCERY", None),
        ("974246  PK", "GROCERY", None),
        ("CTN", "PRODUCE", None),
        (None, "GROCERY", None),
    ],
)
def test_package_sizes_are_those_a_shopper_sees(
    text: str | None, department: str, expected: str | None
) -> None:
    assert wording.package_size(text, department) == expected


def test_a_coupon_used_often_gives_an_amount_for_the_usual_units() -> None:
    goods = pl.DataFrame({"product_id": [1], "price_cents": [199]})
    used = {"product_id": [1] * 5, "quantity": [2, 2, 2, 1, 3], "shelf_cents": [400] * 5}
    past = pl.DataFrame(
        {**used, "coupon_cents": [98, 102, 100, 100, 100], "retail_cents": [0] * 5},
    )

    assert measured(past, goods) == Discount(percent=0, face_cents=100, quantity=2)


def test_without_coupons_the_discount_off_the_shelf_gives_a_percentage() -> None:
    goods = pl.DataFrame({"product_id": [1], "price_cents": [300]})
    used = {"product_id": [1] * 3, "quantity": [1] * 3, "shelf_cents": [300] * 3}
    past = pl.DataFrame({**used, "coupon_cents": [0] * 3, "retail_cents": [65, 60, 70]})

    assert measured(past, goods) == Discount(percent=20, face_cents=60, quantity=1)


@pytest.mark.parametrize(
    ("cents", "price", "expected"), [(62.5, 400, 65), (62.4, 400, 60), (10, 400, 25), (90, 99, 45)]
)
def test_face_values_are_printable(cents: float, price: float, expected: int) -> None:
    assert face_cents(cents, price) == expected


def test_differing_names_the_files_that_changed(folder: Path, tmp_path: Path) -> None:
    for name in sample.FILES:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert build_sample.differing(tmp_path) == []

    with (tmp_path / sample.DEALS).open("ab") as file:
        file.write(b"\n")
    assert build_sample.differing(tmp_path) == [sample.DEALS]
