"""The ledger in the database: entries name what there is, and its faults are found."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from service.engine.ledger import Account, Entry, EntryKind, Posting
from service.settings import Settings
from service.store import ledger
from service.store.session import Database
from tests.shop import STORE, open_shop

NOW = datetime(2026, 3, 5, tzinfo=UTC)
OWED, OFF = Account.SUPPLIER_RECEIVABLE, Account.ADJUSTMENT


def test_an_entry_may_name_a_supplier_and_a_store_and_no_offer(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    open_shop(database, settings, tmp_path)
    entries = (Entry(OWED, None, 1, -7), Entry(OFF, None, 1, 7))
    posting = Posting("note-1", EntryKind.RETURN, NOW, entries, STORE, date(2026, 3, 5))
    with database.write() as session:
        ledger.post(session, posting, Posting("nothing", EntryKind.RETURN, NOW, ()))
        assert ledger.imbalance(session) == ledger.uncharged(session) == []
    found = read_only(
        """SELECT account, offer_id, supplier_id, amount_cents, store_id, business_date
           FROM ledger_entry WHERE posting IN ('note-1', 'nothing') ORDER BY id"""
    )
    assert [(*row[:5], str(row[5])) for row in found] == [
        ("supplier_receivable", None, 1, -7, STORE, "2026-03-05"),
        ("adjustment", None, 1, 7, STORE, "2026-03-05"),
    ]


def test_postings_that_do_not_add_up_and_budgets_that_nobody_owes_are_found(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    offer = open_shop(database, settings, tmp_path).milk_offer
    entries = (Entry(Account.SPENT, offer, 1, 5), Entry(OWED, offer, 1, -5))
    with database.write() as session:
        ledger.post(session, Posting("wrong", EntryKind.RETURN, NOW, entries))
        assert (ledger.imbalance(session), ledger.uncharged(session)) == ([], [(offer, 10)])
        session.execute(
            text(
                "UPDATE ledger_entry SET amount_cents = 5 WHERE posting = 'wrong' AND account = :a"
            ),
            {"a": OWED},
        )
        assert (ledger.imbalance(session), ledger.uncharged(session)) == ([("wrong", 10)], [])
