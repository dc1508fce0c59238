"""What every report prints about itself: were the arms drawn as said, and alike before?"""

from dataclasses import dataclass
from math import nan, sqrt

from scipy.stats import binomtest

from service.engine.lift.effect import effect
from service.engine.lift.moments import Moments

_SUSPICIOUS = 0.001
"""A sample ratio this unlikely is a fault of the draw or of the data, not chance."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the arms have as many households as the draw gives them."""

    expected_share: float
    share: float
    p_value: float

    @property
    def is_suspicious(self) -> bool:
        """Whether this is too unlikely to be chance."""
        return self.p_value < _SUSPICIOUS


def sample_ratio(households: int, controls: int, *, control_share: float) -> SampleRatio:
    """The exact binomial test of the controls among all households of a comparison.

    Both counts are of the households that the same rule picks (intention to treat).
    """
    every = households + controls
    if not every:
        return SampleRatio(control_share, nan, 1.0)
    test = binomtest(controls, every, control_share)
    return SampleRatio(control_share, controls / every, float(test.pvalue))


@dataclass(frozen=True, slots=True)
class Balance:
    """How far one covariate lies apart: in deviations, and the p-value of a difference."""

    apart: float
    p_value: float


def balance(treated: Moments, control: Moments, covariate: int) -> Balance:
    """How alike the arms were before, in one covariate; groups are strata as in `effect`."""
    found = effect(treated.of([covariate]), control.of([covariate]))
    if found is None:
        return Balance(nan, nan)
    scatter = sum(float(arm.scatter[:, covariate, covariate].sum()) for arm in (treated, control))
    degrees = float(treated.count.sum() + control.count.sum()) - 2
    deviation = sqrt(max(scatter / degrees, 0.0)) if degrees > 0 else 0.0
    return Balance(found.difference / deviation if deviation else 0.0, found.p_value())
