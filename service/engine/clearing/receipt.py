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
    `identity` is the same for the same booking in every file.
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
    identity: str = ""


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
    """The receipts of one file with their identities.

    The identity is of account, day, amount, and the bank's reference; without a reference, of payer
    and text. Banks give several bookings one reference, and payers pay the same twice on a day:
    bookings that agree in all of that are numbered in their order.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    found = []
    for receipt in receipts:
        key = _key(receipt)
        counts[key] += 1
        digest = hashlib.sha256("\x1f".join((*key, str(counts[key]))).encode()).hexdigest()
        found.append(replace(receipt, identity=digest[:32]))
    return tuple(found)


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
