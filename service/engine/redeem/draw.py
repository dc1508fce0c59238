"""What one open line takes off when it has a given set of units to itself.

`draw` is the whole meaning of an offer: for any set of units it gives the most the offer's rule
allows on some part of them, so that more units never give less. The choice among competing offers
rests on that.
"""

from collections.abc import Callable
from typing import cast

from service.engine.money import basis_points_off
from service.engine.redeem.contender import NOTHING, Contender, Draw, first
from service.engine.redeem.reward import buy_get, free_item
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


def draw(contender: Contender, mask: int) -> Draw:
    """The best draw on units `mask`; `NOTHING` when the condition is not met or nothing is saved.

    The fewest uses that reach the best sum are made.
    """
    return _RULES[type(contender.benefit)](contender, mask & contender.reach)


def _fewest(most: int, rule: Callable[[int], Draw]) -> Draw:
    """The draw with the fewest uses among those of the best sum, for a rule that never falls."""
    best = rule(most)
    if not best.cents:
        return NOTHING
    if most == 1 or rule(most - 1).cents < best.cents:
        return best
    low, high = 1, most - 1
    while low < high:
        middle = (low + high) // 2
        if rule(middle).cents < best.cents:
            low = middle + 1
        else:
            high = middle
    return rule(low)


def _most(contender: Contender, mask: int) -> int:
    """How often `mask` meets the condition, with overlapping sets shared out."""
    most = contender.uses(mask)
    while most and contender.overlapping and contender.pool(most, mask) is None:
        most -= 1
    return most


def _amount_off(contender: Contender, mask: int) -> Draw:
    amount = cast("AmountOff", contender.benefit).amount_cents
    if contender.pieces == (1,) and not contender.spend:
        return _unit_by_unit(contender, first(mask, contender.uses(mask)), amount)
    most = _most(contender, mask)
    if not most:
        return NOTHING
    if contender.spend or contender.weighed:
        return _fewest(most, lambda uses: _pooled(contender, mask, amount, uses))
    if sum(contender.pieces) == 2:
        # Dearest with cheapest is the best pairing, so another pair never takes anything away.
        return _fewest(most, lambda uses: _dealt(contender, mask, amount, uses))
    best = NOTHING
    for uses in range(1, most + 1):
        found = _dealt(contender, mask, amount, uses)
        if found.cents > best.cents:
            best = found
    return best


def _pooled(contender: Contender, mask: int, amount: int, uses: int) -> Draw:
    """The sum off everything counted by spend or by weight."""
    held = mask if contender.spend else contender.pool(uses, mask) or 0
    cents = min(uses * amount, contender.units.gross(held))
    return Draw(cents=cents, uses=uses, held=held, groups=((cents, tuple(bits(held))),))


def _dealt(contender: Contender, mask: int, amount: int, uses: int) -> Draw:
    """The sum off each of `uses` bundles of the dearest units, at most the bundle's price."""
    pool, price = contender.pool(uses, mask) or 0, contender.units.price
    groups = tuple(
        [
            (min(amount, sum([price[u] for u in bundle])), bundle)
            for bundle in _bundles(tuple(bits(pool)), uses)
        ]
    )
    return Draw(cents=sum([group[0] for group in groups]), uses=uses, held=pool, groups=groups)


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
    most = _most(contender, mask)
    if not most:
        return NOTHING
    if benefit.covers is Covers.ALL or contender.spend or contender.weighed:
        return _percent_of(contender, benefit, mask, 1)
    if len(contender.masks) > 1:
        return _fewest(most, lambda uses: _percent_of_mixed(contender, benefit, mask, uses))
    return _fewest(most, lambda uses: _percent_of_needed(contender, benefit, mask, uses))


def _percent_of_mixed(contender: Contender, benefit: PercentOff, mask: int, uses: int) -> Draw:
    pool = contender.pool(uses, mask) or 0
    cents = basis_points_off(contender.units.gross(pool), benefit.basis_points)
    return _capped(benefit, uses, pool, ((cents, tuple(bits(pool))),))


def _percent_of_needed(contender: Contender, benefit: PercentOff, mask: int, uses: int) -> Draw:
    count = uses * contender.pieces[0]
    if count == 1:
        pool = mask & -mask
        unit = pool.bit_length() - 1
        cents = basis_points_off(contender.units.price[unit], benefit.basis_points)
        return _capped(benefit, uses, pool, ((cents, (unit,)),))
    pool = first(mask, count)
    if pool != mask:
        pool = _best_by_line(contender, mask, count)
    return _percent_of(contender, benefit, pool, uses)


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
        if cents <= best.cents:
            # Each further bundle is cheaper than the one before, so none will save again.
            break
        held = mask if contender.spend else pool
        best = Draw(cents=cents, uses=uses, held=held, groups=((cents, tuple(bits(pool))),))
    return best


def _points(contender: Contender, mask: int) -> Draw:
    uses = _most(contender, mask)
    if not uses:
        return NOTHING
    return Draw(uses=uses, points=uses * cast("Points", contender.benefit).points)


_RULES: dict[type, Callable[[Contender, int], Draw]] = {
    AmountOff: _amount_off,
    PercentOff: _percent_off,
    FixedPrice: _fixed_price,
    BundlePrice: _bundle_price,
    BuyGet: buy_get,
    FreeItem: free_item,
    Points: _points,
}
