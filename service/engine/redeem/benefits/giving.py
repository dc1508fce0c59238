"""Units given away, free or reduced, once others are bought."""

from collections.abc import Callable, Sequence

from service.engine.redeem.condition import Condition, Need, fault
from service.engine.redeem.draw import NOTHING, Draw
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import PIECE, bits


def check_given(condition: Condition, on: int) -> Need:
    """The need of the set that is given of; refused where there is none or it goes by weight."""
    needs = condition.needs
    if on >= len(needs):
        raise fault("benefit.on", f"is {on}", f"0 to {len(needs) - 1}")
    if needs[on].unit != PIECE:
        where = f"condition.needs[{on}].unit"
        raise fault(where, "is weighed but given away", "give away pieces")
    return needs[on]


def units_given(
    eligible: EligibleUnits, mask: int, *, of: int, count: int, worth: Callable[[int], int]
) -> Draw:
    """`count` units of set `of` a use, dearest first, as far as the rest still meets the needs.

    The sets of units that can be spared are the independent sets of a matroid (the dual of the
    matchings), so taking the dearest that can be spared is the best choice.
    """
    best = NOTHING
    for uses in range(1, eligible.uses(mask) + 1):
        given: list[int] = []
        rest = mask
        for unit in bits(mask & eligible.masks[of]):
            if len(given) == uses * count:
                break
            without = rest & ~(1 << unit)
            if eligible.pool(uses, without) is not None:
                given.append(unit)
                rest = without
        if len(given) < uses * count:
            continue
        groups = given_groups(given, [worth(unit) for unit in given])
        cents = sum([part[0] for part in groups])
        if cents > best.cents:
            bought = eligible.pool(uses, rest, cheapest=True) or 0
            held = mask if eligible.spend else bought | sum(1 << unit for unit in given)
            best = Draw(cents=cents, uses=uses, held=held, groups=groups)
    return best


def given_groups(
    units: Sequence[int], cents: Sequence[int]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """What comes off each unit, by itself."""
    return tuple((part, (unit,)) for part, unit in zip(cents, units, strict=True))
