"""doctor: all is well, and each fault with what to do."""

from pathlib import Path

import pytest

from service.store.session import Database
from tests.commands.conftest import Larder
from tests.market import query


def test_a_shop_in_order(configured: Larder, database: Database) -> None:
    ended = configured("doctor")
    # The server of these tests writes nothing through to its disk, and is told so.
    faults = [line for line in ended.out.splitlines() if line.startswith("fault")]
    assert ended.code == (0 if database.is_sqlite else 1)
    assert [line.partition(" is off")[0] for line in faults] == (
        []
        if database.is_sqlite
        else [
            f"fault  durability: {name}"
            for name in ("fsync", "full_page_writes", "synchronous_commit")
        ]
    )
    for name in ("database", "tables", "API keys", "disk", "fonts", "time zone", "test sale"):
        assert f"well   {name}: " in ended.out
    for table in ("store", "basket", "redemption", "till_event"):
        assert query(database, f"SELECT count(*) FROM {table}") == [(0,)]


def test_faults_come_first_with_what_to_do(
    larder: Larder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert larder("init").code == 0
    (tmp_path / ".env").chmod(0o644)
    monkeypatch.setenv("LARDER_CONSOLE_URL", "http://shop.example/console")
    ended = larder("doctor")
    assert ended.code == 1
    first = ended.out.splitlines()
    assert first[0] == "fault  .env: others can read the keys in it -> chmod 600 .env"
    assert first[1].startswith("fault  console: its address is not https")
    assert "fault  tables: at None, not " in ended.out
    assert "-> larder migrate" in ended.out
    assert "test sale" not in ended.out
