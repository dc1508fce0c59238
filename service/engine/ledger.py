"""The ledger's nouns: accounts, entries, and postings whose entries add up to zero.

Positive cents are a debit. An entry is only ever added; what must be undone gets entries of its own
with the signs turned. What a supplier owes for uses, discount and handling fee, is what its budget
has spent, because one function writes both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Account(StrEnum):
    """Where cents lie; what each holds is said in docs/ledger.md."""

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
    """What moved the ledger; when each is posted is said in docs/ledger.md."""

    ISSUE = "issue"
    EXPIRY = "expiry"
    BATCH_VOID = "batch_void"
    REDEMPTION = "redemption"
    RETURN = "return"
    VOID = "void"
    RESETTLEMENT = "resettlement"


class Entry(NamedTuple):
    """Cents on one account, of an offer and of the supplier that pays for it where there are any.

    The fields are the columns in which the ledger stores it.
    """

    account: Account
    offer_id: int | None
    supplier_id: int | None
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One event: its entries add up to zero. Raises ValueError when they do not.

    `name` is the event's; more than one posting may bear it. `store_id` and `business_date` are
    those of the till transaction, if it was one.
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
    """Copies were issued that may cost `cents`."""
    return _moved(payer, ((Account.BUDGET, -cents), (Account.RESERVED, cents)))


def release(payer: Payer, cents: int) -> list[Entry]:
    """Uses that held `cents` can no more be made."""
    return reserve(payer, -cents)


def charge(
    payer: Payer,
    *,
    supplier_cents: int,
    retailer_cents: int,
    fee_cents: int,
    reserved_cents: int,
) -> list[Entry]:
    """Uses that held `reserved_cents` gave a discount: who bears how much of it, and the fee.

    Everything is negative where uses are taken back.
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
    return _moved(payer, zip(_CHARGED, amounts, strict=True))


def charge_slots(payer: Payer, cents: int) -> list[Entry]:
    """Copies of a partner's slot were printed, for which `cents` were reserved and are owed now."""
    return _moved(
        payer,
        (
            (Account.SUPPLIER_RECEIVABLE, cents),
            (Account.SLOT_INCOME, -cents),
            (Account.RESERVED, -cents),
            (Account.SPENT, cents),
        ),
    )


def netted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """One entry for each account, offer and supplier, in the order in which they first come."""
    sums: dict[tuple[Account, int | None, int | None], int] = {}
    for account, offer_id, supplier_id, cents in entries:
        key = (account, offer_id, supplier_id)
        sums[key] = sums.get(key, 0) + cents
    return tuple([Entry(*key, cents) for key, cents in sums.items() if cents])


def reversed_entries(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that undo these."""
    return (entry._replace(amount_cents=-entry.amount_cents) for entry in entries)


def _moved(payer: Payer, amounts: Iterable[tuple[Account, int]]) -> list[Entry]:
    offer_id, supplier_id = payer
    return [Entry(account, offer_id, supplier_id, cents) for account, cents in amounts if cents]
