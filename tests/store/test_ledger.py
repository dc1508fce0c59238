"""The ledger in the database: entries name what there is, and its faults are found."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.engine.ledger import Account, Entry, EntryKind, Posting
from service.settings import Settings
from service.store import ledger, money
from service.store.session import Database
from service.store.tables import metadata
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
        with money.unguarded(session, metadata.tables["ledger_entry"]):
            session.execute(
                text(
                    "UPDATE ledger_entry SET amount_cents = 5 WHERE posting = 'wrong' "
                    "AND account = 'supplier_receivable'"
                )
            )
        assert (ledger.imbalance(session), ledger.uncharged(session)) == ([("wrong", 10)], [])


def test_an_entry_is_never_changed_and_never_deleted(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    open_shop(database, settings, tmp_path)
    before = read_only("SELECT * FROM ledger_entry ORDER BY id")
    assert before
    for change in ("UPDATE ledger_entry SET amount_cents = 0", "DELETE FROM ledger_entry"):
        with pytest.raises(IntegrityError, match="only added"), database.write() as session:
            session.execute(text(change))
    assert read_only("SELECT * FROM ledger_entry ORDER BY id") == before


def test_postgresql_refuses_a_posting_that_does_not_balance(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no trigger on statements; every posting is checked when it is made")
    half = """INSERT INTO ledger_entry (posting, kind, account, amount_cents, posted_at)
        VALUES ('a', 'return', 'cash', 5, now()), ('a', 'return', 'suspense', -4, now())"""
    with pytest.raises(IntegrityError, match="add up to zero"), database.write() as session:
        session.execute(text(half))


def test_what_is_owed_names_its_supplier(database: Database, read_only: Any) -> None:
    entries = (Entry(OWED, None, None, 7), Entry(OFF, None, None, -7))
    with pytest.raises(ValueError, match="name its supplier"), database.write() as session:
        ledger.post(session, Posting("note-1", EntryKind.RETURN, NOW, entries))
    assert read_only("SELECT count(*) FROM ledger_entry") == [(0,)]
