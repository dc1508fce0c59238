"""status: what it counts, and when it fails."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.files.baskets import load_baskets
from service.settings import Settings
from service.store import money, work
from service.store.session import Database
from service.store.tables import metadata
from service.store.tables.cycle import Run, RunState
from tests.commands.conftest import Larder
from tests.files.files import BASKETS, write_file
from tests.shop import open_shop


def test_status_of_an_empty_database_on_both(configured: Larder) -> None:
    ended = configured("status")
    assert (ended.code, ended.err) == (0, "")
    printed = dict(line.split(": ", 1) for line in ended.out.splitlines())
    assert printed["products"] == printed["baskets"] == printed["unbalanced postings"] == "0"
    assert printed["newest cycle"] == printed["newest basket"] == "none"


def test_status_counts_and_finds_a_posting_that_does_not_balance(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    load_baskets(database, write_file(tmp_path / "b.csv", BASKETS), timezone="UTC")
    ended = configured("status")
    assert ended.code == 0
    printed = dict(line.split(": ", 1) for line in ended.out.splitlines())
    assert {name: printed[name] for name in ("issued lists", "running offers", "newest cycle")} == {
        "issued lists": "2",
        "running offers": "3",
        "newest cycle": "2026-03-02",
    }
    assert printed["newest basket"].startswith("2026-03-02 09:00:00")
    with database.write() as session, money.unguarded(session, metadata.tables["ledger_entry"]):
        session.connection().exec_driver_sql(
            f"UPDATE ledger_entry SET amount_cents = amount_cents + 1 WHERE account = "
            f"'offer_reserved' AND offer_id = {shop.milk_offer}"
        )
    ended = configured("status")
    assert ended.code == 1
    assert "unbalanced postings: 1\n" in ended.out
    # What is wrong comes first, with what to do.
    assert ended.out.startswith("WRONG: 1 postings of the ledger do not balance: ")


def test_what_waits_too_long_is_named_with_what_to_do(
    configured: Larder, database: Database
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    with database.write() as session:
        work.lease_slot(session, "forecast", long_ago, now=long_ago, until=long_ago)
        session.add(
            Run(id="r", kind="cycle", state=RunState.QUEUED, arguments={}, created_at=long_ago)
        )
    ended = configured("status")
    assert ended.code == 1
    assert [line.split(":")[1] for line in ended.out.splitlines()[:2]] == [
        " a run has waited for 3 hours",
        " 1 planned jobs began and did not end",
    ]
    # A later slot that ended makes up for the one that did not.
    with database.write() as session:
        later = long_ago + timedelta(hours=1)
        work.lease_slot(session, "forecast", later, now=later, until=later)
        work.finish_slot(session, "forecast", later, at=later)
    assert "planned jobs" not in configured("status").out
