"""What was sold, unit by unit, and what it comes to when some of it is brought back.

What a unit costs and what it had off is read from what was stored, never worked out again. The
units of a basket line come back in one fixed order, the most discounted first, so that any
sequence of partial returns adds up to the whole and no refund is ever below zero.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.checkout.sales import ReturnedLine
from service.engine.money import spread
from service.engine.redeem.units import MAX_UNITS, PIECE
from service.engine.settle import ReopenPolicy, Split, TakenBack, reopens, take_back
from service.errors import Conflict, Problem
from service.store.till.changes import BoughtLine, UsedLine


@dataclass(frozen=True, slots=True)
class Part:
    """One stored discount of one basket line, with the redemption line it belongs to."""

    owner: UsedLine
    discount: Split


class Unit(NamedTuple):
    """A unit of a basket line: its price, and the stored discounts it had: (part, unit of it)."""

    price_cents: int
    given: tuple[tuple[Part, int], ...]

    def of(self, part: Part) -> list[int]:
        """The units of this part that it carries."""
        return [number for each, number in self.given if each is part]


@dataclass(frozen=True, slots=True)
class LineBack:
    """What one basket line's return comes to."""

    line: int
    quantity_milli: int
    refund_cents: int
    taken: tuple[tuple[UsedLine, TakenBack], ...]


def stored_parts(uses: Sequence[UsedLine]) -> dict[int, list[Part]]:
    """The stored discounts by basket line."""
    found: dict[int, list[Part]] = defaultdict(list)
    for use in uses:
        for discount in use.parts:
            found[discount.line].append(Part(use, discount))
    return found


def units_of(bought: BoughtLine, parts: Sequence[Part]) -> list[Unit]:
    """The units a line was sold in, in the order they come back."""
    given = [(cents, part, n) for part in parts for n, cents in enumerate(part.discount.unit_cents)]
    # A stable sort: among equal discounts the order of list, line and unit is kept.
    given.sort(key=lambda each: -each[0])
    gross = bought.amount_cents + bought.refunded_cents + sum(cents for cents, _, _ in given)
    count = _pieces(bought)
    # The rules give a unit one discount at most; what a till gave offline may be more.
    return [
        Unit(price, tuple([(part, n) for _, part, n in given[place::count]]))
        for place, price in enumerate(spread(gross, [1] * count))
    ]


def _pieces(bought: BoughtLine) -> int:
    """How many units a line was sold in; a weighed or overlong line is one."""
    pieces, part = divmod(bought.quantity_milli + bought.returned_milli, 1000)
    return pieces if bought.unit == PIECE and not part and pieces <= MAX_UNITS else 1


def line_back(
    bought: BoughtLine | None, wanted: ReturnedLine, *, parts: dict[int, list[Part]], place: int
) -> LineBack:
    """What bringing back some of a line comes to; `place` is where the request names it.

    Raises Conflict for a line that was not sold, more than is left of it, or part of a unit.
    """
    where = f"#/lines/{place}"
    if bought is None or bought.quantity_milli + bought.returned_milli <= 0:
        raise Conflict(
            "A line that was not sold cannot come back.",
            [Problem(f"{where}/line", f"the sale has no goods in line {wanted.line}")],
        )
    if wanted.quantity_milli > bought.quantity_milli:
        raise Conflict(
            "More comes back than is left of the sale.",
            [Problem(f"{where}/quantity", f"{bought.quantity_milli / 1000:g} left")],
        )
    count = _pieces(bought)
    if count == 1 and wanted.quantity_milli != bought.quantity_milli:
        raise Conflict(
            "A weighed line is one unit and comes back whole.",
            [Problem(f"{where}/quantity", f"must be {bought.quantity_milli / 1000:g}")],
        )
    if count > 1 and wanted.quantity_milli % 1000:
        raise Conflict(
            "Pieces come back whole.", [Problem(f"{where}/quantity", "is part of a piece")]
        )
    before = bought.returned_milli // 1000 if count > 1 else 0
    coming = wanted.quantity_milli // 1000 if count > 1 else 1
    units = units_of(bought, parts.get(bought.line, ()))
    chosen, gone = units[before : before + coming], units[:before]
    taken = tuple(
        (
            part.owner,
            take_back(
                part.discount,
                units=[number for unit in chosen for number in unit.of(part)],
                returned=[number for unit in gone for number in unit.of(part)],
            ),
        )
        for part in parts.get(bought.line, ())
        if any(unit.of(part) for unit in chosen)
    )
    refund = sum(u.price_cents for u in chosen) - sum(each.amount_cents for _, each in taken)
    return LineBack(bought.line, wanted.quantity_milli, refund, taken)


def touches(use: UsedLine, back: Sequence[LineBack]) -> bool:
    """Whether something that this use discounted comes back now."""
    return any(owner.id == use.id for line in back for owner, _ in line.taken)


def reopens_line(
    use: UsedLine,
    policy: ReopenPolicy,
    *,
    parts: dict[int, list[Part]],
    bought: dict[int, BoughtLine],
    back: Sequence[LineBack],
) -> bool:
    """Whether the list line's uses are open again once `back` has come back."""
    mine = [part for found in parts.values() for part in found if part.owner.id == use.id]
    returned = returned_units(use.id, parts=parts, bought=bought, back=back)
    return reopens(policy, [part.discount for part in mine], returned)


def returned_units(
    use_id: int,
    *,
    parts: dict[int, list[Part]],
    bought: dict[int, BoughtLine],
    back: Sequence[LineBack] = (),
) -> dict[int, set[int]]:
    """The units of a use that came back, those of `back` included, by basket line."""
    coming = {line.line: line.quantity_milli for line in back}
    returned: dict[int, set[int]] = {}
    for part in (part for found in parts.values() for part in found if part.owner.id == use_id):
        line = part.discount.line
        if line not in bought:
            continue
        units = units_of(bought[line], parts[line])
        whole = bought[line].returned_milli + coming.get(line, 0)
        count = whole // 1000 if _pieces(bought[line]) > 1 else int(whole > 0)
        returned[line] = {number for unit in units[:count] for number in unit.of(part)}
    return returned
