"""status: what it counts, and when it fails."""

from pathlib import Path

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
