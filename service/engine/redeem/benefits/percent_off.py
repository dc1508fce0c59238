"""A percent off."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, final

from pydantic import Field, Strict

from service.engine.money import basis_points_off
from service.engine.redeem.benefits.covers import Covers
from service.engine.redeem.benefits.mechanic import Mechanic, Words
from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.by_line import best_by_line
from service.engine.redeem.condition import Condition, Positive
from service.engine.redeem.draw import NOTHING, Draw, Groups, find_fewest_uses
from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.units import bits

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
        """Any condition that requires something."""
        condition.check_not_empty()

    def units_per_use(self, pieces: int) -> int | None:
        """The needed pieces, or all that count."""
        return None if self.covers is Covers.ALL else pieces

    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
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
            return find_fewest_uses(most, lambda uses: self._of_mixed(eligible, mask, uses))
        return find_fewest_uses(most, lambda uses: self._of_needed(eligible, mask, uses))

    def _of_mixed(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        pool = eligible.pool(uses, mask) or 0
        cents = basis_points_off(eligible.units.gross(pool), self.basis_points)
        return self._capped(cents, uses, pool, lambda: ((cents, tuple(bits(pool))),))

    def _of_needed(self, eligible: EligibleUnits, mask: int, uses: int) -> Draw:
        count = uses * eligible.pieces[0]
        pool, short = best_by_line(eligible.units, mask, count, self.basis_points)
        return self._of(eligible, pool, uses, short)

    def _of(self, eligible: EligibleUnits, pool: int, uses: int, short: int = 0) -> Draw:
        """The percent of each basket line's share of `pool`, rounded line by line."""
        units = eligible.units
        cents = units.line_percents(pool, self.basis_points)

        def groups() -> Groups:
            by_line: dict[int, list[int]] = {}
            for unit in bits(pool):
                by_line.setdefault(units.line[unit], []).append(unit)
            return tuple(
                [
                    (
                        basis_points_off(sum([units.price[u] for u in held]), self.basis_points),
                        tuple(held),
                    )
                    for held in by_line.values()
                ]
            )

        return self._capped(cents, uses, pool, groups, short)

    def _capped(
        self, cents: int, uses: int, pool: int, groups: Callable[[], Groups], short: int = 0
    ) -> Draw:
        if self.cap_cents is not None:
            cap = self.cap_cents * uses
            if cents > cap:
                return Draw(cap, uses, pool, lambda: ((cap, tuple(bits(pool))),))
            short = min(short, cap - cents)
        return Draw(cents, uses, pool, groups, short=short) if cents or short else NOTHING
