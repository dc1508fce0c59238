"""The family of instances the allocation is measured on: shapes of a market, as dials."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of market.

    `expected_cost`: a copy costs its face value times the chance that this household uses it
    (with `cost_spread` as the standard deviation of the logarithm), else face value and fee.
    `scarce` deals have a budget of `tight` times what households would take without limits.
    `floors`: the levels of floors by spending, none: a floor of its own for everyone; times
    `floor_scale`. `categories`: deals are joined in so many, none: as the products are; `joined`:
    the share of deals in conflict groups that cross categories. `ties`: values take ten levels.
    `density`: candidates per household, on average. `below_zero`: taken from every value, as a part
    of the mean one. All money is multiplied by `unit`.
    """

    name: str
    expected_cost: bool = False
    cost_spread: float = 0.0
    scarce: float = 0.8
    tight: tuple[float, float] = (0.4, 0.95)
    floor_price: float = 0.5
    minimum_price: float = 2000.0
    floors: tuple[int, ...] = ()
    floor_scale: float = 1.0
    guaranteed: float = 0.3
    categories: int | None = None
    joined: float = 0.0
    ties: bool = False
    density: float = 48.0
    below_zero: float = 0.0
    unit: int = 1


PLAIN = Shape("plain")
EXPECTED = Shape(
    "expected", expected_cost=True, cost_spread=0.6, scarce=0.85, tight=(0.2, 0.9),
    floor_price=0.25, minimum_price=200.0, floors=(800, 1400, 2000, 3000), below_zero=0.4,
)  # fmt: skip

FAMILY = (
    PLAIN,
    replace(PLAIN, name="ties", ties=True),
    replace(PLAIN, name="low_floor_price", floor_price=0.05),
    replace(PLAIN, name="cost_spread", cost_spread=0.8),
    replace(PLAIN, name="scarce", scarce=1.0, tight=(0.1, 0.5)),
    replace(PLAIN, name="few_categories", categories=20, density=35.0),
    EXPECTED,
    replace(EXPECTED, name="expected_high_floors", floor_scale=1.5, floor_price=0.5),
    replace(EXPECTED, name="expected_cheap_guarantees", minimum_price=20.0, guaranteed=0.6),
    replace(EXPECTED, name="expected_dear_guarantees", minimum_price=5000.0, guaranteed=0.5),
    replace(EXPECTED, name="expected_ties_unit", ties=True, unit=100),
    replace(EXPECTED, name="expected_joined", joined=0.2, categories=60, density=70.0),
)
"""Every one is built at 2,500 and at 25,000 households."""
LARGE = tuple(FAMILY[at] for at in (0, 1, 3, 6, 7, 9))
"""Those built at 250,000 households."""
LARGEST = tuple(FAMILY[at] for at in (0, 6, 9))
"""Those built at 1,000,000."""


def shapes_for(households: int) -> tuple[Shape, ...]:
    """The shapes that are built at a size."""
    if households >= 1_000_000:
        return LARGEST
    return LARGE if households >= 250_000 else FAMILY
