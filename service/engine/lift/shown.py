"""What a supplier is shown of lift: every number rounded, or None where it is left out.

A report is of one deal, or of all deals whose cycles began in a month, a quarter or a year.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from service.engine.lift.figures import Apart
from service.engine.lift.silence import Silence


@dataclass(frozen=True, slots=True)
class ShownCounts:
    """Households given a copy, buying, new and returning buyers, rounded; and uses at tills."""

    copies: int | None = None
    buyers: int | None = None
    new: int | None = None
    repeat: int | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with the two ends of its interval; an end that has no bound is None."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ShownChecks:
    """What a report says about itself.

    `control_redeemed` is the share of the control that used a copy all the same, or where fewer
    households than may be counted did, None and `control_redeemed_below` what it is less than.
    `placebo` is the difference in sales before the copies were there, with its p-value.
    """

    expected_share: float
    share: float | None
    ratio_p: float
    placebo: Range | None
    placebo_p: float | None
    balance: Mapping[str, Apart]
    control_redeemed: float | None
    control_redeemed_below: float | None


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """The effect in one region or cell: the lift, and more sales of a household.

    Exploratory: each interval holds by itself, and of twenty one misses by chance.
    """

    lift: Range | None
    sales: Range | None


@dataclass(frozen=True, slots=True)
class ShownLift:
    """A deal against one control in one window; estimates are None where too few are behind them.

    Sales are per household in the currency's main unit; `lift` is a share of the control's.
    `rivals` is what the household paid for the rest of the category. `per_money` are more sales for
    each unit of money paid: the pessimistic end, then the estimate.
    """

    report_id: int
    against: str
    households: int | None
    controls: int | None
    given_share: float | None
    lift: Range | None
    sales: Range | None
    with_copy: float | None
    without_copy: float | None
    rivals: Range | None
    sold_more: bool
    pooled: float | None
    per_money: tuple[float, float] | None
    redraw_p: float | None
    checks: ShownChecks
    regions: Mapping[str, ShownPlace] = field(default_factory=dict)
    cells: Mapping[str, ShownPlace] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """A window of days after the copies became valid: counts, by region and cell, and lifts.

    An addendum, counted weeks later, has lifts only.
    """

    first_day: date
    last_day: date
    is_addendum: bool
    counts: ShownCounts
    regions: Mapping[str, ShownCounts]
    cells: Mapping[str, ShownCounts]
    lifts: tuple[ShownLift, ...]
    silent: tuple[Silence, ...]


@dataclass(frozen=True, slots=True)
class ShownDeal:
    """A deal in one cycle, whose copies were valid from a day on."""

    cycle_id: int
    offer_id: int
    deal_ref: str
    title: str
    valid_from: date
    valid_to: date
    windows: tuple[ShownWindow, ...]


@dataclass(frozen=True, slots=True)
class ShownTotals:
    """Of a period: counts over its deals, of the first window where windows matter.

    `more_sales` adds up the deals whose estimates are shown, in the currency's main unit, against
    the next best deal where there is a control share, else against no offers; `deals` is how many.
    """

    counts: ShownCounts
    more_sales: Range | None
    deals: int


@dataclass(frozen=True, slots=True)
class SupplierReport:
    """All that one release shows to a supplier."""

    supplier: str
    subject: str
    currency: str
    first_day: date
    last_day: date
    deals: tuple[ShownDeal, ...]
    totals: ShownTotals | None
