"""cycle, publish and status: wiring, exit codes, and output that other programs can read."""

import json
from pathlib import Path

import pytest

from service.files.baskets import load_baskets
from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.files.files import BASKETS, written
from tests.shop import open_shop


def test_status_of_an_empty_database_on_both(configured: Larder) -> None:
    ended = configured("status")
    assert (ended.code, ended.err) == (0, "")
    told = dict(line.split(": ", 1) for line in ended.out.splitlines())
    assert told["products"] == told["baskets"] == told["unbalanced postings"] == "0"
    assert told["newest cycle"] == told["newest basket"] == "none"


def test_status_counts_and_finds_a_posting_that_does_not_balance(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    load_baskets(database, written(tmp_path / "b.csv", BASKETS), timezone="UTC")
    ended = configured("status")
    assert ended.code == 0
    told = dict(line.split(": ", 1) for line in ended.out.splitlines())
    assert {name: told[name] for name in ("issued lists", "running offers", "newest cycle")} == {
        "issued lists": "2",
        "running offers": "3",
        "newest cycle": "2026-03-02",
    }
    assert told["newest basket"].startswith("2026-03-02 09:00:00")
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE ledger_entry SET amount_cents = amount_cents + 1 WHERE account = "
            f"'offer_reserved' AND offer_id = {shop.milk_offer}"
        )
    ended = configured("status")
    assert ended.code == 1
    assert "unbalanced postings: 1\n" in ended.out


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "01.02.2026", ""])
def test_a_date_that_is_none_is_wrong_usage(larder: Larder, day: str) -> None:
    larder("init")
    assert larder("cycle", "--as-of", day).code == 2
    assert larder("cycle").code == 2


def test_publish_before_any_cycle_names_the_remedy(configured: Larder) -> None:
    ended = configured("publish")
    assert ended.code == 1
    assert "larder: There is no cycle yet. Run `larder cycle --as-of DATE`.\n" in ended.err


def test_a_cycle_for_nobody_is_one_clear_line(configured: Larder) -> None:
    ended = configured("cycle", "--as-of", "2026-03-02")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == (
        "larder: No household is eligible as of 2026-03-02; no cycle was made."
    )


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
    told = json.loads(ended.out)
    assert str(folder) in ended.out
    assert told["pieces"] == 2
