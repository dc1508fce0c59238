"""Ledger accounts, entries, and postings whose entries add up to zero.

Positive cents are a debit. Entries are append-only; an event is undone by new entries with reversed
signs. What a supplier owes for uses, discount and handling fee, equals what its budget has spent,
because one function writes both.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    TAX_PAYABLE = "tax_payable"
    WRITE_OFF = "write_off"
    CASH = "cash"
    SET_OFF = "set_off"
    SUSPENSE = "suspense"
    GOODWILL = "goodwill"
    BUDGET = "offer_budget"
    RESERVED = "offer_reserved"
    SPENT = "offer_spent"


CLAIMABLE = (Account.SUPPLIER_RECEIVABLE, Account.FEE_INCOME, Account.SLOT_INCOME)
"""The accounts whose entries a claim holds: what is owed, and which of it is fees and slots."""


class EntryKind(StrEnum):
    """The kinds of postings; docs/ledger.md describes when each is posted."""

    ISSUE = "issue"
    EXPIRY = "expiry"
    BATCH_VOID = "batch_void"
    ERASURE = "erasure"
    CYCLE_WITHDRAWAL = "cycle_withdrawal"
    REDEMPTION = "redemption"
    RETURN = "return"
    VOID = "void"
    RESETTLEMENT = "resettlement"
    GOODWILL = "goodwill"
    GOODWILL_VOID = "goodwill_void"
    CLAIM = "claim"
    CLAIM_CANCELLATION = "claim_cancellation"
    SUSPENSE = "suspense"
    RECEIPT = "receipt"
    RECEIPT_RETURN = "receipt_return"
    SET_OFF = "set_off"
    TOLERANCE = "tolerance"
    WRITE_OFF = "write_off"
    DISPUTE = "dispute"


CHARGING = (
    EntryKind.ISSUE,
    EntryKind.CYCLE_WITHDRAWAL,
    EntryKind.REDEMPTION,
    EntryKind.RESETTLEMENT,
    EntryKind.RETURN,
    EntryKind.VOID,
)
"""The kinds of postings that change what a supplier owes for its deals, and so come into claims."""

UNDOING = (
    EntryKind.CYCLE_WITHDRAWAL, EntryKind.RESETTLEMENT, EntryKind.RETURN, EntryKind.VOID,
)  # fmt: skip
"""Those of them that only change what was charged before."""


class Entry(NamedTuple):
    """Cents on one account; offer and the supplier that pays for it are None where there is none.

    On `supplier_receivable`, `uses` are those that the cents are owed for and `discount_cents` what
    households got for them, both less where uses are undone; elsewhere they are 0. The fields are
    the columns of the ledger table.
    """

    account: Account
    offer_id: int | None
    supplier_id: int | None
    amount_cents: int
    uses: int = 0
    discount_cents: int = 0


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
    uses: int = 0,
    discount_cents: int = 0,
    borne: Mapping[int, int] | None = None,
) -> list[Entry]:
    """The entries for uses that had reserved `reserved_cents`: the shares of the discount, the fee.

    `uses` are those the supplier is charged for, `discount_cents` what came off for them. Where
    several parties bear the supplier's part, `borne` are their cents by supplier; the fee is owed
    by the offer's own. All amounts are negative where uses are undone.
    """
    offer_id, supplier_id = payer
    spent = supplier_cents + fee_cents
    owed = {supplier_id: supplier_cents} if borne is None else {supplier_id: 0, **borne}
    owed[supplier_id] += fee_cents
    return [
        entry
        for entry in (
            Entry(
                Account.HOUSEHOLD_DISCOUNT, offer_id, supplier_id, -supplier_cents - retailer_cents
            ),
            Entry(Account.RETAILER_FUNDING, offer_id, supplier_id, retailer_cents),
            *[
                Entry(Account.SUPPLIER_RECEIVABLE, offer_id, party, cents, uses, discount_cents)
                for party, cents in owed.items()
            ],
            Entry(Account.FEE_INCOME, offer_id, supplier_id, -fee_cents),
            Entry(Account.BUDGET, offer_id, supplier_id, reserved_cents - spent),
            Entry(Account.RESERVED, offer_id, supplier_id, -reserved_cents),
            Entry(Account.SPENT, offer_id, supplier_id, spent),
        )
        if entry[3] or entry[4] or entry[5]
    ]


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
    sums: dict[tuple[Account, int | None, int | None], tuple[int, int, int]] = {}
    for account, offer_id, supplier_id, *amounts in entries:
        key = (account, offer_id, supplier_id)
        cents, uses, discount = sums.get(key, (0, 0, 0))
        sums[key] = (cents + amounts[0], uses + amounts[1], discount + amounts[2])
    return tuple([Entry(*key, *amounts) for key, amounts in sums.items() if any(amounts)])


def reversed_entries(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that undo these."""
    return (
        entry._replace(
            amount_cents=-entry.amount_cents,
            uses=-entry.uses,
            discount_cents=-entry.discount_cents,
        )
        for entry in entries
    )


def _entries(payer: Payer, amounts: Iterable[tuple[Account, int]]) -> list[Entry]:
    offer_id, supplier_id = payer
    return [Entry(account, offer_id, supplier_id, cents) for account, cents in amounts if cents]
