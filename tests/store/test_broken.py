"""What breaks below a database: a full disk, a read-only one, a migration that is killed."""

import random
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from service.admin.keys import add_key
from service.api.app import create_app
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from tests.conftest import _administer, settings_of
from tests.racing import faults
from tests.served import environment
from tests.shop import H1, STORE, open_shop
from tests.till import FULL, body

KILLED = """
import os, signal, sys
from sqlalchemy import event
from service.store import migrate
from service.store.session import Database

database, left = Database(sys.argv[1]), int(sys.argv[2])

@event.listens_for(database._writer, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

migrate.upgrade(database)
"""


@pytest.mark.parametrize(
    ("broken", "mended", "why"),
    [
        ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1073741823", "full"),
        ("PRAGMA query_only=ON", "PRAGMA query_only=OFF", "readonly"),
    ],
)
def test_a_disk_that_takes_nothing_is_503_with_its_cause_in_the_log(
    migrated: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str, mended: str,
    why: str,
) -> None:  # fmt: skip
    """What SQLite says of a full disk and of a read-only one, made by its own switches."""
    (tmp_path / "larder.db").write_bytes(migrated.read_bytes())
    settings = settings_of(f"sqlite:///{tmp_path}/larder.db", tmp_path)
    database = Database(settings.database_url)
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    with TestClient(
        create_app(database, settings), headers={"Authorization": f"Bearer {key}"}
    ) as till:

        def pragma(statement: str) -> None:
            with till.app.state.till.database._sqlite(database._writer) as connection:  # type: ignore[attr-defined]
                connection.execute(statement)

        def sell(number: int) -> int:
            sent = body(number, presented=[("list", shop.lists[H1])], lines=FULL * 30)
            return till.post("/v1/redemptions", json=sent).status_code

        assert sell(0) == 200
        pragma(broken)
        statuses = [sell(number) for number in range(1, 30)]
        assert statuses[-1] == 503
        assert why in caplog.text
        told = statuses.count(200)
        pragma(mended)
        # Whoever was told no sends it again; whoever was told yes is told the same.
        assert {sell(number) for number in range(30)} == {200}
        assert told < 29
    with sqlite3.connect(tmp_path / "larder.db") as file:
        assert file.execute("SELECT count(*) FROM redemption").fetchone() == (30,)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    database.dispose()


def test_two_services_on_one_file_sell_each_basket_once(migrated: Path, tmp_path: Path) -> None:
    """Four tills at each; every sale goes to both at once, as a till sends what it gave up on."""
    (tmp_path / "larder.db").write_bytes(migrated.read_bytes())
    settings = settings_of(f"sqlite:///{tmp_path}/larder.db", tmp_path)
    databases = [Database(settings.database_url) for _ in range(2)]
    shop = open_shop(databases[0], settings, tmp_path)
    key = add_key(databases[0], settings, role=Role.POS, store_id=STORE)[1]
    own = {"Authorization": f"Bearer {key}"}
    with (
        TestClient(create_app(databases[0], settings), headers=own) as one,
        TestClient(create_app(databases[1], settings), headers=own) as two,
        ThreadPoolExecutor(8) as tills,
    ):

        def sell(number: int, service: TestClient) -> str:
            sent = body(number, presented=[("list", shop.lists[H1])], lines=FULL)
            for _ in range(20):
                answer = service.post("/v1/redemptions", json=sent)
                if answer.status_code != 503:
                    break
            assert answer.status_code == 200, answer.text
            return answer.text

        numbers = range(40)
        told = [[tills.submit(sell, number, each) for each in (one, two)] for number in numbers]
        answers = [{each.result() for each in both} for both in told]
    assert [len(each) for each in answers] == [1] * len(numbers)
    with sqlite3.connect(tmp_path / "larder.db") as file:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return file.execute(sql).fetchall()

        assert ask("SELECT count(*), count(DISTINCT number) FROM redemption") == [(40, 40)]
        assert ask("SELECT sum(uses) FROM redemption_line WHERE live") == [(4,)]
        assert ask("PRAGMA integrity_check") == [("ok",)]
        assert faults(ask) == {}
    file.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_a_migration_that_is_killed_anywhere_changed_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    name = f"larder_killed_{abs(hash(str(tmp_path))):x}"
    url = f"sqlite:///{tmp_path}/larder.db"
    if kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        _administer(server, f"CREATE DATABASE {name}")
        address = make_url(server).set(drivername="postgresql+psycopg", database=name)
        url = address.render_as_string(hide_password=False)
    settings = settings_of(url, tmp_path)
    database = Database(url)
    draw = random.Random(7)
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, url, str(draw.randrange(5, 200))],
            env=environment(settings),
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL
        with database.alter() as connection:
            assert migrate.revision(connection) is None
    migrate.upgrade(database)
    with database.alter() as connection:
        assert migrate.revision(connection) == migrate.head()
    database.dispose()
    if kind == "postgresql":
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")
