"""A sum off."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Condition, Positive
from service.engine.redeem.draw import NOTHING, Draw, fewest
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import bits, first


@final
@dataclass(frozen=True, slots=True)
class AmountOff(Mechanic):
    """A sum off the needed units, per use; with a minimum spend, off everything counted."""

    value_means: ClassVar[str] = "the amount that comes off the min_quantity units of one use"
    value_example: ClassVar[str] = "1.00"
    also: ClassVar[tuple[str, ...]] = (
        "off", "money off", "cents off", "dollars off", "amount", "scan back",
    )  # fmt: skip

    amount_cents: Positive
    kind: Literal["amount_off"] = field(default="amount_off", kw_only=True, repr=False)

    @property
    def face_value_cents(self) -> int:
        """The sum: the only benefit that differs by cell."""
        return self.amount_cents

    def at_face_value(self, cents: int) -> Self:
        """The cell's sum off."""
        return type(self)(cents)

    def check(self, condition: Condition) -> None:
        """Any condition that asks for something."""
        condition.check_asks()

    def units_per_use(self, pieces: int) -> int:
        """The needed pieces share the sum."""
        return pieces

    def worded(self, words: Words, *, pieces: int, currency: str) -> str:
        """`$1.00 off`."""
        return words.say("amount_off", amount=words.money(self.amount_cents, currency))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The amount in `value`."""
        return cls(row.cents())

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """As many uses as there are units for; each takes at most the price of its own units."""
        if eligible.pieces == (1,) and not eligible.spend:
            return self._unit_by_unit(eligible, first(mask, eligible.uses(mask)))
        most = eligible.most_uses(mask)
        if not most:
            return NOTHING
        if eligible.spend or eligible.weighed:
            return fewest(most, lambda uses: self._pooled(eligible, mask, uses))
        if sum(eligible.pieces) == 2:
            # Dearest with cheapest is the best pairing, so another pair never takes anything away.
            return fewest(most, lambda uses: self._dealt(eligible, mask, uses))
        best = NOTHING
        for uses in range(1, most + 1):
            found = self._dealt(eligible, mask, uses)
            if found.cents > best.cents:
                best = found
        return best

    def _pooled(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        """The sum off everything counted by spend or by weight."""
        held = mask if eligible.spend else eligible.pool(uses, mask) or 0
        cents = min(uses * self.amount_cents, eligible.units.gross(held))
        return Draw(cents=cents, uses=uses, held=held, groups=((cents, tuple(bits(held))),))

    def _dealt(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        """The sum off each of `uses` bundles of the dearest units, at most the bundle's price."""
        amount, price = self.amount_cents, eligible.units.price
        pool = eligible.pool(uses, mask) or 0
        groups = tuple(
            [
                (min(amount, sum([price[u] for u in bundle])), bundle)
                for bundle in _bundles(tuple(bits(pool)), uses)
            ]
        )
        return Draw(cents=sum([group[0] for group in groups]), uses=uses, held=pool, groups=groups)

    def _unit_by_unit(self, eligible: EligibleUnits, pool: int) -> Draw:
        """A use per unit, which needs no dealing into bundles; units without a price take none."""
        amount, price = self.amount_cents, eligible.units.price
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
