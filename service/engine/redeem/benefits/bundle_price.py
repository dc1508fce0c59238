"""Several units together for a price."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Amount, Condition, fault
from service.engine.redeem.draw import NOTHING, Draw, find_peak
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import PIECE, bits


@final
@dataclass(frozen=True, slots=True)
class BundlePrice(Mechanic):
    """The needed units together for this price: three for 5.00, a main and a drink for 6.00."""

    value_means: ClassVar[str] = "the price of all of them together"
    value_example: ClassVar[str] = "5.00"
    also: ClassVar[tuple[str, ...]] = ("bundle", "multibuy")
    counts_pieces_itself: ClassVar[bool] = True

    price_cents: Amount
    kind: Literal["bundle_price"] = field(default="bundle_price", kw_only=True, repr=False)

    def check(self, condition: Condition) -> None:
        """A number of pieces."""
        condition.check_not_empty()
        if any(need.unit != PIECE for need in condition.needs):
            remedy = "use pieces or fixed_price"
            raise fault("condition.needs", "is weighed under a bundle price", remedy)
        if not condition.has_quantity:
            remedy = "say how many pieces"
            raise fault("condition.needs", "has no quantity under a bundle price", remedy)

    def units_per_use(self, pieces: int) -> int:
        """The bundle."""
        return pieces

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`2 for $5.00`."""
        return words.say("bundle", count=pieces, amount=words.money(self.price_cents, currency))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The price in `value`."""
        return cls(row.cents())

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """Bundles of the dearest units, as many as still save."""
        most = eligible.most_uses(mask)
        if not most:
            return NOTHING
        # Each further bundle is cheaper than the one before.
        return find_peak(most, lambda uses: self._bundled(eligible, mask, uses))

    def _bundled(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        pool = eligible.pool(uses, mask) or 0
        cents = eligible.units.gross(pool) - uses * self.price_cents
        held = mask if eligible.spend else pool
        return Draw(cents, uses, held, lambda: ((cents, tuple(bits(pool))),))
