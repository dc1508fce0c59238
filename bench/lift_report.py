"""What reports of lift cost: from sums at scale, and the sums beside the cycle they are of.

Sums of 1,000,000 households and 1,000 deals, twelve picks a household, are written as a count
leaves them, in ten regions and three windows; then every deal is compared with both controls, in
all and by region and cell, judged and frozen. After that all households of Complete Journey 2017
get a cycle (as `bench.loop` does), and its windows are counted. Both in CPU seconds of this process
and its children.

    uv run --all-groups python -m bench.lift --report
"""

import resource
import sqlite3
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import polars as pl

from bench.loop import prepare
from service import sample
from service.cycle import refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.run import AS_OF
from service.engine.allocate.value import CELLS
from service.engine.lift.moments import Moments
from service.engine.lift.outcomes import VARIABLES, WINDOWS, packed
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.results.compare import Drawn, judge
from service.results.count import count_outcomes
from service.results.freeze import figures_of
from service.settings import Settings
from service.store import migrate
from service.store import outcomes as stored
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.outcome import OutcomeWindow

HOUSEHOLDS, DEALS, PICKS = 1_000_000, 1_000, 12
ARMS = {"exposed": 0.855, "control": 0.045, "holdout": 0.1}
REGIONS = tuple(f"region {n}" for n in range(10))
_NO_USES = {"household_id": pl.Int64, "offer_id": pl.Int64, "region": pl.String, "uses": pl.Int64}


def cpu() -> float:
    """User and system seconds of this process and of the children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _sums(rng: np.random.Generator, offer_id: int) -> list[tuple[object, ...]]:
    """The groups of a deal, as normal households of the same size would leave them."""
    keys = [(arm, cell, region) for arm in ARMS for cell in CELLS for region in REGIONS]
    share = np.repeat(list(ARMS.values()), len(CELLS) * len(REGIONS))
    each = HOUSEHOLDS * PICKS / DEALS * share / (len(CELLS) * len(REGIONS))
    count = np.maximum(rng.poisson(each), 1).astype(float)
    size = len(VARIABLES)
    spread = np.full((size, size), 0.2) + np.eye(size)
    mean = 1 + rng.normal(0, 0.05, (len(keys), size))
    total = mean * count[:, None]
    product = count[:, None, None] * (spread + mean[:, :, None] * mean[:, None, :])
    packs = packed(Moments(count, total, product))
    return [
        (1, 0, offer_id, *key, int(n), int(n * 0.97), int(n * 0.03), 9.0, 8.0, pack)
        for key, n, pack in zip(keys, count, packs, strict=True)
    ]


def _fill(path: Path) -> int:
    """Write the sums into a fresh database; how many rows."""
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.dispose()
    rng = np.random.default_rng(1)
    holders = ", ".join("?" * 12)
    rows = 0
    with sqlite3.connect(path) as connection:
        for offer_id in range(1, DEALS + 1):
            sums = _sums(rng, offer_id)
            rows += len(sums)
            connection.executemany(f"INSERT INTO outcome_sum VALUES ({holders})", sums)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(outcome_sum)")]
        for first, _ in WINDOWS[1:]:
            copied = ", ".join(str(first) if name == "first_day" else name for name in columns)
            connection.execute(
                f"INSERT INTO outcome_sum SELECT {copied} FROM outcome_sum WHERE first_day = 0"
            )
    connection.close()
    return rows


def from_sums(folder: Path) -> None:
    """Print what reporting costs from sums."""
    path = folder / "sums.db"
    rows = _fill(path)
    windows = {
        first: OutcomeWindow(
            cycle_id=1, first_day=first, last_day=last, counted_at=datetime.now(UTC),
            counted_until=date(2026, 4, 27), final=True,
        )
        for first, last in WINDOWS
    }  # fmt: skip
    deals = {n: stored.Deal(n, f"D{n}", "Dale", 5, 1, "") for n in range(1, DEALS + 1)}
    database = Database(f"sqlite:///{path}")
    began = cpu()
    with database.read() as session:
        judged = judge(stored.sums(session, 1), deals, windows, Drawn(AS_OF, 0, 10))
    compared = cpu()
    figures = 0
    uses = pl.DataFrame(schema=_NO_USES)
    with database.read() as session:
        for first, rows_of in groupby(stored.sums(session, 1), lambda row: row.first_day):
            mine = [each for each in judged if each.lift.window.first_day == first]
            figures += len(figures_of(rows_of, mine, uses, ()))
    done = cpu()
    print(f"{HOUSEHOLDS:,} households, {DEALS:,} deals, {len(windows)} windows of {rows:,} groups, "
          f"{path.stat().st_size / 1e6:,.0f} MB of sums")  # fmt: skip
    print(f"compared {len(judged):,} times and judged: {compared - began:.1f} CPU s; "
          f"{figures:,} reports' figures: {done - compared:.1f} CPU s", flush=True)  # fmt: skip


def beside_a_cycle(folder: Path) -> None:
    """Print what counting a cycle's windows costs beside the cycle."""
    prepare(folder)
    settings = Settings(
        _env_file=None, database_url=f"sqlite:///{folder / 'larder.db'}", secret_key="b" * 40,
        code_key="b" * 40, timezone=sample.TIMEZONE, mail_lead_days=0,
        output_folder=folder / "batches", runs_folder=folder / "runs",
    )  # fmt: skip
    database = Database(settings.database_url)
    migrate.upgrade(database)
    load_products(database, folder / sample.PRODUCTS)
    load_households(
        database, folder / sample.HOUSEHOLDS, secret_key=settings.secret_key, language="en"
    )
    load_baskets(database, folder / "history.parquet", timezone=settings.timezone)
    load_deals(database, folder / sample.DEALS, uploaded_by=Actor("bench"))
    refresh_forecast(database, settings, as_of=AS_OF)
    began, clock = cpu(), time.perf_counter()
    lists = run_cycle(database, settings, as_of=AS_OF, seed=0, progress=silent).lists
    cycle = cpu() - began
    load_baskets(database, folder / sample.BASKETS, timezone=settings.timezone, accept="all")
    began = cpu()
    for each in count_outcomes(database, settings, today=AS_OF + timedelta(days=400)):
        used = cpu() - began
        print(f"{lists:,} lists in {cycle:.1f} CPU s; days {each.window[0]} to {each.window[1]}: "
              f"{each.copies:,} picks in {used:.2f} CPU s, {used / cycle:.1%}, "
              f"{'final' if each.is_final else 'not final'}", flush=True)  # fmt: skip
        began = cpu()
    print(f"({time.perf_counter() - clock:.0f} s by the clock)")


def main() -> None:
    """Print both."""
    with tempfile.TemporaryDirectory(prefix="larder-lift-") as name:
        from_sums(Path(name))
        beside_a_cycle(Path(name))
