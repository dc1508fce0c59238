"""Ageing, reminders and set-off as acts."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.clearing.agreements import load_agreements
from service.clearing.dunning import show_ages, show_reminders, write_reminders
from service.clearing.receipts import load_receipts, match_receipts
from service.clearing.set_off import set_off_due
from service.engine.clearing.ageing import Age
from service.engine.clearing.receipt import Receipt, identified
from service.files.agreements import AgreementsIn
from service.settings import Settings
from service.store.session import Database
from service.store.tables.bank import ReceiptState
from tests.clearing.issued_claims import ANNA, DALE, LATER, agreement, billing, issue_claims

DUE = date(2026, 4, 30)


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    issue_claims(database, settings, tmp_path)
    return billing(settings)


def remind(database: Database, settings: Settings, as_of: date) -> list[tuple[str, int, int]]:
    written = write_reminders(database, settings, as_of=as_of, by=ANNA, now=LATER)
    return sorted((w.account, w.reminder.level, w.reminder.open_cents) for w in written)


def test_what_is_owed_is_shown_by_age(database: Database, issued: Settings) -> None:
    found = show_ages(database, as_of=date(2026, 5, 1))
    assert [(each.account.number, each.ages.total_cents) for each in found] == [
        ("K-1", 216),
        ("K-2", 25),
    ]
    # Claims of 31 March are due on 30 April, that of 1 April a day later.
    assert found[0].ages.by_age[Age.UP_TO_30] == 108
    assert found[0].ages.by_age[Age.NOT_DUE] == 108


def test_reminders_are_written_once_a_level_and_kept(database: Database, issued: Settings) -> None:
    assert remind(database, issued, date(2026, 5, 6)) == []
    assert remind(database, issued, date(2026, 5, 7)) == [("K-1", 1, 108), ("K-2", 1, 25)]
    assert remind(database, issued, date(2026, 5, 7)) == []
    # The second claim of Dale reaches the first level a day later.
    assert remind(database, issued, date(2026, 5, 8)) == [("K-1", 1, 216)]
    assert remind(database, issued, date(2026, 5, 21)) == [("K-1", 2, 216), ("K-2", 2, 25)]
    assert [each.reminder.level for each in show_reminders(database)] == [2, 2, 1, 1, 1]


def test_nobody_is_reminded_of_what_a_payment_in_suspense_names(
    database: Database, issued: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("x")
    paid = Receipt("DE89", "R1", DUE, 90, "USD", text=f"{DALE} less a complaint")
    load_receipts(database, path, "plain", identified([paid]), currency="USD", by=ANNA, now=LATER)
    made = match_receipts(database, by=ANNA, now=LATER)
    assert made.states == {ReceiptState.SUSPENDED: 1}
    assert remind(database, issued, date(2026, 5, 7)) == [("K-2", 1, 25)]


def test_what_is_due_is_set_off_where_that_was_agreed(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    issue_claims(database, settings, tmp_path)
    assert set_off_due(database, as_of=date(2026, 6, 1), by=ANNA, now=LATER) == []
    read = read_only("SELECT id FROM agreement WHERE ref = 'AG-K-1'")
    form = {
        "format": "larder-agreements-1",
        "agreements": [agreement("K-1", "Dale Foods", settlement="set_off")],
    }
    load_agreements(database, settings, AgreementsIn.model_validate(form), by=ANNA, now=LATER)
    # Claims are settled as the revision says under which they were drawn.
    assert set_off_due(database, as_of=date(2026, 6, 1), by=ANNA, now=LATER) == []
    assert len(read) == 1


def test_a_claim_that_is_set_off_is_not_reminded_of(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    issue_claims(database, settings, tmp_path, settlement="set_off")
    issued = billing(settings)
    assert remind(database, issued, date(2026, 5, 7)) == []
    day = date(2026, 4, 30)
    done = set_off_due(database, as_of=day, by=ANNA, now=LATER)
    assert [each.undisputed_cents for each in done] == [108, 25]
    assert set_off_due(database, as_of=day, by=ANNA, now=LATER) == []
    assert read_only("SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'set_off'") == [
        (133,)
    ]
    assert [row[0] for row in read_only("SELECT state FROM claim ORDER BY id")] == [
        "paid",
        "paid",
        "issued",
    ]
