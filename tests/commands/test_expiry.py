"""expire: what was closed and released is said, and doing it again changes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.market import open_issued, query

STATES = "SELECT state, count(*) FROM shopping_list GROUP BY state"
ENTRIES = "SELECT * FROM ledger_entry ORDER BY id"


def test_lists_that_ended_are_closed_once(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    entries = query(database, ENTRIES)
    ended = configured("expire", "--before", "2026-03-15")
    assert (ended.code, ended.out) == (
        0,
        "0 lists that ended before 2026-03-15 were closed; $0.00 of budgets was released; "
        "0 deals changed their state\n",
    )
    # Nobody can say in advance what ends.
    ahead = (datetime.now(UTC) + timedelta(days=2)).date()
    ended = configured("expire", "--before", ahead.isoformat())
    assert (ended.code, ended.out) == (1, "")
    assert f"lists that are good until a day before {ahead} have not all ended." in ended.err
    assert query(database, STATES) == [("issued", 29)]
    assert query(database, ENTRIES) == entries
    ended = configured("expire", "--before", "2026-03-16")
    assert ended.out == (
        "29 lists that ended before 2026-03-16 were closed; $33.26 of budgets was released; "
        "5 deals changed their state\n"
    )
    assert query(database, STATES) == [("expired", 29)]
    entries = query(database, ENTRIES)
    ended = configured("expire")
    assert ended.code == 0
    assert ended.out.startswith("0 lists that ended before 20")
    acts = "SELECT act, subject, subject_id FROM audit_event WHERE act = 'expire'"
    assert query(database, acts) == [("expire", "lists", "2026-03-16")]
    assert query(database, ENTRIES) == entries
