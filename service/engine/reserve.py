"""What issued copies may cost a budget.

A copy reserves when it is issued: all it can cost, so that no budget is ever overspent, or its
expected cost. A use turns its part of the reservation into what was spent and gives the rest back;
an expired or voided copy gives all of it back (see `ledger`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.engine.money import percent_off

# Exponents relative to the most expensive copy: beyond e^60 a chance does not differ from 0.
_MOST_EXPONENT = 60.0
_EXPONENT_STEPS = 60


def supplier_cap_cents(
    face_value_cents: int, *, funding_share: int, funding_cap_cents: int | None = None
) -> int:
    """The most a supplier bears of one use: its per cent of the face value, or less by its cap.

    The till enforces this limit, so no use costs more than the most that was reserved for it; the
    retailer bears the rest of a discount.
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


@dataclass(frozen=True, slots=True)
class OpenCopies:
    """Equal copies in circulation: how many, and the most and the expected cost of one.

    `expected_cents` is at most `most_cents`.
    """

    copies: int
    most_cents: int
    expected_cents: float


def overspend_chance(open_copies: Sequence[OpenCopies], *, free_cents: int) -> float:
    """An upper bound on the chance that copies in circulation cost more than `free_cents`.

    It holds for copies that are used independently of each other and cost what is expected on
    average. Of all such costs between 0 and the most, a copy that costs all or nothing is the worst
    (Hoeffding 1963); Chernoff's bound for those is taken at its best exponent. 0 where even the
    worst case is covered.
    """
    known = [each for each in open_copies if each.copies and each.most_cents]
    if sum(each.copies * each.most_cents for each in known) <= free_cents:
        return 0.0
    copies = np.array([each.copies for each in known], np.float64)
    most = np.array([each.most_cents for each in known], np.float64)
    chance = np.clip(np.array([each.expected_cents for each in known]) / most, 0.0, 1.0)
    if float(np.sum(copies * most * chance)) >= free_cents:
        return 1.0
    largest = float(most.max())
    scaled, limit = most / largest, free_cents / largest

    def log_bound(exponent: float) -> float:
        # Every exponent gives a valid bound; log(1 - q + q e^x) without overflow.
        raised = exponent * scaled
        with np.errstate(divide="ignore"):
            each = np.logaddexp(np.log1p(-chance), np.log(chance) + raised)
        return float(np.sum(copies * each)) - exponent * limit

    low, high = 0.0, _MOST_EXPONENT
    for _ in range(_EXPONENT_STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if log_bound(left) < log_bound(right):
            high = right
        else:
            low = left
    best: float = math.exp(min(0.0, log_bound((low + high) / 2)))
    return best


def expected_reservation_cents(
    use_cents: int, *, uses: int, expected_uses: float, safety: float
) -> int:
    """What each use of a copy reserves: `safety` times its expected cost, at most `use_cents`.

    Rounded up, so that a copy never reserves less than its expected cost.
    """
    wanted = math.ceil(safety * expected_uses * use_cents / uses - 1e-9)
    return min(use_cents, max(0, wanted))
