"""What issued copies may cost a budget at worst, and what becomes of it.

A copy reserves when it is issued. A use turns its part of the reservation into what was really
spent and gives the rest back; an expired or voided copy gives all of it back. Every movement adds
up to zero over the three accounts of an offer.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.engine.money import percent_off


class BudgetAccount(StrEnum):
    """Where an offer's budget lies."""

    BUDGET = "offer_budget"
    RESERVED = "offer_reserved"
    SPENT = "offer_spent"


@dataclass(frozen=True, slots=True)
class BudgetPosting:
    """Cents moved on one budget account of one offer."""

    account: BudgetAccount
    offer_id: int
    amount_cents: int


def supplier_cap_cents(
    face_value_cents: int, *, funding_share: int, funding_cap_cents: int | None = None
) -> int:
    """The most a supplier bears of one use: its per cent of the face value, or less by its cap.

    The till holds it to that, so no use ever costs more than was reserved for it at worst; what a
    discount takes off beyond is the retailer's.
    """
    share = percent_off(face_value_cents, funding_share)
    return share if funding_cap_cents is None else min(share, funding_cap_cents)


def reservation_cents(
    face_value_cents: int,
    *,
    funding_share: int,
    handling_fee_cents: int,
    funding_cap_cents: int | None = None,
) -> int:
    """What one use may cost the supplier: the most it bears of the discount, and the fee."""
    cap = supplier_cap_cents(
        face_value_cents, funding_share=funding_share, funding_cap_cents=funding_cap_cents
    )
    return cap + handling_fee_cents


def issued(offer_id: int, cents: int) -> tuple[BudgetPosting, ...]:
    """Copies were issued that may cost `cents`."""
    return _moved(offer_id, budget=-cents, reserved=cents)


def used(offer_id: int, *, reserved_cents: int, spent_cents: int) -> tuple[BudgetPosting, ...]:
    """Uses that held `reserved_cents` cost the supplier `spent_cents`."""
    return _moved(
        offer_id, budget=reserved_cents - spent_cents, reserved=-reserved_cents, spent=spent_cents
    )


def released(offer_id: int, cents: int) -> tuple[BudgetPosting, ...]:
    """Uses that held `cents` can no more be made."""
    return _moved(offer_id, budget=cents, reserved=-cents)


def _moved(
    offer_id: int, *, budget: int = 0, reserved: int = 0, spent: int = 0
) -> tuple[BudgetPosting, ...]:
    amounts = {
        BudgetAccount.BUDGET: budget,
        BudgetAccount.RESERVED: reserved,
        BudgetAccount.SPENT: spent,
    }
    return tuple(
        BudgetPosting(account, offer_id, cents) for account, cents in amounts.items() if cents
    )
