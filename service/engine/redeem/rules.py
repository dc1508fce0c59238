"""Settle a basket against the open lines of the presented lists: discounts and refusals."""

from collections.abc import Sequence
from datetime import date

from service.engine.money import spread
from service.engine.redeem.choose import choose
from service.engine.redeem.contender import Contender, OpenLine
from service.engine.redeem.corrections import corrected
from service.engine.redeem.draw import Draw, Groups
from service.engine.redeem.outcome import (
    Applied,
    Discount,
    Refusal,
    RefusalReason,
    Settlement,
    Share,
)
from service.engine.redeem.refuse import refuse, refuse_absent, refuse_short, refuse_unusable
from service.engine.redeem.share import share_limits
from service.engine.redeem.units import BasketLine, Units, bits
from service.errors import InvalidInput


def settle_basket(
    lines: Sequence[BasketLine], open_lines: Sequence[OpenLine], *, on: date
) -> Settlement:
    """Apply the open lines to the basket, in the best combination for the household.

    The outcome does not depend on the order of the arguments. Corrections are taken off first.
    Points take nothing off and so never compete. Raises InvalidInput when a basket line number or
    an open line occurs twice.
    """
    _require_distinct(lines, open_lines)
    refusals: list[Refusal] = []
    live: list[OpenLine] = []
    # Of equal sums the one that uses the line that expires first is preferred.
    for open_line in sorted(open_lines, key=lambda o: (o.valid_to, o.list_code, o.list_line)):
        refusal = refuse_unusable(open_line, on)
        if refusal is None:
            live.append(open_line)
        else:
            refusals.append(refusal)
    wanted = frozenset().union(*[each for o in live for each in o.eligible])
    units = Units(corrected(lines), wanted)
    drawn: list[tuple[Contender, Draw]] = []
    contenders: list[Contender] = []
    overlooked = 0
    alone: list[Draw] = []
    outcomes: list[tuple[Contender, Draw]] = []
    found_lines = units.masks.keys()
    for open_line in live:
        eligible = open_line.eligible
        if not any(eligible) or all(found_lines.isdisjoint(each) for each in eligible):
            refusals.append(refuse_absent(open_line))
            continue
        contender = Contender(open_line, units)
        drawn.append((contender, contender.draw(contender.reach)))
    drawn, over = share_limits(drawn)
    refusals += over
    for contender, found in drawn:
        if found.cents:
            contenders.append(contender)
            alone.append(found)
        elif found.points:
            outcomes.append((contender, found))
        else:
            refusals.append(refuse_short(contender))
            overlooked += found.short
    chosen, short = choose(contenders, alone)
    for contender, found in zip(contenders, chosen, strict=True):
        if found.cents:
            outcomes.append((contender, found))
        else:
            detail = "its products count for another offer that saves more"
            refusals.append(refuse(contender.open_line, RefusalReason.BETTER_OFFER_USED, detail))
    return _settlement(outcomes, refusals, units, short_by_at_most_cents=short + overlooked)


def _require_distinct(lines: Sequence[BasketLine], open_lines: Sequence[OpenLine]) -> None:
    if len({line.line for line in lines}) < len(lines):
        raise InvalidInput("a basket line number occurs twice")
    if len({(o.list_code, o.list_line) for o in open_lines}) < len(open_lines):
        raise InvalidInput("an open line is given twice")


def _settlement(
    outcomes: list[tuple[Contender, Draw]],
    refusals: list[Refusal],
    units: Units,
    *,
    short_by_at_most_cents: int,
) -> Settlement:
    outcomes.sort(key=lambda outcome: _place(outcome[0].open_line))
    refusals.sort(key=lambda refusal: (refusal.list_code, refusal.list_line))
    applied: list[Applied] = []
    discounts: list[Discount] = []
    for contender, found in outcomes:
        list_code, list_line, offer_id, _, text = contender.open_line[:5]
        groups = found.groups()
        shares = _shares(contender, found, groups, units)
        applied.append(
            Applied(
                list_code, list_line, offer_id, text, found.uses, found.cents, found.points, shares
            )
        )
        discounts += _discounts(contender.open_line, groups, units)
    return Settlement(
        discounts=tuple(discounts),
        applied=tuple(applied),
        refusals=tuple(refusals),
        points=sum([each.points for each in applied]),
        total_cents=sum([each.amount_cents for each in applied]),
        short_by_at_most_cents=short_by_at_most_cents,
        steps=units.steps,
    )


def _place(open_line: OpenLine) -> tuple[str, int]:
    return open_line.list_code, open_line.list_line


def _shares(contender: Contender, found: Draw, groups: Groups, units: Units) -> tuple[Share, ...]:
    """The draw spread over all units it holds, where it holds some without a discount."""
    if found.points:
        earned = tuple(bits(_earning(contender, found)))
        # With a minimum spend every cent earns the same, else every piece.
        prices = [units.price[unit] if contender.spend else 1 for unit in earned]
        points = spread(found.points, prices)
        return _by_line(units, earned, [0] * len(earned), points)
    gives = contender.benefit.gives_of is not None or contender.spend
    if not gives or found.held.bit_count() == sum([len(group) for _, group in groups]):
        return ()
    held = tuple(bits(found.held))
    return _by_line(units, held, spread(found.cents, [units.price[unit] for unit in held]), ())


def _earning(contender: Contender, found: Draw) -> int:
    """The units that earned the points of a draw."""
    if contender.spend:
        return contender.reach
    return contender.pool(found.uses, contender.reach) or contender.reach


def _by_line(
    units: Units, these: Sequence[int], cents: Sequence[int], points: Sequence[int]
) -> tuple[Share, ...]:
    by_line: dict[int, list[int]] = {}
    for place, unit in enumerate(these):
        by_line.setdefault(units.line[unit], []).append(place)
    return tuple(
        [
            Share(
                line,
                tuple([cents[place] for place in places]),
                tuple([points[place] for place in places]) if points else (),
            )
            for line, places in sorted(by_line.items())
        ]
    )


def _discounts(open_line: OpenLine, groups: Groups, units: Units) -> list[Discount]:
    """A draw by basket line, each group's sum spread over its units by their prices."""
    off: dict[int, int] = {}
    for cents, group in groups:
        if len(group) == 1:
            off[group[0]] = cents
        else:
            off |= zip(group, spread(cents, [units.price[unit] for unit in group]), strict=True)
    by_line: dict[int, list[int]] = {}
    for unit in sorted(off):
        by_line.setdefault(units.line[unit], []).append(off[unit])
    code, list_line, offer_id, _, text = open_line[:5]
    return [
        Discount(code, list_line, offer_id, text, line, len(cents), sum(cents), tuple(cents))
        for line, cents in sorted(by_line.items())
    ]
