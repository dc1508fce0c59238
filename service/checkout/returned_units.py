"""What was sold, unit by unit, and what it comes to when some of it is brought back.

What a unit costs and what it had off is read from what was stored, never worked out again. The
units of a basket line come back in one fixed order, the most discounted first, each once, so that
any sequence of partial returns adds up to the whole and no refund is ever below zero.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.checkout.sales import ReturnedLine
from service.engine.money import spread
from service.engine.redeem.corrections import corrected
from service.engine.redeem.units import MAX_UNITS, PIECE, BasketLine
from service.engine.settle import ReopenPolicy, Split, TakenBack, reopens, take_back
from service.errors import Conflict, Problem
from service.store.till.changes import BoughtLine, UsedLine


@dataclass(frozen=True, slots=True)
class Part:
    """One stored discount of one basket line, with the redemption line it belongs to."""

    owner: UsedLine
    discount: Split


class Unit(NamedTuple):
    """A unit of a basket line: its price, what was paid for it, and the stored discounts it had.

    Each of these is (part, unit of it).
    """

    price_cents: int
    paid_cents: int
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
    gtin: int = 0
    unit: str = PIECE
    units: tuple[int, ...] = ()


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
    gross = max(_gross_cents(bought, parts), 0)
    count = _pieces(bought)
    # The rules give a unit one discount at most; what a till gave offline may be more.
    shared = [given[place::count] for place in range(count)]
    prices = spread(gross, [1] * count)
    paid = [
        price - sum([cents for cents, _, _ in had])
        for price, had in zip(prices, shared, strict=True)
    ]
    if min(paid) < 0:
        # More came off a unit than it cost, which only a till could give; what was paid is shared.
        paid = spread(max(sum(paid), 0), [1] * count)
    return [
        Unit(price, cents, tuple([(part, n) for _, part, n in had]))
        for price, cents, had in zip(prices, paid, shared, strict=True)
    ]


def without_corrections(
    bought: dict[int, BoughtLine], parts: Mapping[int, Sequence[Part]]
) -> dict[int, BoughtLine]:
    """The lines less what corrections in the same basket cancelled, as the rules saw them."""
    if not any(line.quantity_milli < 0 for line in bought.values()):
        return bought
    sold = [
        BasketLine(
            line.line,
            line.gtin,
            line.quantity_milli + line.returned_milli,
            line.unit,
            _gross_cents(line, parts.get(line.line, ())),
        )
        for line in bought.values()
    ]
    left = {line.line: line for line in corrected(sold)}
    found = {}
    for line in sold:
        kept = left.get(line.line)
        found[line.line] = bought[line.line]._replace(
            quantity_milli=bought[line.line].quantity_milli
            - (line.quantity_milli - (kept.quantity_milli if kept else 0)),
            amount_cents=bought[line.line].amount_cents
            - (line.amount_cents - (kept.amount_cents if kept else 0)),
        )
    return found


def _gross_cents(bought: BoughtLine, parts: Sequence[Part]) -> int:
    """What a line cost before its discounts, whatever of it came back."""
    off = sum([part.discount.amount_cents for part in parts])
    return bought.amount_cents + bought.refunded_cents + off


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
    units = units_of(bought, parts.get(bought.line, ()))
    gone = returned_places(bought, len(units))
    coming = wanted.quantity_milli // 1000 if count > 1 else 1
    places = [place for place in range(len(units)) if place not in gone][:coming]
    taken = taken_back(
        [units[place] for place in places],
        parts.get(bought.line, ()),
        gone=[units[place] for place in sorted(gone)],
    )
    refund = sum([units[place].paid_cents for place in places])
    return LineBack(
        bought.line,
        wanted.quantity_milli,
        refund,
        taken,
        gtin=bought.gtin,
        unit=bought.unit,
        units=tuple(places),
    )


def taken_back(
    chosen: Sequence[Unit], parts: Sequence[Part], *, gone: Sequence[Unit] = ()
) -> tuple[tuple[UsedLine, TakenBack], ...]:
    """The discounts that units carry, by the use they belong to; `gone` came back before."""
    return tuple(
        (
            part.owner,
            take_back(
                part.discount,
                units=[number for unit in chosen for number in unit.of(part)],
                returned=[number for unit in gone for number in unit.of(part)],
            ),
        )
        for part in parts
        if any(unit.of(part) for unit in chosen)
    )


class Moved(NamedTuple):
    """The uses, points and cents of a list line that are taken back, or given again."""

    list_code: str
    list_line: int
    offer_id: int
    text: str
    uses: int
    points: int
    amount_cents: int


def moved(taken: Sequence[tuple[UsedLine, TakenBack]], *, uses: Mapping[int, int]) -> list[Moved]:
    """What goes by list line; `uses` are the uses that go with it, by the id of their row."""
    found: dict[int, Moved] = {}
    for use, back in taken:
        before = found.get(use.id) or Moved(
            use.list_code, use.list_line, use.offer_id, use.text, uses.get(use.id, 0), 0, 0
        )
        found[use.id] = before._replace(
            points=before.points + back.points,
            amount_cents=before.amount_cents + back.amount_cents,
        )
    return sorted(found.values())


def returned_places(bought: BoughtLine, count: int) -> set[int]:
    """Which of the `count` units of a line came back before."""
    if bought.returned:
        return {place for place in bought.returned if place < count}
    return set(
        range(bought.returned_milli // 1000 if count > 1 else int(bought.returned_milli > 0))
    )


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
    coming = {line.line: line.units for line in back}
    returned: dict[int, set[int]] = {}
    for part in (part for found in parts.values() for part in found if part.owner.id == use_id):
        line = part.discount.line
        if line not in bought:
            continue
        units = units_of(bought[line], parts[line])
        places = returned_places(bought[line], len(units)).union(coming.get(line, ()))
        returned[line] = {number for place in places for number in units[place].of(part)}
    return returned
