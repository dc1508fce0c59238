"""Postings add up to zero, and what a budget has spent is what its supplier owes."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.ledger import (
    Account,
    Entry,
    EntryKind,
    Payer,
    Posting,
    charge,
    charge_slots,
    netted,
    release,
    reserve,
    reversed_entries,
)

PAYER = Payer(offer_id=7, supplier_id=3)
NOW = datetime(2026, 3, 5, 17, 4, tzinfo=UTC)
CENTS = st.integers(0, 10**9)


def moved(entries: Iterable[Entry]) -> dict[str, int]:
    found = [*entries]
    assert {(entry.offer_id, entry.supplier_id) for entry in found} <= {PAYER}
    assert all(entry.amount_cents for entry in found)
    return {str(entry.account): entry.amount_cents for entry in found}


def used(supplier: int, retailer: int = 0, fee: int = 0, *, reserved: int = 0) -> list[Entry]:
    return charge(
        PAYER,
        supplier_cents=supplier,
        retailer_cents=retailer,
        fee_cents=fee,
        reserved_cents=reserved,
    )


def test_issuing_reserves_and_expiry_gives_everything_back() -> None:
    assert moved(reserve(PAYER, 250)) == {"offer_budget": -250, "offer_reserved": 250}
    assert moved(release(PAYER, 250)) == {"offer_budget": 250, "offer_reserved": -250}


def test_a_use_is_owed_with_its_fee_and_gives_the_rest_of_its_reservation_back() -> None:
    assert moved(used(82, 10, 8, reserved=108)) == {
        "household_discount": -92,
        "retailer_funding": 10,
        "supplier_receivable": 90,
        "fee_income": -8,
        "offer_budget": 18,
        "offer_reserved": -108,
        "offer_spent": 90,
    }


def test_a_use_that_costs_more_than_was_reserved_takes_it_from_the_budget() -> None:
    costly = moved(used(130, reserved=100))
    assert (costly["offer_budget"], costly["offer_spent"]) == (-30, 130)


def test_a_use_that_costs_what_was_reserved_leaves_the_budget_alone() -> None:
    assert "offer_budget" not in moved(used(100, reserved=100))


def test_a_printed_slot_is_owed_and_spent() -> None:
    assert moved(charge_slots(PAYER, 75)) == {
        "supplier_receivable": 75,
        "slot_income": -75,
        "offer_reserved": -75,
        "offer_spent": 75,
    }


def test_nothing_moves_nothing() -> None:
    assert reserve(PAYER, 0) == release(PAYER, 0) == charge_slots(PAYER, 0) == used(0) == []


def test_a_posting_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="zero"):
        Posting("sale", EntryKind.REDEMPTION, NOW, (Entry(Account.SPENT, 7, 3, 5),))


def test_entries_of_one_account_offer_and_supplier_are_netted() -> None:
    other = Entry(Account.SPENT, 8, 3, 4)
    entries = [Entry(Account.SPENT, 7, 3, 5), other, Entry(Account.SPENT, 7, 3, 6)]
    assert netted(entries) == (Entry(Account.SPENT, 7, 3, 11), other)
    assert netted([*entries, *reversed_entries(entries)]) == ()


@given(st.lists(st.tuples(CENTS, st.none() | st.tuples(CENTS, CENTS, CENTS)), max_size=20))
def test_when_every_copy_is_used_or_expired_nothing_is_reserved_and_what_is_spent_is_owed(
    copies: list[tuple[int, tuple[int, int, int] | None]],
) -> None:
    """A copy is (what it reserved, what its use cost); None for a copy that expired."""
    balance: Counter[str] = Counter()
    for reserved, cost in copies:
        ending = release(PAYER, reserved) if cost is None else used(*cost, reserved=reserved)
        for entries in (reserve(PAYER, reserved), ending):
            assert sum(entry.amount_cents for entry in entries) == 0
            balance.update(moved(entries))
    costs = [cost for _, cost in copies if cost is not None]
    owed = sum(supplier + fee for supplier, _, fee in costs)
    assert balance[Account.RESERVED] == 0
    assert balance[Account.SPENT] == -balance[Account.BUDGET] == owed
    assert balance[Account.SUPPLIER_RECEIVABLE] == owed
    assert balance[Account.FEE_INCOME] == -sum(fee for _, _, fee in costs)
