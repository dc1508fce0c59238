"""Rows a second of a file of deals: dry run, loading, loading it again.

    python -m bench.upload --rows 100000
    python -m bench.upload --rows 100000 --wide --database postgresql+psycopg://...

The rows are the sample's deals over and over, each with its own name, budget and one to five
GTINs; with `--wide` those that name brands and items keep doing so (some 100 products each). All
figures are CPU seconds of this process, without what PostgreSQL itself spends; beside them stands
polars' plain reading of the same file, and what a file is to polars is only text.
"""

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from service.deals import load_body, preview_deals
from service.files.notes import ALL
from service.files.products import load_products
from service.store import migrate
from service.store.actor import Actor
from service.store.session import Database

SAMPLE = Path(__file__).parents[1] / "service" / "sample"
FILTERS = ("eligible_items", "eligible_categories", "eligible_brands")


def main() -> None:
    """Parse the command line, build the file, print one line per act."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--wide", action="store_true", help="keep the rows that name brands")
    parser.add_argument("--database", help="an empty database; SQLite in a new file if not given")
    given = parser.parse_args()
    body = sheet(given.rows, wide=given.wide)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(given.database or f"sqlite:///{folder}/larder.db")
        migrate.upgrade(database)
        load_products(database, SAMPLE / "products.parquet")
        plain = _cpu(lambda: pl.read_csv(io.BytesIO(body), infer_schema=False))
        _say("polars reads text", given.rows, plain, plain)
        for name, act in (
            ("dry run", lambda: preview_deals(database, "deals.csv", body, listed=1000)),
            (
                "load",
                lambda: load_body(
                    database, "deals.csv", body, uploaded_by=Actor("bench"), accept=ALL
                ),
            ),
            (
                "load again",
                lambda: load_body(
                    database, "deals.csv", body, uploaded_by=Actor("bench"), accept=ALL
                ),
            ),
        ):
            _say(name, given.rows, _cpu(act), plain)
        database.dispose()


def sheet(rows: int, *, wide: bool) -> bytes:
    """A CSV file of so many deals."""
    rng = np.random.default_rng(1)
    base = pl.read_csv(SAMPLE / "deals.csv", infer_schema=False)
    products = pl.read_parquet(SAMPLE / "products.parquet")
    gtins = products.filter(pl.col("restriction").fill_null("") == "")["gtin"].to_numpy()
    ends = np.cumsum(rng.integers(1, 6, rows))
    drawn = rng.choice(gtins, ends[-1]).astype(str)
    named = [";".join(part) for part in np.split(drawn, ends[:-1])]
    frame = base[np.arange(rows) % len(base)].with_columns(
        (pl.lit("D-") + pl.int_range(rows).cast(pl.String)).alias("deal_id"),
        (1000 + pl.int_range(rows) % 7777).cast(pl.String).alias("budget"),
        pl.Series("eligible_gtins", named),
    )
    if wide:
        by_name = pl.any_horizontal(pl.col(name).fill_null("") != "" for name in FILTERS)
        gtins_or_none = pl.when(by_name).then(pl.lit("")).otherwise("eligible_gtins")
        frame = frame.with_columns(gtins_or_none.alias("eligible_gtins"))
    else:
        frame = frame.with_columns(pl.lit("").alias(name) for name in FILTERS)
    return frame.write_csv().encode()


def _cpu(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _say(name: str, rows: int, seconds: float, plain: float) -> None:
    facts = f"{seconds:8.2f} s  {rows / seconds:12,.0f} rows/s  {seconds / plain:7.1f} x polars"
    sys.stdout.write(f"{name:18}{facts}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
