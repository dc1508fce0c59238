"""What history takes in files and in the database, and how long a cycle waits for it.

    python -m bench.history                  SQLite
    python -m bench.history --postgresql     a server of its own

The Complete Journey's 2,469 households of 2017. All months but the newest are sealed. Reads are of
26 weeks, as a cycle reads them, once from tables and files and once from tables alone.
"""

import argparse
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from bench.build_sample import merchandise, source
from bench.console import served
from service.admin import history
from service.cycle.inputs import read_purchases
from service.settings import Settings
from service.store import migrate
from service.store.bulk import append
from service.store.session import Database

SINCE, BEFORE = date(2017, 6, 3), date(2017, 12, 2)
SEALED_AT = datetime(2018, 2, 1, tzinfo=UTC)
SOME, MANY = 1, 500
READS = 3
_SIZES = """SELECT pg_total_relation_size('basket_line'), pg_total_relation_size('basket')"""


def lines() -> pl.DataFrame:
    """All goods bought, with baskets numbered by time."""
    bought = merchandise(source("transactions"), source("products"))
    return (
        bought.sort("purchased_at", "basket_id", "product_id")
        .with_columns(
            basket=pl.col("basket_id").rank("dense").cast(pl.Int64),
            line=pl.int_range(1, pl.len() + 1).over("basket_id"),
            gtin=pl.col("product_id").cast(pl.Int64) + 2_000_000_000_000,
            household=pl.col("household_id").cast(pl.Int64),
            quantity_milli=pl.col("quantity").cast(pl.Int64) * 1000,
        )
        .select("basket", "line", "gtin", "household", "quantity_milli", "amount_cents",
                "purchased_at")
    )  # fmt: skip


def fill(database: Database, bought: pl.DataFrame) -> None:
    """Write lines straight into the tables, beside one category of products."""
    one = pl.DataFrame({"id": [1], "name": ["All"]})
    numbers = bought.select(gtin=pl.col("gtin").unique().sort())
    people = bought.select(id=pl.col("household").unique().sort())
    baskets = bought.group_by("basket").agg(
        pl.col("household").first(), pl.col("purchased_at").first()
    ).sort("basket")  # fmt: skip
    with database.write() as session:
        append(session, "supplier", one)
        append(session, "category", one.with_columns(department=pl.lit("All")))
        append(session, "item", one.with_columns(category_id=pl.lit(1, pl.Int64)))
        append(session, "product", numbers.with_columns(
            *[pl.lit("").alias(name) for name in
              ("description", "brand", "package_size", "restriction")],
            *[pl.lit(1, pl.Int64).alias(name) for name in
              ("item_id", "category_id", "supplier_id", "price_cents")],
            private_label=pl.lit(value=False),
        ))  # fmt: skip
        append(session, "store", pl.DataFrame({"id": ["1"], "timezone": ["UTC"]}))
        append(session, "household", people.with_columns(
            ref=pl.col("id").cast(pl.String), language=pl.lit("en")))  # fmt: skip
        append(session, "basket", baskets.select(
            id="basket", store_id=pl.lit("1"), terminal=pl.lit("1"),
            business_date=pl.col("purchased_at").dt.date(),
            number=pl.col("basket").cast(pl.String), household_id="household",
            purchased_at="purchased_at"))  # fmt: skip
        append(session, "basket_line", bought.sort("basket", "line").select(
            "line", "gtin", "quantity_milli", "amount_cents", basket_id="basket",
            unit=pl.lit("each"), code=pl.lit("")))  # fmt: skip


def reads(database: Database, settings: Settings, households: list[int]) -> list[pl.DataFrame]:
    """Print what reads take, the best of some, and return what was read."""
    found = []
    for name, ids in (("all", None), (f"{MANY}", households[:MANY]), ("one", households[:SOME])):
        best, cpu = 1e9, 1e9
        for _ in range(READS):
            began, used = time.perf_counter(), time.process_time()
            with database.read() as session:
                bought = read_purchases(
                    session, settings, since=SINCE, before=BEFORE, household_ids=ids
                )
            best = min(best, time.perf_counter() - began)
            cpu = min(cpu, time.process_time() - used)
        print(f"  {name:>4} households, {bought.height:>8,} lines: {best:7.3f} s, "
              f"{cpu:6.3f} CPU s")  # fmt: skip
        found.append(bought)
    return found


def measure(url: str, folder: Path) -> None:
    """Fill a database, read, seal, and read again."""
    settings = Settings(
        _env_file=None,
        database_url=url,
        secret_key="a secret key of the benchmark, long enough",
        code_key="a code key of the benchmark, long enough..",
        history_store=str(folder / "history"),
    )
    database = Database(url, history=settings.history_store)
    migrate.upgrade(database)
    bought = lines()
    fill(database, bought)
    if not database.is_sqlite:
        with database.alter() as connection:
            connection.exec_driver_sql("ANALYZE")
    ids = bought["household"].unique().sort().to_list()
    print("from tables alone:")
    before = reads(database, settings, ids)
    began, used = time.perf_counter(), time.process_time()
    done = history.compact(database, settings, now=SEALED_AT)
    print(f"sealed: {done.written} files in {time.perf_counter() - began:.1f} s, "
          f"{time.process_time() - used:.1f} CPU s")  # fmt: skip
    sealed = history.read_sealed(database)
    print(f"{sealed.rows:,} lines in {sealed.bytes:,} bytes: {sealed.bytes / sealed.rows:.2f} "
          "a line")  # fmt: skip
    if not database.is_sqlite:
        with database.read() as session:
            sizes = session.connection().exec_driver_sql(_SIZES).one()
        print(f"tables: {sizes[0] / bought.height:.0f} bytes a line, and "
              f"{sizes[1] / bought.height:.0f} for its basket")  # fmt: skip
    print("from files and tables:")
    same = [
        was.equals(now) for was, now in zip(before, reads(database, settings, ids), strict=True)
    ]
    print("the same" if all(same) else f"NOT THE SAME: {same}")
    database.dispose()


def main() -> None:
    """Measure on one kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="a server of its own")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        own = nullcontext((f"sqlite:///{folder}/larder.db", None))
        with served("", "") if given.postgresql else own as (url, _):
            measure(url, Path(folder))


if __name__ == "__main__":
    main()
