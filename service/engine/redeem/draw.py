"""What one open line takes off when it has a given set of units to itself.

`draw` is the whole meaning of an offer: for any set of units it gives the most the offer's rule
allows on some part of them, so that more units never give less. The choice among competing offers
rests on that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from service.engine.money import basis_points_off
from service.engine.redeem.contender import Contender, first
from service.engine.redeem.terms import (
    AmountOff,
    BundlePrice,
    BuyGet,
    Covers,
    FixedPrice,
    FreeItem,
    PercentOff,
    Points,
)
from service.engine.redeem.units import MEASURES, bits


@dataclass(frozen=True, slots=True)
class Draw:
    """An offer applied: cents off, uses made, units held, points given.

    `groups` are the parts of the sum with the units each is spread over by price.
    """

    cents: int = 0
    uses: int = 0
    held: int = 0
    groups: tuple[tuple[int, tuple[int, ...]], ...] = ()
    points: int = 0


NOTHING = Draw()


def draw(contender: Contender, mask: int) -> Draw:
    """The best draw on units `mask`; `NOTHING` when the condition is not met or nothing is saved.

    The fewest uses that reach the best sum are made.
    """
    return _RULES[type(contender.benefit)](contender, mask & contender.reach)


def _amount_off(contender: Contender, mask: int) -> Draw:
    amount = cast("AmountOff", contender.benefit).amount_cents
    most = contender.uses(mask)
    best = NOTHING
    for uses in range(1, most + 1):
        pool = contender.pool(uses, mask)
        if pool is None:
            break
        if contender.spend or contender.weighed:
            held = mask if contender.spend else pool
            cents = min(uses * amount, contender.units.gross(held))
            groups: tuple[tuple[int, tuple[int, ...]], ...] = ((cents, tuple(bits(held))),)
        else:
            held = pool
            groups = tuple(
                (min(amount, sum(contender.units.price[u] for u in bundle)), bundle)
                for bundle in _bundles(tuple(bits(pool)), uses)
            )
            cents = sum(group[0] for group in groups)
        if cents > best.cents:
            best = Draw(cents=cents, uses=uses, held=held, groups=groups)
    return best


def _unit_by_unit(contender: Contender, pool: int, amount: int) -> Draw:
    """A use per unit, which needs no dealing into bundles; units without a price take no use."""
    price = contender.units.price
    groups = tuple([(min(amount, price[u]), (u,)) for u in bits(pool) if price[u]])
    return Draw(
        cents=sum([group[0] for group in groups]),
        uses=len(groups),
        held=first(pool, len(groups)),
        groups=groups,
    )


def _bundles(units: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """Deal units, dearest first, into `count` bundles to and fro, so that they come out alike.

    Every bundle takes fixed places of the descending order of prices, so a dearer unit in place of
    another never makes a bundle smaller.
    """
    if count == 1:
        return [units]
    rows = [units[start : start + count] for start in range(0, len(units), count)]
    turned = [row[::-1] if number % 2 else row for number, row in enumerate(rows)]
    return list(zip(*turned, strict=True))


def _percent_off(contender: Contender, mask: int) -> Draw:
    benefit = cast("PercentOff", contender.benefit)
    most = contender.uses(mask)
    if not most:
        return NOTHING
    if benefit.covers is Covers.ALL or contender.spend or contender.weighed:
        if contender.overlapping and contender.pool(1, mask) is None:
            return NOTHING
        return _percent_of(contender, benefit, mask, 1)
    best = NOTHING
    for uses in range(1, most + 1):
        pool = contender.pool(uses, mask)
        if pool is None:
            break
        if len(contender.masks) > 1:
            cents = basis_points_off(contender.units.gross(pool), benefit.basis_points)
            found = _capped(benefit, uses, pool, ((cents, tuple(bits(pool))),))
        else:
            if pool != mask and uses * contender.pieces[0] > 1:
                pool = _best_by_line(contender, mask, uses * contender.pieces[0])
            found = _percent_of(contender, benefit, pool, uses)
        if found.cents > best.cents:
            best = found
    return best


def _percent_of(contender: Contender, benefit: PercentOff, pool: int, uses: int) -> Draw:
    """The percent of each basket line's share of `pool`, rounded line by line."""
    units = contender.units
    by_line: dict[int, list[int]] = {}
    for unit in bits(pool):
        by_line.setdefault(units.line[unit], []).append(unit)
    groups = tuple(
        (
            basis_points_off(sum([units.price[u] for u in held]), benefit.basis_points),
            tuple(held),
        )
        for held in by_line.values()
    )
    return _capped(benefit, uses, pool, groups)


def _capped(
    benefit: PercentOff, uses: int, pool: int, groups: tuple[tuple[int, tuple[int, ...]], ...]
) -> Draw:
    cents = sum([group[0] for group in groups])
    if benefit.cap_cents is not None and cents > benefit.cap_cents * uses:
        cents = benefit.cap_cents * uses
        groups = ((cents, tuple(bits(pool))),)
    return Draw(cents=cents, uses=uses, held=pool, groups=groups) if cents else NOTHING


def _best_by_line(contender: Contender, mask: int, count: int) -> int:
    """The `count` units whose percent, rounded per line, comes to most.

    Rounding per line makes the dearest units a cent worse at times, so the count is shared out over
    the lines by dynamic programming.
    """
    units = contender.units
    points = cast("PercentOff", contender.benefit).basis_points
    best: dict[int, tuple[int, int]] = {0: (0, 0)}
    for line_mask in sorted({units.masks[units.line[u]] & mask for u in bits(mask)}):
        options, gross, chosen = [(0, 0)], 0, 0
        for unit in bits(line_mask):
            gross += units.price[unit]
            chosen |= 1 << unit
            options.append((basis_points_off(gross, points), chosen))
        after: dict[int, tuple[int, int]] = {}
        for taken, (worth, held) in best.items():
            for more, (cents, chosen) in enumerate(options[: count - taken + 1]):
                found = (worth + cents, held | chosen)
                if taken + more not in after or found[0] > after[taken + more][0]:
                    after[taken + more] = found
        best = after
    return best[count][1]


def _fixed_price(contender: Contender, mask: int) -> Draw:
    benefit = cast("FixedPrice", contender.benefit)
    most = contender.uses(mask)
    if not most:
        return NOTHING
    price, units = benefit.price_cents, contender.units
    need = contender.open_line.terms.condition.needs[0]
    size = MEASURES[need.unit][1] * 1000 if contender.weighed else 0
    if contender.weighed:
        # Half a cent of the price of a weight rounds up, as scales print it.
        savings = [
            (units.price[u] - (2 * price * units.measure[u] + size) // (2 * size), u)
            for u in bits(mask)
        ]
    else:
        savings = [(units.price[u] - price, u) for u in bits(mask)]
    savings = [saving for saving in savings if saving[0] > 0]
    if not savings:
        return NOTHING
    uses, held, per_use = 1, mask, contender.pieces[0]
    if benefit.covers is Covers.NEEDED and per_use:
        uses = min(most, -(-len(savings) // per_use))
        pool = first(mask, uses * per_use)
        savings = [saving for saving in savings if pool >> saving[1] & 1]
        held = mask if contender.spend else pool
    groups = tuple((cents, (unit,)) for cents, unit in savings)
    return Draw(cents=sum([s[0] for s in savings]), uses=uses, held=held, groups=groups)


def _bundle_price(contender: Contender, mask: int) -> Draw:
    price = cast("BundlePrice", contender.benefit).price_cents
    best = NOTHING
    for uses in range(1, contender.uses(mask) + 1):
        pool = contender.pool(uses, mask)
        if pool is None:
            break
        cents = contender.units.gross(pool) - uses * price
        if cents > best.cents:
            held = mask if contender.spend else pool
            best = Draw(cents=cents, uses=uses, held=held, groups=((cents, tuple(bits(pool))),))
    return best


def _buy_get(contender: Contender, mask: int) -> Draw:
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
    most = min(contender.uses(mask), mask.bit_count() // group)
    best = NOTHING
    ordered = tuple(bits(mask))
    for uses in range(1, most + 1):
        reduced = [
            u
            for start in range(uses)
            for u in ordered[start * group + bought : (start + 1) * group]
        ]
        found = _rewarded(
            reduced, [basis_points_off(price[u], benefit.basis_points) for u in reduced]
        )
        cents = sum([part[0] for part in found])
        if cents > best.cents:
            held = mask if contender.spend else first(mask, uses * group)
            best = Draw(cents=cents, uses=uses, held=held, groups=found)
    return best


def _free_item(contender: Contender, mask: int) -> Draw:
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


def _points(contender: Contender, mask: int) -> Draw:
    uses = contender.uses(mask)
    while uses and contender.overlapping and contender.pool(uses, mask) is None:
        uses -= 1
    if not uses:
        return NOTHING
    return Draw(uses=uses, points=uses * cast("Points", contender.benefit).points)


_RULES: dict[type, Callable[[Contender, int], Draw]] = {
    AmountOff: _amount_off,
    PercentOff: _percent_off,
    FixedPrice: _fixed_price,
    BundlePrice: _bundle_price,
    BuyGet: _buy_get,
    FreeItem: _free_item,
    Points: _points,
}
