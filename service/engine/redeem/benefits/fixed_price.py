"""Each unit for a price."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

from service.engine.redeem.benefits.covers import Covers
from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Amount, Condition, fault
from service.engine.redeem.draw import NOTHING, Draw, Groups
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import MEASURES, bits, first, listed


@final
@dataclass(frozen=True, slots=True)
class FixedPrice(Mechanic):
    """Each unit for this price; per kilo (or the need's own unit) for weighed goods."""

    value_means: ClassVar[str] = "the price of each of them; 0 is free"
    value_example: ClassVar[str] = "1.99"
    row_columns: ClassVar[tuple[str, ...]] = ("covers",)
    also: ClassVar[tuple[str, ...]] = ("fixed", "special price")
    pieces_only: ClassVar[bool] = True

    price_cents: Amount
    covers: Covers = Covers.NEEDED
    kind: Literal["fixed_price"] = field(default="fixed_price", kw_only=True, repr=False)

    def check(self, condition: Condition) -> None:
        """One product set."""
        condition.check_not_empty()
        if len(condition.needs) != 1:
            remedy = "use bundle_price"
            raise fault("condition.needs", "has several sets under a fixed price", remedy)

    def units_per_use(self, pieces: int) -> int | None:
        """The needed pieces, or all that count."""
        return None if self.covers is Covers.ALL else pieces

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`only $1.99`."""
        return words.say("fixed_price", amount=words.money(self.price_cents, currency))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The price in `value`, which may be 0, with `covers`."""
        return cls(row.cents(low=0), row.covers or Covers.NEEDED)

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """Each unit comes down to the price; units that cost no more take no use."""
        most = eligible.uses(mask)
        if not most:
            return NOTHING
        if eligible.weighed:
            return self._weighed(eligible, mask)
        units, price = eligible.units, self.price_cents
        saving = mask & units.above(price)
        if not saving:
            return NOTHING
        uses, held, per_use = 1, mask, eligible.pieces[0]
        if self.covers is Covers.NEEDED and per_use:
            uses = min(most, -(-saving.bit_count() // per_use))
            pool = first(mask, uses * per_use)
            saving &= pool
            held = mask if eligible.spend else pool
        return Draw(
            cents=units.gross(saving) - price * saving.bit_count(),
            uses=uses,
            held=held,
            groups=lambda: tuple([(units.price[u] - price, (u,)) for u in bits(saving)]),
        )

    def _weighed(self, eligible: EligibleUnits, mask: int) -> Draw:
        """One use covers every weighed line."""
        price, units = self.price_cents, eligible.units
        prices, measure = units.price, units.measure
        size = MEASURES[eligible.requires.unit][1] * 1000

        def savings(held: list[int]) -> list[int]:
            # Half a cent of the price of a weight rounds up, as on scales.
            return [prices[u] - (2 * price * measure[u] + size) // (2 * size) for u in held]

        held = listed(mask)
        units.steps += len(held) >> 2
        cents = sum([saving for saving in savings(held) if saving > 0])
        if not cents:
            return NOTHING

        def groups() -> Groups:
            return tuple(
                [(cents, (u,)) for u, cents in zip(held, savings(held), strict=True) if cents > 0]
            )

        return Draw(cents, 1, mask, groups)
