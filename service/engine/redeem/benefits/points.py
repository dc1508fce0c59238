"""Points for the household's card."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, final

from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Condition, Positive
from service.engine.redeem.draw import NOTHING, Draw
from service.engine.redeem.eligible import EligibleUnits


@final
@dataclass(frozen=True, slots=True)
class Points(Mechanic):
    """Points per use; no money comes off, and no unit is taken from another offer."""

    value_means: ClassVar[str] = "the points that one use gives"
    value_example: ClassVar[str] = "250"
    also: ClassVar[tuple[str, ...]] = ("loyalty points",)

    points: Positive
    kind: Literal["points"] = field(default="points", kw_only=True, repr=False)

    def check(self, condition: Condition) -> None:
        """Any condition that requires something."""
        condition.check_not_empty()

    def units_per_use(self, pieces: int) -> int:
        """The needed pieces earn them."""
        return pieces

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`250 points`."""
        return words.say("points", count=self.points)

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The points in `value`."""
        return cls(row.whole())

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """As many uses as the basket allows; they hold no unit."""
        uses = eligible.most_uses(mask)
        return Draw(uses=uses, points=uses * self.points) if uses else NOTHING
