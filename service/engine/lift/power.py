"""What an experiment will be able to show: the smallest effect that it finds at a stated power."""

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

POWER = 0.8
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Baseline:
    """What households buy without the copy: `mean` and the `deviation` that covariates leave."""

    mean: float
    deviation: float


def detectable(
    copies: float,
    controls: float,
    *,
    baseline: Baseline,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> float:
    """The smallest lift found with this power, as a share of the baseline's mean.

    `copies` and `controls` are the households of both arms. Infinite where either arm or the
    baseline is empty. The normal approximation of a two-sided test (Bloom 1995, "Minimum detectable
    effects"), with purchases whose variance grows as their mean does: a lift that adds a fifth of
    purchases adds a fifth of their variance.
    """
    if copies <= 0 or controls <= 0 or baseline.mean <= 0:
        return inf
    normal = NormalDist()
    reach = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(power)
    error = baseline.deviation * sqrt(1 / copies + 1 / controls)
    square = (reach * error / baseline.mean) ** 2
    # The lift is `reach` errors, each wider by the root of one and the lift.
    return (square + sqrt(square**2 + 4 * square)) / 2


def variation_of(mean: float, error: float, copies: float, controls: float) -> float | None:
    """The deviation in means that an estimate found; None where nobody of the control bought.

    `error` is of a difference between `copies` and `controls` households, `mean` the control's.
    """
    if mean <= 0 or error <= 0 or copies <= 0 or controls <= 0:
        return None
    return error / sqrt(1 / copies + 1 / controls) / mean
