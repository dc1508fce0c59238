"""The figures of one frozen report: a deal of a cycle in one window, as they are kept.

They are what the retailer knows; what a supplier may see of them is decided by `disclosure`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from service.engine.lift.effect import Effect, Interval
from service.engine.lift.silence import Silence


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect per household: both means, their difference with its interval, and the lift.

    The lift is a share of the control's mean. None stands for what has no value, or no bound.
    """

    treated: float
    control: float
    difference: float
    low: float
    high: float
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    p_value: float | None
    error: float

    @staticmethod
    def of(found: Effect, *, live: Interval | None = None) -> "Estimate":
        """The estimate of an effect; `live` is its interval where one looks before the end."""
        relative, interval = found.relative_interval(), live or found.interval()
        bounded = relative.is_bounded
        return Estimate(
            treated=found.means.treated,
            control=found.means.control,
            difference=found.difference,
            low=interval.low,
            high=interval.high,
            lift=_finite(found.relative),
            lift_low=relative.low if bounded else None,
            lift_high=relative.high if bounded else None,
            p_value=_finite(found.p_value()),
            error=found.error,
        )


@dataclass(frozen=True, slots=True)
class Amounts:
    """The sum of a money outcome over one arm, its two largest households, and how many bought."""

    whole: float
    largest: float
    second: float
    buyers: int


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm: households that the rule picks, given a copy, and using it in the window."""

    households: int
    given: int
    redeemed: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class PlaceArm:
    """One arm in one place: the households that the rule picks, and their sales."""

    households: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """A comparison in one place: a region, or a cell (`side`), in which both arms have enough."""

    side: str
    name: str
    exposed: PlaceArm
    control: PlaceArm
    effect: Estimate


@dataclass(frozen=True, slots=True)
class Apart:
    """How far a covariate lies apart, in deviations, and the p-value of that."""

    apart: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A deal against one control.

    `expected_share` and `share` are those of the control among both arms, `ratio_p` how likely
    the difference is. The control was drawn with `salt`, `control_percent` of the households.
    `pooled` is the judged difference drawn towards other deals', and its error. `places` are those
    with enough households in both arms; reports frozen before they were compared have none.
    """

    exposed: ArmFigures
    control: ArmFigures
    expected_share: float
    share: float | None
    ratio_p: float
    balance: Mapping[str, Apart]
    effects: Mapping[str, Estimate | None]
    sold_more: bool
    pooled: tuple[float, float] | None
    salt: str
    control_percent: int
    places: tuple[PlaceFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Exposed households: given a copy, buying, and buying what they had not in 52 weeks."""

    given: int
    bought: int
    new: int

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.given + other.given, self.bought + other.bought, self.new + other.new)


@dataclass(frozen=True, slots=True)
class Uses:
    """Uses of copies at tills, and how many households made them."""

    uses: int
    households: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A report: its comparisons by control, and its counts by region, by cell, and at tills.

    Regions of households are those of their usual stores, `uses` are by the region of the till.
    `uses_in_all` counts every household once. `silent` are the stores that sent no sales.
    """

    comparisons: Mapping[str, Comparison]
    regions: Mapping[str, Counts]
    cells: Mapping[str, Counts]
    uses: Mapping[str, Uses]
    uses_in_all: Uses
    silent: tuple[Silence, ...] = ()


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
