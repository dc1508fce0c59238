"""publish and batch: wiring, exit codes, and words for people."""

import io
import json
import shutil
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.mail import NAME, open_mail
from tests.market import query
from tests.shop import open_shop

ONE = "20260302-0000001"
HEAD = "piece_id,status,reason,timestamp\n"


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is stored is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


@pytest.fixture
def mail(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_mail(database, settings, tmp_path)


@pytest.mark.slow
def test_a_batch_from_publishing_to_reconciliation(
    configured: Larder,
    mail: None,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LARDER_PROOF_PIECES", "1")
    configured("publish")
    ended = configured("publish", "--revise")
    assert json.loads(ended.out)["name"] == f"{NAME}_v2"
    ended = configured("batch", "received", "2")
    assert ended.out.startswith(f"{NAME}_v2 was received at 20")
    (tmp_path / "day1.csv").write_text(
        f"{HEAD}{ONE},mailed,,2026-03-03T10:00:00Z\n20260302-0000002,spoiled,torn,"
        "2026-03-03T10:00:00Z\nnobody,mailed,,2026-03-03T10:00:00Z\n"
    )
    ended = configured("batch", "acknowledge", "day1.csv")
    assert ended.code == 3
    assert ended.out == "day1.csv: 3 rows read, 2 taken, 0 known, 1 refused\n"
    assert "column piece_id: 'nobody' is no piece of a published batch" in ended.err
    report = json.loads(configured("batch", "reprint", "2").out)
    assert (report["name"], report["pieces"]) == ("larder_reprint_20260302_v3", 1)
    acts = query(
        database, "SELECT act, subject_id FROM audit_event WHERE act = 'publish' ORDER BY id"
    )
    assert acts == [("publish", "1"), ("publish", "2"), ("publish", "3")]
    ended = configured("batch", "reconcile", "2", "--limit", "1")
    assert ended.out.splitlines() == [
        "batch id: 2",
        "pieces: 5",
        "outstanding: 4",
        "printed: 0",
        "spoiled: 0",
        "reprinted: 0",
        "mailed: 1",
        "returned: 0",
        "voided: 0",
        "difference: 4",
        "  20260302-0000002: outstanding in batch 3",
        "  and 3 more",
    ]
    ended = configured("batch", "void", "2", "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert "was picked up on" in ended.err


def test_a_batch_is_voided_and_purged(
    configured: Larder, mail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured("publish")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = configured("batch", "void", "1")
    assert asked.code == 1
    assert "with 5 pieces: its codes become invalid for ever" in asked.out + asked.err
    assert (
        "files of larder_lists_20260302_v1 are removed"
        in configured("batch", "purge", "--batch", "1").out
    )
    assert json.loads(configured("batch", "void", "1", "--yes").out)["lists"] == 5
    assert configured("batch", "purge").out == "0 batches purged\n"
    assert configured("batch", "purge", "--batch", "7").code == 1


def test_publish_before_any_cycle_names_the_remedy(configured: Larder) -> None:
    ended = configured("publish")
    assert ended.code == 1
    assert "larder: There is no cycle yet. Run `larder cycle --as-of DATE`.\n" in ended.err


def test_what_publish_prints_is_json_however_long_its_paths_are(
    configured: Larder,
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_shop(database, settings, tmp_path)
    folder = tmp_path / ("a long name [b] " * 6) / "batches"
    monkeypatch.setenv("LARDER_OUTPUT_FOLDER", str(folder))
    ended = configured("publish", "--cycle", "1")
    assert ended.code == 0, ended.err
    answer = json.loads(ended.out)
    assert str(folder) in ended.out
    assert answer["pieces"] == 2
