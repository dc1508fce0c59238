"""Units given away, free or reduced, once others are bought."""

from collections.abc import Sequence

from service.engine.money import BASIS_POINTS
from service.engine.redeem.condition import Condition, Need, fault
from service.engine.redeem.draw import NOTHING, Draw, Groups, find_fewest_uses, find_peak
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import PIECE, first, listed


def check_given(condition: Condition, on: int) -> Need:
    """The need of the set that is given away; InvalidInput if missing or weighed."""
    needs = condition.needs
    if on >= len(needs):
        raise fault("benefit.on", f"is {on}", f"0 to {len(needs) - 1}")
    if needs[on].unit != PIECE:
        where = f"condition.needs[{on}].unit"
        raise fault(where, "is weighed but given away", "give away pieces")
    return needs[on]


def draw_units_given(
    eligible: EligibleUnits,
    mask: int,
    *,
    of: int,
    count: int,
    basis_points: int = BASIS_POINTS,
    cap_cents: int | None = None,
) -> Draw:
    """Give away `count` units of set `of` per use, dearest first, if the rest meets the needs.

    A percent of each comes off, at most `cap_cents`. The units bought and given are flows of whole
    units, so the sum is concave in the number of uses.
    """
    if eligible.overlapping:
        pieces = list(eligible.pieces)
        pieces[of] += count
        most = eligible.most_uses(mask, pieces)
    else:
        most = min(eligible.uses(mask), (mask & eligible.masks[of]).bit_count() // count)
    if not most:
        return NOTHING

    def cents_of(given: int) -> list[int]:
        cents = eligible.units.percents(listed(given), basis_points)
        return cents if cap_cents is None else [min(each, cap_cents) for each in cents]

    def rule(uses: int) -> Draw:
        given = first(_spare(eligible, mask, of, uses), uses * count)
        return Draw(sum(cents_of(given)), uses, given)

    # Where sets do not overlap, the units given are the same dearest ones however many are bought.
    found = (find_peak if eligible.overlapping else find_fewest_uses)(most, rule)
    if not found.cents:
        return NOTHING
    given = found.held
    held = mask
    if not eligible.spend:
        held = given | (eligible.pool(found.uses, mask & ~given, cheapest=True) or 0)
    return found._replace(held=held, groups=lambda: given_groups(listed(given), cents_of(given)))


def _spare(eligible: EligibleUnits, mask: int, of: int, uses: int) -> int:
    """The units of set `of` that need not be bought, the dearest of them.

    The bought units form a base of a matroid: those outside the set are taken first and then its
    cheapest, so that the dearest are left.
    """
    inside = mask & eligible.masks[of]
    if not eligible.overlapping:
        return inside
    matching = eligible.matching(uses)
    matching.add(mask & ~inside)
    return inside & ~matching.add(inside, cheapest=True)


def given_groups(units: Sequence[int], cents: Sequence[int]) -> Groups:
    """A group per unit with what comes off it."""
    return tuple((part, (unit,)) for part, unit in zip(cents, units, strict=True))
