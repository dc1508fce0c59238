"""Which of the sales made offline hold the uses of a list line: the same whatever came first.

Uses made while the service was asked stand as it answered. Of what they leave, the sales made
offline that were good in themselves get theirs in the order in which they were made, each whole or
not at all. The others are in dispute. They still use up what is left, so that nobody can use it
once more, unless nobody can ever use it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from service.engine.redeem import RefusalReason
from service.store.till import Reference

_USES_UP = (None, RefusalReason.OFFER_STOPPED, RefusalReason.NOT_YET_VALID)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one sale made of a list line offline: `made` uses at its moment.

    `reason` is why they would have been refused whatever else was sold; None for a good claim.
    """

    key: int
    at: datetime
    reference: Reference
    made: int
    reason: RefusalReason | None


class Stand(NamedTuple):
    """How a claim stands: the uses it holds, and why it is in dispute, if it is."""

    holds: int
    reason: RefusalReason | None


def stand(claims: Collection[Claim], *, limit: int, used: int) -> dict[int, Stand]:
    """How each claim on a line stands, by key; `used` of its `limit` uses were not made offline."""
    left = max(limit - used, 0)
    in_order = sorted(claims, key=lambda claim: (claim.at, claim.reference))
    found: dict[int, Stand] = {}
    for claim in in_order:
        if claim.reason is None and claim.made <= left:
            found[claim.key] = Stand(claim.made, None)
            left -= claim.made
    for claim in in_order:
        if claim.key not in found:
            holds = min(claim.made, left) if claim.reason in _USES_UP else 0
            found[claim.key] = Stand(holds, claim.reason or _taken(claim, limit))
            left -= holds
    return found


def _taken(claim: Claim, limit: int) -> RefusalReason:
    is_single = limit == 1 and claim.made == 1
    return RefusalReason.ALREADY_REDEEMED if is_single else RefusalReason.LIMIT_REACHED
