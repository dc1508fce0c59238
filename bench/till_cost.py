"""Measuring a served application: the CPU of its process and of the database, by the request."""

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx2
import psutil
from fastapi import FastAPI, Response

from bench.cpu import cpu
from bench.till_shop import settings_of
from service.api.app import create_app, run
from service.api.till.schemas import BasketIn
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU a request."""

    app: float
    database: float

    @property
    def total(self) -> float:
        """Both."""
        return self.app + self.database


@dataclass(slots=True)
class Measured:
    """One thing measured over several rounds."""

    costs: list[Cost] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def note(self, cost: Cost, seconds: Sequence[float] = ()) -> None:
        """One round."""
        self.costs.append(cost)
        self.seconds.extend(seconds)

    @property
    def cost(self) -> Cost:
        """The median of the rounds, each part for itself."""
        return Cost(
            statistics.median(each.app for each in self.costs),
            statistics.median(each.database for each in self.costs),
        )


def share(one: Measured, other: Measured) -> str:
    """One cost over another round by round: the median, and what half of the rounds lie between."""
    pairs = zip(one.costs, other.costs, strict=True)
    low, middle, high = statistics.quantiles([mine.total / its.total for mine, its in pairs], n=4)
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


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


def serve(url: str, port: int, core: int) -> None:
    """The process that is measured."""
    if hasattr(psutil.Process, "cpu_affinity") and (psutil.cpu_count() or 1) > core:
        psutil.Process().cpu_affinity([core])
    if url == "echo":
        app = echo_app()
        app.state.settings = settings_of("sqlite:///echo.db")
    else:
        app = create_app(Database(url), settings_of(url))
    run(app, host="127.0.0.1", port=port)


@contextmanager
def serving(url: str, *, core: int = 1) -> Iterator[tuple[str, psutil.Process]]:
    """The address and the process of a service on a database, or of the echo, on a core."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.till_cost", url, str(port), str(core)],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(3000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait()


@dataclass(slots=True)
class Clients:
    """So many tills with a connection each to one process."""

    http: httpx2.AsyncClient
    count: int
    app: psutil.Process
    database: Sequence[psutil.Process]

    async def send(self, path: str, bodies: Sequence[bytes]) -> list[float]:
        """Send every body once; the seconds each took."""
        seconds: list[float] = []
        waiting = iter(bodies)

        async def till() -> None:
            for sent in waiting:
                start = time.perf_counter()
                answer = await self.http.post(path, content=sent, timeout=60)
                seconds.append(time.perf_counter() - start)
                if answer.status_code != 200:
                    raise RuntimeError(f"{answer.status_code}: {answer.text}")

        await asyncio.gather(*(till() for _ in range(self.count)))
        return seconds

    async def measure(self, path: str, bodies: Sequence[bytes]) -> tuple[Cost, list[float]]:
        """What a request cost, and the seconds each took."""
        before = cpu([self.app]), cpu(self.database)
        seconds = await self.send(path, bodies)
        after = cpu([self.app]), cpu(self.database)
        each = 1000 / len(bodies)
        return Cost((after[0] - before[0]) * each, (after[1] - before[1]) * each), seconds


@asynccontextmanager
async def clients(
    address: str,
    *,
    key: str,
    count: int,
    app: psutil.Process,
    database: Sequence[psutil.Process] = (),
) -> AsyncIterator[Clients]:
    """Tills that ask this address, for as long as this."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    limits = httpx2.Limits(max_connections=count, max_keepalive_connections=count)
    async with httpx2.AsyncClient(base_url=address, headers=headers, limits=limits) as http:
        yield Clients(http, count, app, database)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
