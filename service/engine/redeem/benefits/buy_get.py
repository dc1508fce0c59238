"""Buy some, get more free or reduced."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Self, final

from pydantic import Field, Strict

from service.engine.redeem.benefits.giving import check_given, draw_units_given, given_groups
from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.percent_off import WHOLE, BasisPoints
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Amount, Condition, fault
from service.engine.redeem.draw import NOTHING, Draw
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import first, listed


@final
@dataclass(frozen=True, slots=True)
class BuyGet(Mechanic):
    """Buy the needed units, get `get` more of set `on` free or reduced."""

    value_means: ClassVar[str] = (
        "the per cent off the get_quantity units that are got; 100 is free; "
        "with a second set, that set is bought"
    )
    value_example: ClassVar[str] = "100"
    row_columns: ClassVar[tuple[str, ...]] = ("get_quantity",)
    also: ClassVar[tuple[str, ...]] = ("bogo", "buy one get one", "buy x get y")
    counts_pieces_itself: ClassVar[bool] = True

    get: Annotated[int, Strict(), Field(ge=1, le=1000)]
    on: Amount = 0
    basis_points: BasisPoints = WHOLE
    kind: Literal["buy_get"] = field(default="buy_get", kw_only=True, repr=False)

    @property
    def gives_of(self) -> int:
        """The set of the units that are given."""
        return self.on

    @property
    def pieces_given(self) -> int:
        """The units that one use gives."""
        return self.get

    def check(self, condition: Condition) -> None:
        """Pieces to buy; beside other sets, the set given away requires nothing."""
        target = check_given(condition, self.on)
        if target.quantity_milli and len(condition.needs) > 1:
            where = f"condition.needs[{self.on}].quantity_milli"
            raise fault(where, "must be 0 beside other sets", "write 0")
        if not condition.has_quantity:
            raise fault("condition.needs", "asks for nothing to buy", "set a quantity")

    def units_per_use(self, pieces: int) -> int:
        """The units that are given."""
        return self.get

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """`buy 2, get 1 free`, `buy 1, get 1 50% off`."""
        buy = words.say("buy", count=pieces)
        if self.basis_points == WHOLE:
            return words.say("buy_get", buy=buy, get=words.say("get_free", count=self.get))
        percent = words.percent(self.basis_points)
        get = words.say("get_percent", count=self.get, percent=percent)
        return words.say("buy_get", buy=buy, get=get)

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The per cent in `value`, off `get_quantity` units or one."""
        return cls(row.get_quantity or 1, basis_points=row.basis_points())

    @classmethod
    def gives_first_set(cls, *, has_second: bool) -> bool:
        """With a second set, that one is bought and the first is given."""
        return has_second

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """Off the cheapest of each full group, or the dearest of another set."""
        if not eligible.pieces[self.on]:
            return draw_units_given(
                eligible, mask, of=self.on, count=self.get, basis_points=self.basis_points
            )
        bought = eligible.pieces[0]
        group = bought + self.get
        most = min(eligible.uses(mask), mask.bit_count() // group)
        if not most:
            return NOTHING
        ordered = listed(first(mask, most * group))
        got = [u for use in range(most) for u in ordered[use * group + bought : (use + 1) * group]]
        eligible.units.steps += (mask.bit_length() >> 8) + (len(got) >> 2)
        cents = eligible.units.percents(got, self.basis_points)
        while cents and not any(cents[-self.get :]):
            del cents[-self.get :]
        if not cents:
            return NOTHING
        uses = len(cents) // self.get
        return Draw(
            cents=sum(cents),
            uses=uses,
            held=mask if eligible.spend else first(mask, uses * group),
            groups=lambda: given_groups(got[: len(cents)], cents),
        )
