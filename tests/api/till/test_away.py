"""A database that ends a statement, on a real server: 503, nothing half-written, and the retry.

Every request is held at a locked table until its statement is ended.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psycopg
import pytest
from sqlalchemy import make_url

from service.admin.keys import add_key
from service.demo.replay import serve_on_loopback
from service.jobs.worker import work_until
from service.settings import database_address
from service.store.patience import Patience
from service.store.session import Database
from service.store.tables.access import Role
from tests.conftest import fresh_database, settings_of
from tests.frozen import way_to
from tests.served import eventually
from tests.shop import H1, STORE, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

_OURS = """FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid()"""
_WAITING = f"{_OURS} AND wait_event_type = 'Lock'"


@dataclass
class World:
    """A service on PostgreSQL, and a line to its database."""

    url: str
    address: str
    key: str
    code: str
    sql: psycopg.Connection[Any]
    sent: int = 0

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self.sql.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []

    def send(self, verb: str, sent: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        return self.open(
            urllib.request.Request(
                f"{self.address}/v1/{verb}",
                json.dumps(sent).encode(),
                {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            )
        )

    def is_ready(self) -> bool:
        """What a load balancer is told."""
        status = self.open(urllib.request.Request(f"{self.address}/health/ready"))[0]
        assert status in (200, 503)
        return status == 200

    def open(self, request: urllib.request.Request) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Whoever touches the table waits."""
        with self.other() as other:
            other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            yield
            other.rollback()

    def other(self, **named: Any) -> psycopg.Connection[Any]:
        """Another line to the server."""
        return psycopg.connect(self.sql.info.dsn, password=self.sql.info.password, **named)

    @contextmanager
    def fallen_over(self) -> Iterator[None]:
        """Every connection is to a server that takes no writes, and stays so to those opened now.

        It ends as a failover does: who connects again finds the new server, who stays the old one.
        """
        name = self.sql.info.dbname
        self.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        self.end_all()
        yield
        self.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    def end_all(self) -> None:
        """End every other connection to the database."""
        self.ask(f"SELECT pg_terminate_backend(pid, 5000) {_OURS}")

    def ended(self, verb: str, sent: Any, *, at: str, by: str) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request whose statement waits for a table and is ended there."""
        with self.locked(at), ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self.send, verb, sent)
            eventually(lambda: self.ask(f"SELECT count(*) {_WAITING}") == [(1,)])
            self.ask(f"SELECT {by}(pid) {_WAITING}")
            return answer.result(timeout=20)


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("away")
    with fresh_database(request, "postgresql", folder) as url:
        # Longer than a statement is held here before it is ended.
        settings = settings_of(url, folder).model_copy(update={"till_database_seconds": 30.0})
        database = Database(url)
        shop = open_shop(database, settings, folder)
        key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
        with (
            serve_on_loopback(Database(url), settings) as address,
            psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as sql,
        ):
            world = World(url, address, key, shop.lists[H1], sql)
            # It listens before it is connected.
            assert world.send("redemptions", body("first"))[0] == 200
            yield world
        database.dispose()


def test_a_way_to_the_database_that_is_dead_is_503_within_the_tills_time(
    world: World, tmp_path: Path
) -> None:
    """Nobody says that it is: neither the server nor the network answers at all."""
    with way_to(world.url) as way:
        settings = settings_of(way.url, tmp_path)
        with serve_on_loopback(Database(way.url, patience=Patience.of(2.0)), settings) as address:
            behind = replace(world, address=address)
            for verb in SENT:
                # Connections of both kinds are open, and stay in their pools.
                behind.send(verb, numbered(SENT[verb], "frozen", world.code))
            with way.frozen():
                for verb in SENT:
                    began = time.monotonic()
                    status, _, answer = behind.send(verb, numbered(SENT[verb], "ice", world.code))
                    assert time.monotonic() - began < 10, verb
                    if status == 200:
                        status = json.loads(answer)["problem"]["status"]
                    assert status == 503, verb
                assert not behind.is_ready()
            for verb in ("redemptions", "voids"):
                sent = numbered(SENT[verb], "thaw", world.code)
                assert behind.send(verb, sent)[0] == 200, verb
            assert behind.is_ready()


def test_what_an_address_of_several_servers_says_holds_for_every_process(
    world: World, tmp_path: Path
) -> None:
    """The first does not answer at all, the second takes writes; the path to it is probed."""
    with way_to(world.url) as dead, way_to(world.url) as good, dead.frozen():
        ports = [make_url(each.url).port for each in (dead, good)]
        url = database_address(
            f"postgresql://postgres:@127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/"
            f"{world.sql.info.dbname}?keepalives_idle=7&channel_binding=prefer&gssencmode=disable"
            "&application_name=shop&options=-c%20work_mem%3D5MB&tcp_user_timeout=9000"
        )
        settings = settings_of(url, tmp_path).model_copy(update={"till_database_seconds": 6.0})
        patience = Patience.of(6.0)
        with serve_on_loopback(Database(url, patience=patience), settings) as address:
            behind = replace(world, address=address)
            for verb in ("redemptions", "voids"):
                assert behind.send(verb, numbered(SENT[verb], "several", world.code))[0] == 200
            named = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shop'"
            # That of the tills, that of their voids, and that of the keys.
            assert world.ask(named)[0][0] >= 3


def test_a_lock_that_is_held_is_503_within_the_tills_time(world: World, tmp_path: Path) -> None:
    """The database is there; somebody holds what the till needs, for longer than tills wait."""
    settings = settings_of(world.url, tmp_path)
    with serve_on_loopback(Database(world.url), settings) as address:
        behind = replace(world, address=address)
        assert behind.is_ready()
        with world.locked("redemption"):
            for verb in ("redemptions", "voids"):
                assert behind.send(verb, numbered(SENT[verb], "held", world.code))[0] == 503
            # Nobody waits there any more either, who would sell after the till was told no.
            eventually(lambda: world.ask(f"SELECT count(*) {_WAITING}") == [(0,)])
        assert behind.send("redemptions", numbered(SALE, "held", world.code))[0] == 200


SALE = body("sale", presented=[("list", "?")], lines=FULL)
NAMED = {name: value for name, value in SALE["transaction"].items() if name != "at"}
SENT = {
    "quotes": SALE,
    "redemptions": SALE,
    "lists/lookup": {
        "store": STORE,
        "business_date": NAMED["business_date"],
        "presented": [{"kind": "phone", "value": "12345678"}],
    },
    "voids": {"transaction": SALE["transaction"]},
    "returns": {
        "transaction": {**SALE["transaction"], "number": "back"},
        "original": NAMED,
        "lines": [{"line": 1, "quantity": 1}],
    },
    "replays": {**SALE, "discounts": []},
}
PLACES = [
    ("quotes", "shopping_list"),
    ("lists/lookup", "identity"),
    ("lists/lookup", "guess"),
    ("redemptions", "redemption"),
    ("redemptions", "basket"),
    ("redemptions", "ledger_entry"),
    ("returns", "till_return"),
    ("returns", "basket_line"),
    ("voids", "redemption"),
    ("voids", "ledger_entry"),
    ("replays", "shopping_list"),
    ("replays", "basket"),
]


def numbered(sent: dict[str, Any], number: str, code: str) -> dict[str, Any]:
    """What is sent, about the sale of this number and with this list."""
    text = json.dumps(sent).replace('"sale"', f'"{number}"').replace('"back"', f'"back {number}"')
    named: dict[str, Any] = json.loads(text.replace(" ", "").replace('"?"', f'"{code}"'))
    return named


@pytest.mark.parametrize("by", ["pg_terminate_backend", "pg_cancel_backend"])
@pytest.mark.parametrize(("verb", "table"), PLACES)
def test_a_statement_that_is_ended_is_503_and_the_retry_succeeds(
    world: World, verb: str, table: str, by: str
) -> None:
    world.sent += 1
    number = f"n{world.sent}"
    of_number = f"FROM redemption WHERE number = '{number}'"
    if verb in ("voids", "returns"):
        assert world.send("redemptions", numbered(SALE, number, world.code))[0] == 200
    sent = numbered(SENT[verb], number, world.code)
    before = world.ask(f"SELECT state {of_number}")
    status, headers, answer = world.ended(verb, sent, at=table, by=by)
    if verb == "replays":
        # The answer had begun: each sale is answered by itself.
        line = json.loads(answer)
        assert (line["status"], line["problem"]["status"]) == ("failed", 503)
    else:
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert headers["retry-after"] == "1"
    assert world.ask(f"SELECT state {of_number}") == before
    assert (
        world.ask("SELECT posting FROM ledger_entry GROUP BY 1 HAVING sum(amount_cents) <> 0") == []
    )
    status, _, first = world.send(verb, sent)
    assert (status, world.send(verb, sent)[2]) == (200, first) or verb == "replays"
    rows = 0 if verb in ("quotes", "lists/lookup") else 1
    assert world.ask(f"SELECT count(*) {of_number}") == [(rows,)]
    back = world.ask(f"SELECT count(*) FROM till_return WHERE number = 'back{number}'")
    assert back == [(1 if verb == "returns" else 0,)]


def test_a_database_that_is_away_is_503_until_it_is_back(world: World) -> None:
    name = world.sql.info.dbname
    with world.other(dbname="postgres", autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        world.end_all()
        for verb in SENT:
            status, headers, answer = world.send(verb, numbered(SENT[verb], "away", world.code))
            if verb == "replays" and status == 200:
                assert json.loads(answer)["problem"]["status"] == 503
            else:
                assert (status, headers["retry-after"]) == (503, "1"), verb
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert world.send("redemptions", numbered(SALE, "away", world.code))[0] == 200


WRITES = ("redemptions", "voids", "returns", "replays")


def test_a_server_that_takes_no_writes_any_more_is_left_for_the_one_that_does(
    world: World,
) -> None:
    """Every path: what it held of the old server is given up, so the next call has the new one."""
    for verb in ("voids", "returns"):
        sold = numbered(SALE, f"old {verb}", world.code)
        assert world.send("redemptions", sold)[0] == 200
    with world.fallen_over():
        assert not world.is_ready()
        for verb in WRITES:
            status, headers, answer = world.send(
                verb, numbered(SENT[verb], f"old {verb}", world.code)
            )
            if verb == "replays":
                assert json.loads(answer)["problem"]["status"] == 503
            else:
                assert (status, headers.get("retry-after")) == (503, "1"), verb
        # It still reads, and so do all connections that the next statements find.
        many = [numbered(SALE, f"quote {n}", world.code) for n in range(6)]
        with ThreadPoolExecutor(6) as pool:
            assert {status for status, *_ in pool.map(partial(world.send, "quotes"), many)} == {200}
    again = {
        verb: world.send(verb, numbered(SENT[verb], f"old {verb}", world.code)) for verb in WRITES
    }
    # Each may find one connection to the old server, and leaves all of them behind.
    assert [status for status, *_ in again.values()].count(503) <= 2
    for verb in WRITES:
        assert world.send(verb, numbered(SENT[verb], f"old {verb}", world.code))[0] == 200, verb
    assert world.is_ready()


def test_the_worker_goes_on_with_the_new_server(world: World, tmp_path: Path) -> None:
    settings = settings_of(world.url, tmp_path).model_copy(update={"worker_idle_seconds": 0.05})
    database, stop = Database(world.url), threading.Event()
    worker = threading.Thread(target=work_until, args=(database, settings, stop))
    due = "SELECT count(*) FROM due"
    with world.fallen_over():
        worker.start()
        eventually(lambda: world.ask(f"SELECT count(*) {_OURS}") != [(0,)])
    sold = numbered(SALE, "after", world.code)
    assert world.send("redemptions", sold)[0] in (200, 503)
    assert world.send("redemptions", sold)[0] == 200
    began = time.monotonic()
    eventually(lambda: world.ask(due) == [(0,)])
    assert time.monotonic() - began < 30
    stop.set()
    worker.join()
    database.dispose()
