"""A percent off."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, final

from pydantic import Field, Strict

from service.engine.money import basis_points_off
from service.engine.redeem.benefits.covers import Covers
from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Condition, Positive
from service.engine.redeem.draw import NOTHING, Draw, fewest
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import bits, first

WHOLE = 10_000
BasisPoints: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=WHOLE)]
"""Hundredths of a percent, of at most the whole."""


@final
@dataclass(frozen=True, slots=True)
class PercentOff(Mechanic):
    """Hundredths of a percent off, at most `cap_cents` per use."""

    value_means: ClassVar[str] = "the per cent off each of them"
    value_example: ClassVar[str] = "20"
    row_columns: ClassVar[tuple[str, ...]] = ("benefit_cap", "covers")
    also: ClassVar[tuple[str, ...]] = ("percent", "% off", "%", "percentage off")

    basis_points: BasisPoints
    cap_cents: Positive | None = None
    covers: Covers = Covers.NEEDED
    kind: Literal["percent_off"] = field(default="percent_off", kw_only=True, repr=False)

    def check(self, condition: Condition) -> None:
        """Any condition that asks for something."""
        condition.check_asks()

    def units_per_use(self, pieces: int) -> int | None:
        """The needed pieces, or all that count."""
        return None if self.covers is Covers.ALL else pieces

    def worded(self, words: Words, *, pieces: int, currency: str) -> str:
        """`20% off`."""
        return words.say("percent_off", percent=words.percent(self.basis_points))

    @classmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The per cent in `value`, with `benefit_cap` and `covers`."""
        return cls(row.basis_points(), row.benefit_cap, row.covers or Covers.NEEDED)

    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """The percent of each basket line's part, rounded half up; of a mixed set, once."""
        most = eligible.most_uses(mask)
        if not most:
            return NOTHING
        if self.covers is Covers.ALL or eligible.spend or eligible.weighed:
            return self._of(eligible, mask, 1)
        if len(eligible.masks) > 1:
            return fewest(most, lambda uses: self._of_mixed(eligible, mask, uses))
        return fewest(most, lambda uses: self._of_needed(eligible, mask, uses))

    def _of_mixed(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        pool = eligible.pool(uses, mask) or 0
        cents = basis_points_off(eligible.units.gross(pool), self.basis_points)
        return self._capped(uses, pool, ((cents, tuple(bits(pool))),))

    def _of_needed(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        count = uses * eligible.pieces[0]
        if count == 1:
            pool = mask & -mask
            unit = pool.bit_length() - 1
            cents = basis_points_off(eligible.units.price[unit], self.basis_points)
            return self._capped(uses, pool, ((cents, (unit,)),))
        pool = first(mask, count)
        if pool != mask:
            pool = self._best_by_line(eligible, mask, count)
        return self._of(eligible, pool, uses)

    def _of(self, eligible: EligibleUnits, pool: int, uses: int) -> Draw:
        """The percent of each basket line's share of `pool`, rounded line by line."""
        units = eligible.units
        by_line: dict[int, list[int]] = {}
        for unit in bits(pool):
            by_line.setdefault(units.line[unit], []).append(unit)
        groups = tuple(
            (
                basis_points_off(sum([units.price[u] for u in held]), self.basis_points),
                tuple(held),
            )
            for held in by_line.values()
        )
        return self._capped(uses, pool, groups)

    def _capped(
        self, uses: int, pool: int, groups: tuple[tuple[int, tuple[int, ...]], ...]
    ) -> Draw:
        cents = sum([group[0] for group in groups])
        if self.cap_cents is not None and cents > self.cap_cents * uses:
            cents = self.cap_cents * uses
            groups = ((cents, tuple(bits(pool))),)
        return Draw(cents=cents, uses=uses, held=pool, groups=groups) if cents else NOTHING

    def _best_by_line(self, eligible: EligibleUnits, mask: int, count: int) -> int:
        """The `count` units whose percent, rounded per line, comes to most.

        Rounding per line makes the dearest units a cent worse at times, so the count is shared out
        over the lines by dynamic programming.
        """
        units = eligible.units
        best: dict[int, tuple[int, int]] = {0: (0, 0)}
        for line_mask in sorted({units.masks[units.line[u]] & mask for u in bits(mask)}):
            options, gross, chosen = [(0, 0)], 0, 0
            for unit in bits(line_mask):
                gross += units.price[unit]
                chosen |= 1 << unit
                options.append((basis_points_off(gross, self.basis_points), chosen))
            after: dict[int, tuple[int, int]] = {}
            for taken, (worth, held) in best.items():
                for more, (cents, chosen) in enumerate(options[: count - taken + 1]):
                    found = (worth + cents, held | chosen)
                    if taken + more not in after or found[0] > after[taken + more][0]:
                        after[taken + more] = found
            best = after
        return best[count][1]
