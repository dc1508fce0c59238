"""Draws of offers that give units away: buy N get M, a free item."""

from collections.abc import Callable, Sequence
from typing import cast

from service.engine.money import basis_points_off
from service.engine.redeem.contender import NOTHING, Contender, Draw, first
from service.engine.redeem.terms import BuyGet, FreeItem
from service.engine.redeem.units import bits


def buy_get(contender: Contender, mask: int) -> Draw:
    """Units got free or reduced: the cheapest of each full group, or the dearest of another set."""
    benefit = cast("BuyGet", contender.benefit)
    price = contender.units.price
    if not contender.pieces[benefit.on]:
        return _reward(
            contender,
            mask,
            get=benefit.get,
            worth=lambda unit: basis_points_off(price[unit], benefit.basis_points),
        )
    bought = contender.pieces[0]
    group = bought + benefit.get
    ordered = tuple(bits(mask))
    most = min(contender.uses(mask), len(ordered) // group)
    reduced = [u for use in range(most) for u in ordered[use * group + bought : (use + 1) * group]]
    cents = [basis_points_off(price[u], benefit.basis_points) for u in reduced]
    while cents and not any(cents[-benefit.get :]):
        del cents[-benefit.get :]
    if not cents:
        return NOTHING
    uses = len(cents) // benefit.get
    return Draw(
        cents=sum(cents),
        uses=uses,
        held=mask if contender.spend else first(mask, uses * group),
        groups=_rewarded(reduced[: len(cents)], cents),
    )


def free_item(contender: Contender, mask: int) -> Draw:
    """The dearest unit of the set, up to the cap."""
    cap, price = cast("FreeItem", contender.benefit).cap_cents, contender.units.price
    return _reward(
        contender,
        mask,
        get=1,
        worth=lambda unit: price[unit] if cap is None else min(cap, price[unit]),
    )


def _reward(contender: Contender, mask: int, *, get: int, worth: Callable[[int], int]) -> Draw:
    """Units of the rewarded set, dearest first, as far as the rest still meets the needs.

    The sets of units that can be spared are the independent sets of a matroid (the dual of the
    matchings), so taking the dearest that can be spared is the best choice.
    """
    on = cast("BuyGet | FreeItem", contender.benefit).on
    best = NOTHING
    for uses in range(1, contender.uses(mask) + 1):
        rewarded: list[int] = []
        rest = mask
        for unit in bits(mask & contender.masks[on]):
            if len(rewarded) == uses * get:
                break
            without = rest & ~(1 << unit)
            if contender.pool(uses, without) is not None:
                rewarded.append(unit)
                rest = without
        if len(rewarded) < uses * get:
            continue
        groups = _rewarded(rewarded, [worth(unit) for unit in rewarded])
        cents = sum([part[0] for part in groups])
        if cents > best.cents:
            bought = contender.pool(uses, rest, cheapest=True) or 0
            held = mask if contender.spend else bought | sum(1 << unit for unit in rewarded)
            best = Draw(cents=cents, uses=uses, held=held, groups=groups)
    return best


def _rewarded(
    units: Sequence[int], cents: Sequence[int]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    return tuple((part, (unit,)) for part, unit in zip(cents, units, strict=True))
