"""Receipts as acts on both databases: posted once, taken back, decided by people."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.clearing.books import check_books
from service.clearing.receipts import (
    Matched,
    apply_suspense,
    load_advices,
    load_receipts,
    match_receipts,
    show_receipts,
)
from service.engine.clearing.receipt import Advice, Booking, PaidPart, Receipt, identified
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.tables.bank import ReceiptState
from tests.clearing.issued_claims import ANNA, DALE, DALE_AGAIN, LATER, OVEN, issue_claims

Ask = Callable[[str], list[tuple[Any, ...]]]
STATES = "SELECT series, serial, state FROM claim ORDER BY id"
ACCOUNTS = """SELECT account, sum(amount_cents) FROM ledger_entry
    WHERE account IN ('cash', 'suspense', 'write_off') GROUP BY account
    HAVING sum(amount_cents) <> 0 ORDER BY account"""


@pytest.fixture
def bank(database: Database, settings: Settings, tmp_path: Path) -> "Bank":
    issue_claims(database, settings, tmp_path)
    return Bank(database, tmp_path)


class Bank:
    """Books payments in files of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.files = database, folder, 0

    def receipt(self, cents: int, text: str, **more: Any) -> Receipt:
        made = Receipt("DE89", f"R{self.files}", date(2026, 4, 20), cents, "USD", text=text)
        return replace(made, **more)

    def load(self, *receipts: Receipt) -> Any:
        self.files += 1
        path = self.folder / f"bank{self.files}.csv"
        path.write_text(repr(receipts))
        return load_receipts(
            self.database, path, "plain", identified(receipts), currency="USD", by=ANNA, now=LATER
        ).added

    def book(self, *receipts: Receipt) -> Matched:
        self.load(*receipts)
        return match_receipts(self.database, by=ANNA, now=LATER)


def test_money_settles_claims_within_the_tolerance_and_the_rest_waits(
    bank: Bank, read_only: Ask, settings: Settings
) -> None:
    made = bank.book(
        bank.receipt(108, DALE),
        bank.receipt(23, f"pay {OVEN}"),
        bank.receipt(110, "c2026 000 003"),
        bank.receipt(500, "Thank you", reference="X"),
    )
    assert made.states == {ReceiptState.MATCHED: 3, ReceiptState.SUSPENDED: 1}
    assert made.reasons == {"no_number": 1}
    assert [row[2] for row in read_only(STATES)] == ["paid", "closed", "paid"]
    # Two cents of Oven Works were written off, two of Dale kept.
    assert read_only(ACCOUNTS) == [("cash", 741), ("suspense", -500)]
    assert_books(bank.database, settings, read_only)


def assert_books(database: Database, settings: Settings, read_only: Ask) -> None:
    books = check_books(database, settings, now=LATER)
    assert [each for each in books.checks if each.is_fault and each.count] == []
    suspended = "SELECT coalesce(sum(suspense_cents), 0) FROM bank_receipt"
    held = "SELECT coalesce(-sum(amount_cents), 0) FROM ledger_entry WHERE account = 'suspense'"
    assert read_only(suspended) == read_only(held)


def test_the_same_booking_in_another_file_counts_once(bank: Bank, read_only: Ask) -> None:
    first, second = bank.receipt(108, DALE), bank.receipt(25, OVEN, reference="R9")
    assert bank.load(first) == (1, 0)
    assert bank.load(first, second) == (1, 1)
    match_receipts(bank.database, by=ANNA, now=LATER)
    again = match_receipts(bank.database, by=ANNA, now=LATER)
    assert again.states == {}
    assert read_only(ACCOUNTS) == [("cash", 133)]
    bank.files -= 1
    assert bank.load(first, second) == (0, 2)


def test_the_parts_of_a_booking_that_is_known_as_one_are_known(bank: Bank, read_only: Ask) -> None:
    booked = Booking(1, 133, "B1")
    whole = bank.receipt(133, "batch", booked=booked)
    parts = [bank.receipt(108, DALE, booked=booked), bank.receipt(25, OVEN, booked=booked)]
    assert bank.load(whole) == (1, 0)
    assert bank.load(*parts) == (0, 2)
    assert read_only("SELECT sum(amount_cents) FROM bank_receipt") == [(133,)]


def test_bookings_in_another_currency_do_not_come_into_the_books(
    bank: Bank, read_only: Ask
) -> None:
    with pytest.raises(InvalidInput, match="bookings in EUR; the books are in USD"):
        bank.load(bank.receipt(108, DALE), bank.receipt(25, OVEN, currency="EUR"))
    assert read_only("SELECT count(*) FROM bank_file") == [(0,)]


@pytest.mark.parametrize("cents", [108, 105, 112])
def test_a_returned_payment_is_owed_again_to_the_cent(
    cents: int, bank: Bank, read_only: Ask, settings: Settings
) -> None:
    paid = bank.receipt(cents, DALE, end_to_end="E1")
    assert bank.book(paid).states == {ReceiptState.MATCHED: 1}
    back = bank.receipt(-cents, "", end_to_end="E1", is_return=True, booked_on=date(2026, 4, 22))
    assert bank.book(back).states == {ReceiptState.RETURN: 1}
    assert read_only(STATES)[0][2] == "issued"
    assert read_only(ACCOUNTS) == []
    assert [row.state for row in show_receipts(bank.database)] == ["return", "returned"]
    assert_books(bank.database, settings, read_only)
    # The claim can be paid again, by another payment.
    assert bank.book(bank.receipt(108, DALE, reference="again")).states == {ReceiptState.MATCHED: 1}


def test_a_return_in_the_file_of_its_payment_is_found(bank: Bank, read_only: Ask) -> None:
    paid = bank.receipt(108, DALE, end_to_end="E1")
    back = bank.receipt(-108, "returned", end_to_end="E1", is_return=True, reference="B")
    made = bank.book(paid, back)
    assert made.states == {ReceiptState.MATCHED: 1, ReceiptState.RETURN: 1}
    assert read_only(ACCOUNTS) == []


def test_what_a_bank_kept_is_written_off_and_owed_again_on_return(
    bank: Bank, read_only: Ask, settings: Settings
) -> None:
    bank.book(bank.receipt(90, DALE, charges_cents=18, end_to_end="E1"))
    assert read_only(STATES)[0][2] == "closed"
    assert read_only(ACCOUNTS) == [("cash", 90), ("write_off", 18)]
    bank.book(bank.receipt(-90, "", end_to_end="E1", is_return=True, reference="B"))
    assert read_only(ACCOUNTS) == []
    assert read_only(STATES)[0][2] == "issued"
    assert_books(bank.database, settings, read_only)


def test_somebody_decides_what_is_in_suspense(
    bank: Bank, read_only: Ask, settings: Settings
) -> None:
    bank.book(bank.receipt(150, "March"))
    (row,) = show_receipts(bank.database, state=ReceiptState.SUSPENDED)
    with pytest.raises(Conflict, match="can be settled"):
        apply_suspense(bank.database, row.id, DALE, by=ANNA, now=LATER)
    with pytest.raises(Conflict, match="can be assigned"):
        apply_suspense(bank.database, row.id, DALE, 151, by=ANNA, now=LATER)
    assert read_only(ACCOUNTS) == [("cash", 150), ("suspense", -150)]
    apply_suspense(bank.database, row.id, DALE, 108, by=ANNA, now=LATER)
    left = apply_suspense(bank.database, row.id, DALE_AGAIN, 42, by=ANNA, now=LATER)
    assert (left.state, left.suspense_cents, left.reason) == ("matched", 0, None)
    assert [row[2] for row in read_only(STATES)] == ["paid", "issued", "part_paid"]
    with pytest.raises(InvalidInput, match="none of it is in suspense"):
        apply_suspense(bank.database, row.id, OVEN, by=ANNA, now=LATER)
    with pytest.raises(NotFound):
        apply_suspense(bank.database, 999, OVEN, by=ANNA, now=LATER)
    assert_books(bank.database, settings, read_only)


def test_an_advice_splits_a_payment_that_names_no_claim(bank: Bank, read_only: Ask) -> None:
    parts = (PaidPart(DALE, 50, 58, "06"), PaidPart(OVEN, 25))
    advice = Advice("TRACE7", date(2026, 4, 20), 75, "USD", "DALE", parts)
    path = bank.folder / "advice.edi"
    path.write_bytes(b"820")
    assert load_advices(bank.database, path, (advice,), by=ANNA, now=LATER).added == (1, 0)
    other = bank.folder / "again.edi"
    other.write_bytes(b"820 again")
    assert load_advices(bank.database, other, (advice,), by=ANNA, now=LATER).added == (0, 1)
    assert read_only(ACCOUNTS) == []
    assert bank.book(bank.receipt(75, "ACH TRACE7")).states == {ReceiptState.MATCHED: 1}
    assert [row[2] for row in read_only(STATES)] == ["part_paid", "paid", "issued"]


def test_a_claim_that_changes_under_a_match_is_matched_as_it_is_then(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, read_only: Ask
) -> None:
    bank.book(bank.receipt(100, "March"))
    (row,) = show_receipts(bank.database, state=ReceiptState.SUSPENDED)
    bank.load(bank.receipt(108, DALE, reference="later"))
    seen = []

    def meanwhile() -> None:
        if not seen:
            seen.append(True)
            apply_suspense(bank.database, row.id, DALE, 100, by=ANNA, now=LATER)

    settle = Database.settle
    monkeypatch.setattr(
        Database, "settle", lambda *args, **kwargs: (meanwhile(), settle(*args, **kwargs))[1]
    )
    made = match_receipts(bank.database, by=ANNA, now=LATER)
    assert made.states == {ReceiptState.SUSPENDED: 1}
    assert made.reasons == {"amount_differs": 1}
    assert read_only(ACCOUNTS) == [("cash", 208), ("suspense", -108)]
