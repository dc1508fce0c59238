"""A sum off."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

import numpy as np

from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Condition, Positive
from service.engine.redeem.draw import NOTHING, Draw, Groups, find_fewest_uses
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import SHORT, bits, first, members

_BUNDLED = 3_000
"""Units dealt into bundles in one draw before the search takes the best number so far."""


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
        """The sum; this is the only benefit that differs by cell."""
        return self.amount_cents

    def at_face_value(self, cents: int) -> Self:
        """The cell's sum."""
        return type(self)(cents)

    def check(self, condition: Condition) -> None:
        """Any condition that requires something."""
        condition.check_not_empty()

    def units_per_use(self, pieces: int) -> int:
        """The needed pieces share the sum."""
        return pieces

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`$1.00 off`."""
        return words.say("amount_off", amount=words.money(self.amount_cents, currency))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The amount in `value`."""
        return cls(row.cents())

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """As many uses as there are units for; each takes off at most the price of its units."""
        if eligible.pieces == (1,) and not eligible.spend:
            return self._unit_by_unit(eligible, first(mask, eligible.uses(mask)))
        most = eligible.most_uses(mask)
        if not most:
            return NOTHING
        if eligible.spend or eligible.weighed:
            return find_fewest_uses(most, lambda uses: self._pooled(eligible, mask, uses))
        if most == 1 or sum(eligible.pieces) == 2:
            # Dearest with cheapest is the best pairing, so another pair never takes anything away.
            return find_fewest_uses(most, lambda uses: self._dealt(eligible, mask, uses))
        return self._dealt_best(eligible, mask, most)

    def _pooled(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        """The sum off everything counted by spend or by weight."""
        held = mask if eligible.spend else eligible.pool(uses, mask) or 0
        cents = min(uses * self.amount_cents, eligible.units.gross(held))
        return Draw(cents, uses, held, lambda: ((cents, tuple(bits(held))),))

    def _dealt_best(self, eligible: EligibleUnits, mask: int, most: int) -> Draw:
        """The best number of bundles, from the largest number down.

        No number of uses takes off more than its sums, nor more than the sum of each unit's price
        or the amount, whichever is less; both fall with the number, so the search ends early.
        """
        best, units, amount = NOTHING, eligible.units, self.amount_cents
        looked_at = 0
        for uses in range(most, 0, -1):
            if uses * amount < best.cents:
                break
            pool = eligible.pool(uses, mask) or 0
            limit = min(uses * amount, units.gross(pool, at_most=amount))
            if limit < best.cents:
                break
            if looked_at > _BUNDLED:
                return best._replace(short=limit - best.cents)
            looked_at += pool.bit_count()
            units.steps += 4 + (min(pool.bit_count(), SHORT) >> 2)
            found = self._dealt(eligible, mask, uses, pool)
            if found.cents >= best.cents:
                best = found
        return best if best.cents else NOTHING

    def _dealt(
        self, eligible: EligibleUnits, mask: int, uses: int, pool: int | None = None
    ) -> Draw:
        """The sum off each of `uses` bundles of the dearest units, at most the bundle's price."""
        amount, units = self.amount_cents, eligible.units
        held = (eligible.pool(uses, mask) or 0) if pool is None else pool

        def groups() -> Groups:
            price = units.price
            return tuple(
                [
                    (min(amount, sum([price[u] for u in bundle])), bundle)
                    for bundle in _bundles(tuple(bits(held)), uses)
                ]
            )

        if held.bit_length() <= SHORT:
            cents = sum([cents for cents, _ in groups()])
        else:
            units.steps += 24 + (held.bit_length() >> 7)
            rows = units.prices[members(held)].reshape(-1, uses)
            rows[1::2] = rows[1::2, ::-1]
            cents = int(np.minimum(rows.sum(axis=0), amount).sum())
        return Draw(cents, uses, held, groups)

    def _unit_by_unit(self, eligible: EligibleUnits, pool: int) -> Draw:
        """One use per unit, without bundles; units without a price take none."""
        amount, units = self.amount_cents, eligible.units
        held = pool & units.above(0)
        return Draw(
            cents=units.gross(held, at_most=amount),
            uses=held.bit_count(),
            held=held,
            groups=lambda: tuple([(min(amount, units.price[u]), (u,)) for u in bits(held)]),
        )


def _bundles(units: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """Deal units, dearest first, into `count` bundles to and fro, so that they cost about the same.

    Every bundle takes fixed places in the descending order of prices, so a dearer unit in place of
    another never makes a bundle cheaper.
    """
    if count == 1:
        return [units]
    rows = [units[start : start + count] for start in range(0, len(units), count)]
    turned = [row[::-1] if number % 2 else row for number, row in enumerate(rows)]
    return list(zip(*turned, strict=True))
