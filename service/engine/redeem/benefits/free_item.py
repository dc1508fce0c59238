"""One unit free."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

from service.engine.redeem.benefits.giving import check_given, draw_units_given
from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Amount, Condition, Positive, fault
from service.engine.redeem.draw import Draw
from service.engine.redeem.eligible import EligibleUnits


@final
@dataclass(frozen=True, slots=True)
class FreeItem(Mechanic):
    """One unit of set `on` free, up to `cap_cents`."""

    value_means: ClassVar[str] = "the most that the one free piece may be worth"
    value_example: ClassVar[str] = "3.00"
    also: ClassVar[tuple[str, ...]] = ("free", "free product")

    on: Amount = 0
    cap_cents: Positive | None = None
    kind: Literal["free_item"] = field(default="free_item", kw_only=True, repr=False)

    @property
    def gives_of(self) -> int:
        """The set that the free unit is of."""
        return self.on

    @property
    def pieces_given(self) -> int:
        """One."""
        return 1

    def check(self, condition: Condition) -> None:
        """Nothing of the free item's set; optionally other sets, or a spend on them."""
        if check_given(condition, self.on).quantity_milli:
            where = f"condition.needs[{self.on}].quantity_milli"
            raise fault(where, "must be 0 for the free item", "write 0")

    def units_per_use(self, pieces: int) -> int:
        """The free one."""
        return 1

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`free`, `free, up to $3.00`."""
        if self.cap_cents is None:
            return words.say("free")
        return words.say("free_up_to", amount=words.money(self.cap_cents, currency))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The most it may be worth in `value`."""
        return cls(cap_cents=row.cents())

    @classmethod
    def gives_first_set(cls, *, has_second: bool) -> bool:
        """The sheet's first set is free."""
        return True

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """The dearest unit of the set, up to the cap."""
        return draw_units_given(eligible, mask, of=self.on, count=1, cap_cents=self.cap_cents)
