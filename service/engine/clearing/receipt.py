"""What a bank booked, and what payers say of it: receipts and remittance advices.

Only a bank's booking is money. An advice (X12 820) explains a booking and never counts as one, so
that a payment that both a bank and its payer report is counted once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

_NO_REFERENCES = frozenset({"", "NONREF", "NOTPROVIDED", "NOREF", "NONE", "N/A", "NA"})
"""What banks write where they have no reference."""


class PaidPart(NamedTuple):
    """One claim that a payer names, and how much of the payment is for it.

    `deducted_cents` is what the payer kept back of it, with its code in `reason`; the number is as
    the payer wrote it.
    """

    claim_number: str
    paid_cents: int
    deducted_cents: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One booking on the retailer's account that is, or takes back, a payment of somebody.

    `amount_cents` is positive for money that came in and negative for a payment that the bank took
    back (`is_return`). `charges_cents` is what a bank kept of what was paid. `reference` is the
    bank's, `end_to_end` the payer's, which a return repeats; both are empty where there is none.
    `identity` is the same for the same payment in every file, and `booking` that of the bank's
    booking it is a part of: some files list the parts of what others have as one.
    """

    account: str
    reference: str
    booked_on: date
    amount_cents: int
    currency: str
    payer: str = ""
    payer_account: str = ""
    text: str = ""
    end_to_end: str = ""
    parts: tuple[PaidPart, ...] = ()
    is_return: bool = False
    return_reason: str = ""
    charges_cents: int = 0
    booked: "Booking | None" = None
    identity: str = ""
    booking: str = ""


class Booking(NamedTuple):
    """A bank's booking of several payments: its number in the file, its amount, its reference."""

    number: int
    amount_cents: int
    reference: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a payer says a payment is for: `total_cents` under the `trace` number it was sent with.

    `parts` name claims; `deducted_cents` is what was kept back of no claim in particular.
    """

    trace: str
    paid_on: date
    total_cents: int
    currency: str
    payer: str
    parts: tuple[PaidPart, ...]
    deducted_cents: int = 0


def real_reference(reference: str) -> str:
    """A reference, or nothing where the bank only says that it has none."""
    plain = reference.strip()
    says_none = plain.upper().replace(" ", "") in _NO_REFERENCES or not plain.strip("0-/")
    return "" if says_none else plain


def identified(receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """The receipts of one file with the identities of themselves and of their bookings.

    The identity is of account, day, amount, and the bank's reference; without a reference, of payer
    and text. Banks give several bookings one reference, and payers pay the same twice on a day:
    bookings that agree in all of that are numbered in their order.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    bookings: dict[int, str] = {}
    found = []

    def digest(key: tuple[str, ...]) -> str:
        counts[key] += 1
        told = "\x1f".join((*key, str(counts[key])))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    for receipt in receipts:
        identity = booking = digest(("payment", *_key(receipt)))
        booked = receipt.booked
        if booked is not None and real_reference(booked.reference):
            if booked.number not in bookings:
                bookings[booked.number] = digest(("booking", *_booking_key(receipt, booked)))
            booking = bookings[booked.number]
        found.append(replace(receipt, identity=identity, booking=booking))
    return tuple(found)


def _booking_key(receipt: Receipt, booked: Booking) -> tuple[str, ...]:
    return (
        receipt.account.replace(" ", "").upper(),
        receipt.booked_on.isoformat(),
        str(booked.amount_cents),
        receipt.currency,
        real_reference(booked.reference),
    )


def _key(receipt: Receipt) -> tuple[str, ...]:
    reference = real_reference(receipt.reference)
    words = (reference,) if reference else ("", receipt.payer, "".join(receipt.text.split()))
    return (
        receipt.account.replace(" ", "").upper(),
        receipt.booked_on.isoformat(),
        str(receipt.amount_cents),
        receipt.currency,
        *words,
    )
