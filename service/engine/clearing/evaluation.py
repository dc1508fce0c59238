"""How good suppliers are to work with, by quarter: figures, a class from A to D, and its reasons.

Each figure gives points from 0 to 3 by the thresholds below; the class follows from their mean. A
figure that is not known for want of data gives none: nobody is marked down for what was not
measured. With no figure at all there is no class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple


class SupplierClass(StrEnum):
    """The classes, best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Figure(StrEnum):
    """What is measured; docs/clearing.md says how."""

    SPEND_SHARE = "spend_share"
    SELL_THROUGH = "sell_through"
    DISPUTE_RATE = "dispute_rate"
    DAYS_TO_PAY = "days_to_pay"
    STOCK_STOPS = "stock_stops"


THRESHOLDS: dict[Figure, tuple[float, float, float]] = {
    Figure.SPEND_SHARE: (0.10, 0.03, 0.01),
    Figure.SELL_THROUGH: (0.20, 0.10, 0.05),
    Figure.DISPUTE_RATE: (0.02, 0.05, 0.10),
    Figure.DAYS_TO_PAY: (0, 15, 45),
    Figure.STOCK_STOPS: (0, 1, 3),
}
"""For each figure what is good for 3, 2 and 1 points; beyond the last it gives 0.

`spend_share` and `sell_through` at least so much, the others at most. `dispute_rate` counts what
was credited of disputes, `days_to_pay` days after the due day, weighted by amounts.
"""
_HIGHER_IS_BETTER = frozenset({Figure.SPEND_SHARE, Figure.SELL_THROUGH})
CLASSES: tuple[tuple[float, SupplierClass], ...] = (
    (2.5, SupplierClass.A),
    (1.75, SupplierClass.B),
    (1.0, SupplierClass.C),
    (0.0, SupplierClass.D),
)
"""The least mean of points of each class."""


class SupplierQuarter(NamedTuple):
    """What one supplier did in a quarter, as counted.

    `spend_cents` is what households spent on its products, of `all_spend_cents` on all.
    `circulation` are copies issued of its deals, `redemptions` what was redeemed of them.
    `claimed_cents` is what was claimed from it and `credited_cents` what of that was credited in
    disputes. `paid_cents_days` sums each payment's cents times its days after the due day, negative
    for early ones, over `paid_cents`. `stock_stops` counts stops for want of stock.
    """

    supplier_id: int
    supplier: str
    spend_cents: int
    all_spend_cents: int
    circulation: int
    redemptions: int
    claimed_cents: int
    credited_cents: int
    paid_cents: int
    paid_cents_days: int
    stock_stops: int


class Scored(NamedTuple):
    """One figure with its points; None where it is not known."""

    figure: Figure
    value: float | None
    points: int | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A supplier's figures and its class; None without any figure."""

    supplier_id: int
    supplier: str
    scored: tuple[Scored, ...]
    mean_points: float | None
    supplier_class: SupplierClass | None

    @property
    def reasons(self) -> tuple[Figure, ...]:
        """The figures that keep it from a better class, the worst first."""
        weak = [each for each in self.scored if each.points is not None and each.points < 3]
        return tuple(each.figure for each in sorted(weak, key=lambda each: each.points or 0))


def quarter_of(day: date) -> tuple[date, date]:
    """The first and the last day of the quarter that a day is in."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    after = date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    return first, after - timedelta(days=1)


def evaluate(quarters: Sequence[SupplierQuarter]) -> tuple[Evaluation, ...]:
    """The evaluation of each supplier, the best first, then by name."""
    found = [_evaluate(each) for each in quarters]
    return tuple(sorted(found, key=lambda each: (-(each.mean_points or -1.0), each.supplier)))


def points_of(figure: Figure, value: float) -> int:
    """The points of a value, 0 to 3."""
    good = THRESHOLDS[figure]
    if figure in _HIGHER_IS_BETTER:
        return sum(1 for least in good if value >= least)
    return sum(1 for most in good if value <= most)


def _evaluate(quarter: SupplierQuarter) -> Evaluation:
    values = {
        Figure.SPEND_SHARE: _ratio(quarter.spend_cents, quarter.all_spend_cents),
        Figure.SELL_THROUGH: _ratio(quarter.redemptions, quarter.circulation),
        Figure.DISPUTE_RATE: _ratio(quarter.credited_cents, quarter.claimed_cents),
        Figure.DAYS_TO_PAY: _ratio(quarter.paid_cents_days, quarter.paid_cents),
        # Who had no deals out had nothing to run out of.
        Figure.STOCK_STOPS: float(quarter.stock_stops) if quarter.circulation else None,
    }
    scored = tuple(
        Scored(figure, value, None if value is None else points_of(figure, value))
        for figure, value in values.items()
    )
    points = [each.points for each in scored if each.points is not None]
    mean = sum(points) / len(points) if points else None
    return Evaluation(
        supplier_id=quarter.supplier_id,
        supplier=quarter.supplier,
        scored=scored,
        mean_points=mean,
        supplier_class=None
        if mean is None
        else next(each for least, each in CLASSES if mean >= least),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
