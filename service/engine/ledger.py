"""Ledger accounts, entries, and postings whose entries add up to zero.

Positive cents are a debit. Entries are append-only; an event is undone by new entries with reversed
signs. What a supplier owes for uses, discount and handling fee, equals what its budget has spent,
because one function writes both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Account(StrEnum):
    """The accounts; docs/ledger.md describes each."""

    SUPPLIER_RECEIVABLE = "supplier_receivable"
    RETAILER_FUNDING = "retailer_funding"
    HOUSEHOLD_DISCOUNT = "household_discount"
    FEE_INCOME = "fee_income"
    SLOT_INCOME = "slot_income"
    ADJUSTMENT = "adjustment"
    GOODWILL = "goodwill"
    BUDGET = "offer_budget"
    RESERVED = "offer_reserved"
    SPENT = "offer_spent"


# What `charge` moves, in the order of its amounts.
_CHARGED = (
    Account.HOUSEHOLD_DISCOUNT,
    Account.RETAILER_FUNDING,
    Account.SUPPLIER_RECEIVABLE,
    Account.FEE_INCOME,
    Account.BUDGET,
    Account.RESERVED,
    Account.SPENT,
)


class EntryKind(StrEnum):
    """The kinds of postings; docs/ledger.md describes when each is posted."""

    ISSUE = "issue"
    EXPIRY = "expiry"
    BATCH_VOID = "batch_void"
    CYCLE_WITHDRAWAL = "cycle_withdrawal"
    REDEMPTION = "redemption"
    RETURN = "return"
    VOID = "void"
    RESETTLEMENT = "resettlement"
    GOODWILL = "goodwill"
    GOODWILL_VOID = "goodwill_void"


class Entry(NamedTuple):
    """Cents on one account; offer and the supplier that pays for it are None where there is none.

    The fields are the columns of the ledger table.
    """

    account: Account
    offer_id: int | None
    supplier_id: int | None
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One event: its entries add up to zero. Raises ValueError when they do not.

    `name` is the name of the event; several postings may have the same. `store_id` and
    `business_date` are those of the till transaction, if it was one.
    """

    name: str
    kind: EntryKind
    at: datetime
    entries: tuple[Entry, ...]
    store_id: str | None = None
    business_date: date | None = None

    def __post_init__(self) -> None:
        require_balance(self.entries)


class Payer(NamedTuple):
    """An offer and the supplier that pays for it."""

    offer_id: int
    supplier_id: int


def require_balance(entries: Iterable[Entry]) -> None:
    """Raises ValueError unless the entries add up to zero."""
    if sum([entry.amount_cents for entry in entries]):
        raise ValueError("a posting does not add up to zero")


def reserve(payer: Payer, cents: int) -> list[Entry]:
    """The entries for issued copies that may cost `cents`."""
    return _entries(payer, ((Account.BUDGET, -cents), (Account.RESERVED, cents)))


def release(payer: Payer, cents: int) -> list[Entry]:
    """The entries for uses that had reserved `cents` and can no longer be made."""
    return reserve(payer, -cents)


def charge(
    payer: Payer,
    *,
    supplier_cents: int,
    retailer_cents: int,
    fee_cents: int,
    reserved_cents: int,
) -> list[Entry]:
    """The entries for uses that had reserved `reserved_cents`: the shares of the discount, the fee.

    All amounts are negative where uses are undone.
    """
    spent = supplier_cents + fee_cents
    amounts = (
        -supplier_cents - retailer_cents,
        retailer_cents,
        spent,
        -fee_cents,
        reserved_cents - spent,
        -reserved_cents,
        spent,
    )
    return _entries(payer, zip(_CHARGED, amounts, strict=True))


def charge_slots(payer: Payer, cents: int) -> list[Entry]:
    """The entries for printed slots of a partner: `cents` were reserved and are owed now."""
    return _entries(
        payer,
        (
            (Account.SUPPLIER_RECEIVABLE, cents),
            (Account.SLOT_INCOME, -cents),
            (Account.RESERVED, -cents),
            (Account.SPENT, cents),
        ),
    )


def give_goodwill(cents: int) -> list[Entry]:
    """The entries for a discount that the retailer gives of its own accord: no offer, no supplier.

    Negative cents take it back.
    """
    return [
        Entry(Account.GOODWILL, None, None, cents),
        Entry(Account.HOUSEHOLD_DISCOUNT, None, None, -cents),
    ]


def netted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """One entry for each account, offer and supplier, in the order of their first entries."""
    sums: dict[tuple[Account, int | None, int | None], int] = {}
    for account, offer_id, supplier_id, cents in entries:
        key = (account, offer_id, supplier_id)
        sums[key] = sums.get(key, 0) + cents
    return tuple([Entry(*key, cents) for key, cents in sums.items() if cents])


def reversed_entries(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that undo these."""
    return (entry._replace(amount_cents=-entry.amount_cents) for entry in entries)


def _entries(payer: Payer, amounts: Iterable[tuple[Account, int]]) -> list[Entry]:
    offer_id, supplier_id = payer
    return [Entry(account, offer_id, supplier_id, cents) for account, cents in amounts if cents]
