"""Which of the sales made offline hold the uses of a deal: the same whatever came first.

Uses that the service answered are as it answered. Of what they leave of a list line, and of its
deal over all lists of the household, the sales made offline that were good in themselves get theirs
in the order in which they were made, each whole or not at all. The others are in dispute. They
still use up what is left, so that nobody can use it once more, unless nobody can ever use it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from service.engine.redeem import RefusalReason
from service.store.till import Reference

_NEVER_GOOD = (RefusalReason.HOUSEHOLD_MISMATCH, RefusalReason.VOIDED, RefusalReason.EXPIRED)
"""Why nobody can use the line any more, or never could with this list."""
Line = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OfflineUses:
    """What one sale made of a list line offline: `made` uses at its moment.

    `reason` is why they would have been refused whatever else was sold; None for good ones.
    """

    key: int
    at: datetime
    reference: Reference
    line: Line
    made: int
    reason: str | None


class LineUses(NamedTuple):
    """A list line: its limit, how many of it were not made offline, and the limit of its deal."""

    limit: int
    used: int
    deal_limit: int


class Holding(NamedTuple):
    """The uses that a sale holds of a list line, and why it is in dispute, if it is."""

    uses: int
    reason: str | None


def hold_uses(
    made: Collection[OfflineUses], *, lines: Mapping[Line, LineUses], deal_used: int
) -> dict[int, Holding]:
    """What each sale holds of the lines of one deal, by key; `deal_used` were not made offline."""
    of_line = {line: max(each.limit - each.used, 0) for line, each in lines.items()}
    held = 0

    def left(line: Line) -> int:
        of_deal = max(lines[line].deal_limit - deal_used - held, 0)
        return min(of_line[line], of_deal)

    in_order = sorted(made, key=lambda uses: (uses.at, uses.reference, uses.line))
    found: dict[int, Holding] = {}
    disputed: list[tuple[OfflineUses, str]] = []
    for uses in in_order:
        if uses.reason is None and uses.made <= left(uses.line):
            found[uses.key] = Holding(uses.made, None)
            of_line[uses.line] -= uses.made
            held += uses.made
        else:
            over = _used_up(uses, lines[uses.line], is_line=uses.made > of_line[uses.line])
            disputed.append((uses, uses.reason or over))
    for uses, reason in disputed:
        holds = 0 if uses.reason in _NEVER_GOOD else min(uses.made, left(uses.line))
        found[uses.key] = Holding(holds, reason)
        of_line[uses.line] -= holds
        held += holds
    return found


def _used_up(uses: OfflineUses, line: LineUses, *, is_line: bool) -> RefusalReason:
    is_single = is_line and line.limit == 1 and uses.made == 1
    return RefusalReason.ALREADY_REDEEMED if is_single else RefusalReason.LIMIT_REACHED
