"""Which of the sales made offline hold the uses of a list line: the same whatever came first.

Uses that the service answered are as it answered. Of what they leave, the sales made offline that
were good in themselves get theirs in the order in which they were made, each whole or not at all.
The others are in dispute. They still use up what is left, so that nobody can use it once more,
unless nobody can ever use it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from service.engine.redeem import RefusalReason
from service.store.till import Reference

_NEVER_GOOD = (RefusalReason.HOUSEHOLD_MISMATCH, RefusalReason.VOIDED, RefusalReason.EXPIRED)
"""Why nobody can use the line any more, or never could with this list."""


@dataclass(frozen=True, slots=True)
class OfflineUses:
    """What one sale made of a list line offline: `made` uses at its moment.

    `reason` is why they would have been refused whatever else was sold; None for good ones.
    """

    key: int
    at: datetime
    reference: Reference
    made: int
    reason: str | None


class Holding(NamedTuple):
    """The uses that a sale holds of a list line, and why it is in dispute, if it is."""

    uses: int
    reason: str | None


def hold_uses(made: Collection[OfflineUses], *, limit: int, used: int) -> dict[int, Holding]:
    """What each sale holds of a line, by key; `used` of its `limit` uses were not made offline."""
    left = max(limit - used, 0)
    in_order = sorted(made, key=lambda uses: (uses.at, uses.reference))
    found: dict[int, Holding] = {}
    for uses in in_order:
        if uses.reason is None and uses.made <= left:
            found[uses.key] = Holding(uses.made, None)
            left -= uses.made
    for uses in in_order:
        if uses.key not in found:
            holds = 0 if uses.reason in _NEVER_GOOD else min(uses.made, left)
            found[uses.key] = Holding(holds, uses.reason or _used_up(uses, limit))
            left -= holds
    return found


def _used_up(uses: OfflineUses, limit: int) -> RefusalReason:
    is_single = limit == 1 and uses.made == 1
    return RefusalReason.ALREADY_REDEEMED if is_single else RefusalReason.LIMIT_REACHED
